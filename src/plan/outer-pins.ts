import { type Address, kindOf } from '../model/address.ts'
import { isSameObject, type PinnedObject, stagedPath } from '../model/outer-pin.ts'
import type { CurrentState, DesiredState } from '../model/state.ts'
import type { PinChange } from './change.ts'
import { refOf, type Sides } from './expand.ts'
import { linksFirst } from './links-first.ts'
import type { Staged } from './order.ts'
import { objectOf, outerPinAt } from './outer-paths.ts'
import type { Precondition } from './plan.ts'
import { isOwnPin, removeDirectories } from './settle-pins.ts'
import type { Operation } from './step.ts'

/*
 * Pins outside of the stack's directory. A new one is made beside its path and put there by one rename or exchange, so that
 * nobody ever misses it and no array is renamed over. What it displaces waits beside it until the generation is published.
 */

/** One change for each pin elsewhere that is wanted, or recorded and not wanted any more; with `renew` each is made anew. */
export function diffOuterPins(sides: Sides, { renew }: { readonly renew: boolean }): readonly PinChange[] {
  const { current, desired } = sides
  const wanted = [...(desired.pins ?? [])].map(([path, { address }]): PinChange => {
    const found = outerPinAt(current, path)?.found
    const stays = isSameObject(found, objectAfter(address, sides)) && !renew
    const action = found ? (stays ? 'keep' : 'update') : 'create'
    return { action, path, address }
  })
  return [...wanted, ...pinsThatGo(current, desired)]
}

/** Recorded pins that are not wanted any more; one that somebody removed or replaced is not the stack's business. */
export function pinsThatGo(current: CurrentState, desired: Pick<DesiredState, 'pins'> = {}): PinChange[] {
  return Object.entries(current.record?.pins ?? {}).flatMap(([path, address]): PinChange[] => {
    const found = outerPinAt(current, path)?.found
    if (desired.pins?.has(path) || !isOwnPin(current, path, found)) return []
    return [{ action: 'delete', path, address }]
  })
}

/** The object that stands for an address when the apply is done, if it exists already. */
const objectAfter = (address: Address, sides: Sides): PinnedObject | undefined =>
  objectOf(refOf(address, sides).startsWith('live:') ? sides.current : sides.desired, address)

/** Directories elsewhere that are the stack's when the apply is done: those that it makes, and those it made and still needs. */
export function outerDirectories({ current, desired }: Pick<Sides, 'current' | 'desired'>): readonly string[] {
  const wanted = [...(desired.pins?.keys() ?? [])]
  const made = (current.record?.directories ?? []).filter((it) => wanted.some((path) => path.startsWith(`${it}/`)))
  return [...new Set([...made, ...missingFor(current, desired)])].sort()
}

const missingFor = (current: CurrentState, desired: DesiredState): readonly string[] => [
  ...new Set([...(desired.pins?.keys() ?? [])].flatMap((path) => outerPinAt(current, path)?.missing ?? [])),
]

function makeDirectories({ current, desired }: Sides): Operation[] {
  const { ownership } = desired
  return [...missingFor(current, desired)]
    .sort()
    .flatMap((path): Operation[] => [
      { kind: 'make-directory', path },
      ...(ownership ? [{ kind: 'set-ownership', path, ownership } as const] : []),
    ])
}

/** The operations that put the wanted pins where they belong, and after publishing remove what they displaced. */
export function expandOuterPins(changes: readonly PinChange[], sides: Sides): Staged[] {
  const directories = makeDirectories(sides).map((operation) => ({ stage: 'staging', operation }) as const)
  const gone = removeDirectories(sides.current.record?.directories ?? [], outerDirectories(sides))
  const placed = changes.flatMap((change) => placePin(change, sides))
  const released = linksFirst(changes, ({ address }) => kindOf(address)).flatMap((change) => releasePin(change, sides))
  return [
    ...directories,
    ...placed,
    ...[...released, ...gone].map((operation) => ({ stage: 'release', operation }) as const),
  ]
}

function placePin({ action, path, address }: PinChange, sides: Sides): Staged[] {
  if (action !== 'create' && action !== 'update') return []
  const { ownership } = sides.desired
  const target = refOf(address, sides)
  // What leaves is nobody's by that path: a crash leaves the pin, and the next run finds it in place.
  if (sides.changes.get(address)?.leaves === path)
    return [{ stage: 'staging', operation: { kind: 'pin', target, path } }]
  const staged = stagedPath(path)
  const holds = displaced(path, sides)
  const made: readonly Operation[] = [
    { kind: 'pin', target, path: staged },
    ...(ownership ? [{ kind: 'set-ownership', path: staged, ownership } as const] : []),
  ]
  // A new link exists only once everything is switched.
  const stage = kindOf(address) === 'link' && target.startsWith('next:') ? 'switch' : 'staging'
  return [
    ...made.map((operation) => ({ stage, operation }) as const),
    {
      stage: 'pins',
      operation: holds
        ? { kind: 'exchange', a: staged, b: path, holds: { b: holds } }
        : { kind: 'rename', from: staged, to: path },
    },
  ]
}

function releasePin({ action, path }: PinChange, sides: Sides): Operation[] {
  const holds = displaced(path, sides)
  if (!holds || (action !== 'update' && action !== 'delete')) return []
  return [{ kind: 'unpin', path: action === 'update' ? stagedPath(path) : path, holds }]
}

/** What lies at a path when the pins are put in place: a link that is replaced with a gap has lost all its names by then. */
function displaced(path: string, { current, changes }: Sides): PinnedObject | undefined {
  const recorded = current.record?.pins?.[path]
  const isDetached = recorded !== undefined && changes.get(recorded)?.verdict === 'gap' && kindOf(recorded) === 'link'
  return isDetached ? undefined : outerPinAt(current, path)?.found
}

/** What must still be so at the paths that a plan touches. */
export function outerPreconditions(changes: readonly PinChange[], current: CurrentState): Precondition[] {
  return changes.flatMap(({ action, path }): Precondition[] => {
    if (action === 'keep') return []
    const found = outerPinAt(current, path)?.found
    const there: Precondition = found
      ? { kind: 'pin', path, object: found.kind, id: found.id }
      : { kind: 'absent', path }
    return action === 'delete' ? [there] : [there, { kind: 'absent', path: stagedPath(path) }]
  })
}
