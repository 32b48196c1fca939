import { addressOf, type MapAddress, type Ref } from '../model/address.ts'
import type { DesiredState, ForeignMap, ForeignProgram } from '../model/state.ts'
import type { Plan } from '../plan/plan.ts'
import type { Step } from '../plan/step.ts'
import { needsHolder } from '../plan/user-references.ts'
import { unreachable } from '../util/unreachable.ts'
import { mapRefOf } from './wanted.ts'

type Used = Ref | ForeignProgram | ForeignMap

/**
 * For each step (by index) the objects whose descriptors nobody needs after it, so that a stack of thousands of objects
 * does not hold them all open. Only what a pin keeps is named, and never a map that the ledger counts as held open.
 */
export function lastUses(plan: Plan, desired: DesiredState | undefined): ReadonlyMap<number, readonly Used[]> {
  const last = new Map<Used, number>()
  const made = new Set<Used>(plan.steps.flatMap(madeBy))
  const pinned = new Set<Used>(plan.steps.flatMap((step) => (step.kind === 'pin' ? [step.target] : [])))
  for (const [index, step] of plan.steps.entries()) {
    for (const used of [...refsOf(step), ...mapsOf(step, desired, made)]) last.set(used, index)
  }
  const closable = [...last].filter(([used]) => isKept(used, made, pinned) && !isCounted(used, desired))
  return grouped(closable)
}

/** Somebody else's program may have had no other holder than the slot that it was displaced from. */
const isKept = (used: Used, made: ReadonlySet<Used>, pinned: ReadonlySet<Used>): boolean =>
  !used.includes('#') && (!made.has(used) || pinned.has(used))

const madeBy = (step: Step): Used[] =>
  step.kind === 'create-map' || step.kind === 'open-map' || step.kind === 'load-program' || step.kind === 'create-link'
    ? [step.target]
    : []

/** What a step names. */
function refsOf(step: Step): readonly Used[] {
  switch (step.kind) {
    case 'open-map':
    case 'create-map':
    case 'pin':
    case 'write-entries':
    case 'write-data':
    case 'freeze':
    case 'set-entry':
      return [step.target]
    case 'load-program':
      return [step.target, ...present(step.extends)]
    case 'snapshot-map':
    case 'merge-map':
      return [step.source, step.target]
    case 'fill-slot':
      return [step.array, step.program]
    case 'replace-slot':
      return [step.array, ...present(step.before, step.after)]
    case 'set-inner':
      return [step.outer, ...present(step.before, step.after)]
    case 'write-members':
      return [step.target, ...Object.values(step.slots)]
    case 'check-slots':
    case 'rescue-array':
      return [step.array, ...Object.values(step.slots)]
    case 'update-link':
      return [step.target, step.program, step.expected]
    case 'create-link':
    case 'detach-link':
      return [step.target, step.program]
    case 'make-directory':
    case 'write-record':
    case 'link-pin':
    case 'set-ownership':
    case 'exchange':
    case 'rename':
    case 'release':
    case 'drain':
    case 'unpin':
    case 'await-unused':
    case 'remove-directory':
      return []
    default:
      return unreachable(step)
  }
}

/** The maps that a load or an iterator binds. */
function mapsOf(step: Step, desired: DesiredState | undefined, made: ReadonlySet<Used>): readonly Used[] {
  if (step.kind !== 'load-program' && step.kind !== 'create-link') return []
  const resource = desired?.resources.get(addressOf(step.target))
  if (resource?.kind === 'program') {
    return resource.maps.flatMap((map) =>
      map.startsWith('#') ? [] : [mapRefOf(map as MapAddress, (ref) => made.has(ref))],
    )
  }
  if (resource?.kind !== 'link' || resource.target.kind !== 'iter' || !resource.target.map) return []
  return [mapRefOf(resource.target.map, (ref) => made.has(ref))]
}

const present = <T>(...values: readonly (T | undefined)[]): T[] => values.filter((value) => value !== undefined)

function isCounted(used: Used, desired: DesiredState | undefined): boolean {
  const resource = used.includes('#') ? undefined : desired?.resources.get(addressOf(used as Ref))
  return resource?.kind === 'map' && needsHolder(resource)
}

function grouped(uses: readonly (readonly [Used, number])[]): Map<number, Used[]> {
  const groups = new Map<number, Used[]>()
  for (const [used, index] of uses) {
    const group = groups.get(index)
    if (group) group.push(used)
    else groups.set(index, [used])
  }
  return groups
}
