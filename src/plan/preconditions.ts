import { liveRef, nextRef, type Ref } from '../model/address.ts'
import type { CurrentState, DesiredState, Tree } from '../model/state.ts'
import type { Precondition } from './plan.ts'

/** Kernel ids of what the live tree holds, by reference. */
export function existingOf(current: CurrentState): Record<Ref, number> {
  const existing: Record<Ref, number> = {}
  for (const resource of current.resources.values())
    if (resource.live) existing[`live:${resource.address}`] = resource.live.id
  return existing
}

/** What a plan made from this state relies on: the live pins as they are, the links' programs, and no staging tree. */
export function preconditionsOf(current: CurrentState): Precondition[] {
  const live = current.trees.find((tree) => tree.name === 'live')
  const next: Precondition = { kind: 'absent', path: 'next' }
  if (!live) return [next, { kind: 'absent', path: 'live' }]
  const pins = live.pins.flatMap((pin): Precondition[] => {
    if (pin.kind === 'foreign' || pin.kind === 'record' || pin.kind === 'snapshot') return []
    const same: Precondition = { kind: 'pin', path: pin.path, object: pin.kind, id: pin.id }
    return pin.kind === 'link' && !pin.severed
      ? [same, { kind: 'link-runs', link: pin.id, program: pin.programId, ...(pin.mapId && { map: pin.mapId }) }]
      : [same]
  })
  return [next, ...pins]
}

/** The pins of a former generation that a rollback takes over. */
export function adoptedPins(desired: DesiredState): Precondition[] {
  return [...desired.resources.values()].flatMap(({ kind, live }) =>
    (live?.pins ?? []).map((path) => ({ kind: 'pin', path, object: kind, id: live?.id ?? 0 }) as const),
  )
}

/** Ids by reference: the live tree's, and the staged tree's where they differ. */
export function existingInTrees(current: CurrentState): Record<Ref, number> {
  const existing: Record<Ref, number> = {}
  // The staged tree's objects go by the same references as a former generation's, and come before those.
  const rank = (tree: Tree): number => (tree.name === 'next' ? 1 : 0)
  for (const tree of current.trees.toSorted((a, b) => rank(a) - rank(b))) {
    for (const pin of tree.pins) {
      if (!('address' in pin)) continue
      existing[tree.name === 'live' ? liveRef(pin.address) : nextRef(pin.address)] = pin.id
    }
  }
  return existing
}
