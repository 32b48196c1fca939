import { type Address, kindOf, nameOf } from '../model/address.ts'
import { isSameObject } from '../model/outer-pin.ts'
import type { CurrentState, State, Tree } from '../model/state.ts'
import type { Change, Reason } from './change.ts'
import { diff } from './diff.ts'
import { isBare } from './is-bare.ts'
import { objectOf, outerPinAt } from './outer-paths.ts'
import { type RecordedState, recordedState } from './recorded-state.ts'

/** What somebody else did to an object of the stack, or to its directory. */
export type DriftKind =
  /** Its pin was removed. */
  | 'lost'
  /** Another object is pinned in its place. */
  | 'replaced'
  /** A link that is pinned but attached to nothing. */
  | 'detached'
  /** A link that runs something else, or is attached elsewhere. */
  | 'switched'
  /** Declared contents of a map: slots, entries, inner maps, data. */
  | 'contents'
  /** Owner or mode of the stack's directories. */
  | 'ownership'
  /** A pin in the stack's directory that no record knows. */
  | 'foreign'
  /** The stack's directory was renamed: its record is that of another name. */
  | 'moved'
  /** A tree has lost its record: what of it was changed cannot be told. */
  | 'unknown'

/** One difference between what pinfold last applied and what is there now. */
export interface Drift {
  readonly kind: DriftKind
  /** The object as the record knows it; absent where it knows none. */
  readonly address?: Address
  /** The pin or directory that it is about: relative to the stack's directory (empty: that itself), absolute elsewhere. */
  readonly path?: string
  /** What differs; `before` is what pinfold last applied, `after` what was found. */
  readonly because: readonly Reason[]
}

/**
 * What differs from what pinfold last applied, whatever the manifest wants now. Of a stack that has lost its record one
 * `unknown` is said, never "changed". `desired` is not compared: it tells the policies that the record does not.
 */
export function findDrift(current: CurrentState, desired?: State): readonly Drift[] {
  const recorded = recordedState(current, desired)
  const strangers = [...current.trees.flatMap(foreignIn), ...strays(current)]
  const own = recorded ? ownDrift(recorded, current) : []
  const isTold = (found: Drift): boolean => own.some((it) => it.path === found.path)
  const all = own.map((it) => replacedBy(it, strangers))
  return [
    ...movedDirectory(current),
    ...misowned(current),
    ...all,
    ...leftByOwners(current),
    ...outerDrift(current),
    ...strangers.filter((it) => !isTold(it)),
  ]
}

/** What of a comparison with the record is somebody's doing, and not what follows from that. */
function ownDrift(recorded: RecordedState, current: CurrentState): Drift[] {
  const changes = diff(recorded.found, recorded.wanted)
  const gone = new Set<string>(changes.flatMap((it) => (isAnother(it) ? [it.address] : [])))
  return changes.flatMap((change) => toDrift(change, current, gone))
}

/** True where what the record means has no pin any more, so that other objects can only tell it by a number. */
const isAnother = ({ action, address, because }: Change): boolean =>
  address.startsWith('program.') && (action === 'create' || because.some(({ attribute }) => attribute === 'tag'))

function toDrift(change: Change, current: CurrentState, gone: ReadonlySet<string>): Drift[] {
  const { action, address } = change
  if (action === 'keep') return []
  const path = pathOf(address, current)
  if (action === 'create') return [{ kind: 'lost', address, path, because: [] }]
  if (action === 'delete') return [{ kind: 'foreign', address, path, because: [] }]
  const because = change.because.filter((reason) => !followsFrom(reason, gone)).map(turned)
  const other = replacement(address, current)
  const rest = because.filter(({ attribute }) => attribute !== 'pin')
  const pin: Drift[] =
    rest.length === because.length ? [] : [{ kind: other ? 'replaced' : 'lost', address, path, because: other ?? [] }]
  return rest.length === 0 ? pin : [...pin, { kind: kindOfDrift(change, rest), address, path, because: rest }]
}

const turned = ({ attribute, before, after }: Reason): Reason => ({ attribute, before: after, after: before })

/** A program that is loaded anew, or is not known by its pin any more, changes what refers to it. */
function followsFrom({ attribute, before, after }: Reason, gone: ReadonlySet<string>): boolean {
  // Whose map that is not ours: told by its owner's path.
  if (attribute === 'uses' || attribute === 'id' || (before !== undefined && before === after)) return true
  return gone.has(String(after)) && String(before).startsWith('#')
}

