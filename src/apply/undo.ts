import { latePath } from '../plan/merge.ts'
import type { Operation, Step } from '../plan/step.ts'
import { unreachable } from '../util/unreachable.ts'

/**
 * The operations that take a step back, in the order to run them; none for a step that leaves nothing behind once the
 * objects and trees it wrote to are removed, and none for what is retired.
 */
export function inverse(step: Step): readonly Operation[] {
  return step.phase === 'retire' ? [] : inverseOf(step)
}

function inverseOf(step: Operation): readonly Operation[] {
  switch (step.kind) {
    case 'make-directory':
      return [{ kind: 'remove-directory', path: step.path }]
    case 'write-record':
      return [{ kind: 'unpin', path: step.path }]
    case 'link-pin':
      return [{ kind: 'unpin', path: step.to }]
    case 'pin':
      return [{ kind: 'unpin', path: step.path }]
    case 'create-map':
    case 'open-map':
    case 'load-program':
      return [{ kind: 'release', target: step.target }]
    case 'create-link':
      // Its names are gone by then. The kernel detaches later, from a work queue: only the id tells when.
      return [{ kind: 'detach-link', target: step.target, paths: [], program: step.program }]
    case 'set-entry':
      return [{ kind: 'set-entry', target: step.target, key: step.key, ...swapped(step) }]
    case 'replace-slot':
      return [{ kind: 'replace-slot', array: step.array, index: step.index, ...swapped(step) }]
    case 'set-inner':
      return [{ kind: 'set-inner', outer: step.outer, index: step.index, ...swapped(step) }]
    case 'update-link':
      return [{ kind: 'update-link', target: step.target, program: step.expected, expected: step.program }]
    case 'detach-link':
      return reattach(step)
    case 'exchange':
      return [{ kind: 'exchange', a: step.a, b: step.b, ...(step.holds && { holds: turned(step.holds) }) }]
    case 'rename':
      return [{ kind: 'rename', from: step.to, to: step.from }]
    case 'unpin':
      return step.target === undefined ? [] : [{ kind: 'pin', target: step.target, path: step.path }]
    case 'remove-directory':
      return [{ kind: 'make-directory', path: step.path }]
    case 'snapshot-map':
      return [
        { kind: 'unpin', path: latePath(step.path) },
        { kind: 'unpin', path: step.path },
      ]
    case 'write-entries':
    case 'merge-map':
    case 'write-data':
    case 'write-members':
    case 'freeze':
    case 'fill-slot':
    case 'check-slots':
    case 'set-ownership':
    case 'release':
    case 'drain':
    case 'await-unused':
    case 'rescue-array':
      return []
    default:
      return unreachable(step)
  }
}

/** What was displaced lies at the other path now. */
const turned = <T>({ a, b }: { readonly a?: T; readonly b?: T }): { readonly a?: T; readonly b?: T } => ({
  ...(b && { a: b }),
  ...(a && { b: a }),
})

/** Before and after, exchanged; what is absent stays absent. */
const swapped = <T>(step: {
  readonly before?: T
  readonly after?: T
}): { readonly before?: T; readonly after?: T } => ({
  ...(step.after !== undefined && { before: step.after }),
  ...(step.before !== undefined && { after: step.before }),
})

/** The link as it was, by another id; a severed one is attached to nothing and cannot come back. */
function reattach(step: Operation & { readonly kind: 'detach-link' }): readonly Operation[] {
  const { target, program, attached } = step
  if (attached === undefined) return []
  const pins = step.paths.toReversed().map((path) => ({ kind: 'pin', target, path }) as const)
  return [{ kind: 'create-link', target, program, attach: attached }, ...pins]
}
