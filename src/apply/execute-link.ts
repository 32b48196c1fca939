import type { ObjectInfo } from '../kernel/kernel.ts'
import { addressOf } from '../model/address.ts'
import { KernelError, PlanError } from '../model/errors.ts'
import type { LinkTarget } from '../model/link-spec.ts'
import type { LinkRef, Operation } from '../plan/step.ts'
import { applyCodes } from './codes.ts'
import { unpin } from './execute-tree.ts'
import { absolute, type Execution } from './execution.ts'
import { poll } from './poll.ts'
import { isErrno, nameFor } from './problem.ts'
import { mapRefOf, wantedLink } from './wanted.ts'

type Of<K extends Operation['kind']> = Operation & { readonly kind: K }

/** Switches a link by compare-and-swap; one that runs the program already is done. Stale when it runs neither. */
export function updateLink({ kernel, handles }: Execution, operation: Of<'update-link'>): void {
  const { target, program, expected } = operation
  const link = handles.link(target)
  const { kind, id } = runBy(kernel.describe(link))
  if (id === handles.idOf(program)) return
  if (id !== handles.idOf(expected)) throw swapped(target, `it runs ${kind} #${id}`)
  try {
    kernel.updateLink(link, { program: handles.linked(program), expected: handles.linked(expected) })
  } catch (error) {
    throw isErrno(error, 'EPERM') ? swapped(target, 'it does not run the expected program', error) : error
  }
}

/** A link of struct_ops runs a map: what it runs before and after is of one kind. */
function runBy(link: ObjectInfo): { readonly kind: 'map' | 'program'; readonly id?: number } {
  if (link.kind !== 'link') return { kind: 'program' }
  if (link.target?.kind === 'struct_ops') return { kind: 'map', id: link.target.mapId }
  return { kind: 'program', id: link.programId }
}

/** Attaches a program where the desired state (or, for a detached link, the plan) says. */
export function createLink({ kernel, handles, desired }: Execution, operation: Of<'create-link'>): void {
  const { target, program } = operation
  const place = operation.attach ?? wantedLink(desired, target).target
  const map = mapOf(place)
  const restores = target.startsWith('live:')
  const ref = map && mapRefOf(map, (next) => !restores && handles.made(next))
  const fd = kernel.createLink({
    program: handles.linked(program),
    target: place,
    ...(ref && { map: handles.map(ref) }),
  })
  handles.put(target, fd)
}

/**
 * Removes a link's names, then this process's descriptor, and waits until its id is gone. Throws PlanError P305, its names put
 * back, when somebody else keeps it.
 */
export async function detachLink(run: Execution, { target, paths }: Of<'detach-link'>): Promise<void> {
  const id = run.handles.idOf(target)
  if (!isAlive(run, id)) return removeNames(run, paths)
  await removeAllNames(run, target, paths)
  run.handles.release(target)
  if (await poll(() => isGone(run, id), run.patience)) return
  if (!putBack(run, id, paths)) return
  throw new PlanError(
    `cannot detach ${addressOf(target)}: link #${id} is open in another process, or pinned elsewhere`,
    { code: applyCodes.linkHeld.code, hint: 'find its holder with `bpftool link show`, and end it or remove that pin' },
  )
}

/** Pins a link that somebody keeps at its old names again; false when it went after all, at the last moment. */
function putBack(run: Execution, id: number, paths: readonly string[]): boolean {
  try {
    using link = run.kernel.openById('link', id)
    for (const path of paths) run.kernel.pin(link, absolute(run.plan, path))
    return true
  } catch (error) {
    if (isErrno(error, 'ENOENT') && !isAlive(run, id)) return false
    throw error
  }
}

const mapOf = (target: LinkTarget) => (target.kind === 'iter' ? target.map : undefined)

/** All names or none. */
async function removeAllNames(run: Execution, target: LinkRef, paths: readonly string[]): Promise<void> {
  const link = run.handles.link(target)
  const removed: string[] = []
  try {
    for (const path of paths) {
      unpin(run, { path })
      removed.push(path)
    }
    // Before 6.18 a name keeps the link for a grace period. If the name's reference went last, a work queue would remove the id
    // first and detach later; closing the descriptor last detaches at once, in this thread, and the gap is short.
    if (paths.length > 0) await run.kernel.waitForReaders()
  } catch (error) {
    for (const path of removed) run.kernel.pin(link, absolute(run.plan, path))
    throw error
  }
}

function removeNames(run: Execution, paths: readonly string[]): void {
  for (const path of paths) unpin(run, { path })
}

function isAlive({ kernel }: Execution, id: number): boolean {
  try {
    kernel.openById('link', id)[Symbol.dispose]()
    return true
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false
    throw error
  }
}

/** Not yet, too, when the kernel cannot tell: its names are gone by now, and only a look that succeeds may end the wait. */
function isGone(run: Execution, id: number): boolean {
  try {
    return !isAlive(run, id)
  } catch (error) {
    if (error instanceof KernelError) return false
    throw error
  }
}

const swapped = (target: LinkRef, found: string, cause?: unknown): PlanError =>
  new PlanError(`cannot switch ${nameFor(target)}: ${found}, so somebody else changed it`, {
    code: applyCodes.swapped.code,
    hint: 'plan again',
    cause,
  })