function kindOfDrift({ address }: Change, because: readonly Reason[]): DriftKind {
  if (because.some(({ attribute }) => attribute === 'severed')) return 'detached'
  if (kindOf(address) === 'link') return 'switched'
  const isContents = because.every(({ attribute }) => contents.has(attribute.split('.', 1)[0] ?? ''))
  return kindOf(address) === 'map' && isContents ? 'contents' : 'replaced'
}

const contents: ReadonlySet<string> = new Set(['slots', 'entries', 'inner', 'members', 'value', 'initial'])

/** Where the record says that it is pinned; of one that was moved in the manifest, where it still is. */
function pathOf(address: Address, { resources }: CurrentState): string {
  return resources.get(address)?.live?.pins[0] ?? `live/${kindOf(address)}s/${nameOf(address)}`
}

/** The object that is pinned in a map's place, where programs tell that another one is meant. */
function replacement(address: Address, current: CurrentState): Reason[] | undefined {
  const live = current.trees.find(({ name }) => name === 'live')
  const pin = live?.pins.find((it) => it.kind === 'map' && it.address === address)
  const id = current.resources.get(address)?.live?.id
  return pin?.kind === 'map' && pin.id !== id
    ? [{ attribute: 'pin', before: id === undefined ? undefined : `#${id}`, after: `#${pin.id}` }]
    : undefined
}

/** Another kind of object in the place of a lost one. */
function replacedBy(drift: Drift, strangers: readonly Drift[]): Drift {
  const stranger = drift.kind === 'lost' ? strangers.find((it) => it.path === drift.path) : undefined
  return stranger ? { ...drift, kind: 'replaced', because: stranger.because } : drift
}

/** One for each pin that is not the stack's; one for all of a tree that has lost its record. */
function foreignIn(tree: Tree): Drift[] {
  const { name, record, pins } = tree
  // Beside the live tree that is what a crash leaves: nobody did anything to it.
  if (!record) return name !== 'live' && isBare(tree) ? [] : [{ kind: 'unknown', path: name, because: [] }]
  return pins.flatMap((pin): Drift[] => (pin.kind === 'foreign' ? [stranger(pin)] : []))
}

const strays = ({ strays: found = [] }: CurrentState): Drift[] => found.map(stranger)

const stranger = ({ path, what }: { readonly path: string; readonly what: string }): Drift => ({
  kind: 'foreign',
  path,
  because: [{ attribute: 'pin', before: undefined, after: what }],
})

const misowned = ({ misowned: directories = [] }: CurrentState): Drift[] =>
  directories.map(({ path, differs }) => ({
    kind: 'ownership',
    path,
    because: differs.map(({ attribute, recorded, found }) => {
      const shown = (it: number): string | number => (attribute === 'mode' ? `0${it.toString(8)}` : it)
      return { attribute, before: shown(recorded), after: shown(found) }
    }),
  }))

const movedDirectory = ({ record, stack }: CurrentState): Drift[] =>
  record && record.stack !== stack
    ? [{ kind: 'moved', path: '', because: [{ attribute: 'stack', before: record.stack, after: stack }] }]
    : []

/** Somebody else's map that its owner no longer pins where the stack found it. */
function leftByOwners({ trees, record }: CurrentState): Drift[] {
  const live = trees.find(({ name }) => name === 'live')
  return (live?.pins ?? []).flatMap((pin): Drift[] => {
    const foreignPath = pin.kind === 'map' ? record?.maps[nameOf(pin.address)]?.foreignPath : undefined
    if (pin.kind !== 'map' || foreignPath === undefined || pin.ownerPin !== undefined) return []
    const because = [{ attribute: 'pin', before: `#${pin.id}`, after: undefined }]
    return [{ kind: 'replaced', address: pin.address, path: foreignPath, because }]
  })
}

/** Recorded pins elsewhere that are gone, or lead to something else. */
function outerDrift(current: CurrentState): Drift[] {
  return Object.entries(current.record?.pins ?? {}).flatMap(([path, address]): Drift[] => {
    const found = outerPinAt(current, path)?.found
    if (!found) return [{ kind: 'lost', address, path, because: [] }]
    const wanted = objectOf(current, address)
    if (!wanted || isSameObject(found, wanted)) return []
    const after = `${found.kind} #${found.id}`
    return [{ kind: 'replaced', address, path, because: [{ attribute: 'pin', before: `#${wanted.id}`, after }] }]
  })
}
