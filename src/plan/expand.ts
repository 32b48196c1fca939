import { type Address, liveRef, type MapAddress, nameOf, nextRef, type Ref } from '../model/address.ts'
import type { Migration } from '../model/migration.ts'
import type {
  CurrentState,
  DesiredState,
  ForeignMap,
  ForeignProgram,
  LinkedTarget,
  LinkState,
  MapState,
  ProgramState,
  ProgramTarget,
  Resource,
} from '../model/state.ts'
import { unreachable } from '../util/unreachable.ts'
import type { Change } from './change.ts'
import { snapshotPath } from './merge.ts'
import type { Stage, Staged } from './order.ts'
import { outerPathsOf } from './outer-paths.ts'
import type { HeldByLink, HeldProgram, LinkRef, MapRef, Operation, ProgramRef } from './step.ts'
import { needsHolder } from './user-references.ts'

/** Both sides, and how the steps name their objects. */
export interface Sides {
  readonly current: CurrentState
  readonly desired: DesiredState
  readonly changes: ReadonlyMap<Address, Change>
}

/** The operations that carry out one change, each with its stage; what goes is removed with its old tree (see retire). */
export function expand(change: Change, sides: Sides): readonly Staged[] {
  const wanted = sides.desired.resources.get(change.address)
  if (change.leaves !== undefined) return []
  if (wanted === undefined) return leaveSlots(sides.current.resources.get(change.address))
  switch (wanted.kind) {
    case 'map':
      return expandMap(change, wanted, sides)
    case 'program':
      return expandProgram(change, wanted, sides)
    case 'link':
      return expandLink(change, wanted, sides)
    default:
      return unreachable(wanted)
  }
}

/** The object that stands for an address when the apply is done: the live one where it is kept, else the new one. */
export function refOf(address: Address, sides: Pick<Sides, 'changes'>): Ref {
  const { action, leaves } = sides.changes.get(address) ?? {}
  const isProgram = address.startsWith('program.')
  const stays = action === 'keep' || leaves !== undefined || (action === 'update' && !isProgram)
  return stays ? liveRef(address) : nextRef(address)
}

const held = (program: ProgramTarget, sides: Sides): HeldProgram => linked(program, sides) as HeldProgram

const liveHeld = (program: ProgramTarget): HeldProgram => liveLinked(program) as HeldProgram

/** What a link runs: a program, or of struct_ops a map. */
const linked = (target: LinkedTarget, sides: Sides): HeldByLink =>
  isForeign(target) ? target : (refOf(target, sides) as ProgramRef | MapRef)

const liveLinked = (target: LinkedTarget): HeldByLink => (isForeign(target) ? target : liveRef(target))

const isForeign = (target: LinkedTarget): target is ForeignProgram | ForeignMap => target.includes('#')

const treePath = (address: Address): string => `next/${address.slice(0, address.indexOf('.'))}s/${nameOf(address)}`

const at = (stage: Stage, ...operations: readonly Operation[]): Staged[] =>
  operations.map((operation) => ({ stage, operation }))

function expandMap(change: Change, map: MapState, sides: Sides): Staged[] {
  const target = refOf(map.address, sides) as MapRef
  if (target.startsWith('next:')) return expandNewMap(map, target, sides)
  const before = sides.current.resources.get(map.address)
  if (before?.kind !== 'map') return []
  const staged = map.pinned ? keepPin(before, target) : []
  return change.action === 'update' ? [...staged, ...writeLive(before, map, sides)] : staged
}

function keepPin(before: MapState | ProgramState | LinkState, target: Ref): Staged[] {
  const to = treePath(before.address)
  const from = before.live?.pins[0]
  return at('keep', from === undefined ? { kind: 'pin', target, path: to } : { kind: 'link-pin', target, from, to })
}

/** What a rollback takes over from a former generation is there already. */
function adoptPin(live: MapState | ProgramState, target: Ref): Staged[] | undefined {
  const from = live.live?.pins[0]
  return from === undefined ? undefined : at('keep', { kind: 'link-pin', target, from, to: treePath(live.address) })
}

/** The stack's programs in an array of somebody else's that it does not use any more. */
function leaveSlots(gone: Resource | undefined): Staged[] {
  if (gone?.kind !== 'map' || gone.owner !== 'foreign' || gone.contents.kind !== 'slots') return []
  const array = liveRef(gone.address)
  return [...gone.contents.slots].flatMap(([index, program]) =>
    at('entries', { kind: 'replace-slot', array, index, before: liveHeld(program) }),
  )
}

/** The declared slots of an array that somebody else owns, by compare of what the kernel said is there. */
function takeSlots(map: MapState, target: MapRef, sides: Sides): Staged[] {
  if (map.owner !== 'foreign' || map.contents.kind !== 'slots') return []
  const found = map.live && sides.current.graph.maps.get(map.live.id)?.programs
  return [...map.contents.slots].flatMap(([index, program]) => {
    const id = found?.get(index)
    const before = id === undefined ? {} : { before: `#${id}` as const }
    return at('entries', { kind: 'replace-slot', array: target, index, ...before, after: held(program, sides) })
  })
}

function expandNewMap(map: MapState, target: MapRef, sides: Sides): Staged[] {
  const taken = takeSlots(map, target, sides)
  const adopted = adoptPin(map, target)
  if (adopted) return [...adopted, ...taken]
  // Whatever can lose its contents at the last user reference is pinned before anything can refer to it.
  const stage = needsHolder(map) ? 'arrays' : 'maps'
  const path = treePath(map.address)
  if (map.owner === 'foreign') {
    const opened = { kind: 'open-map', target, path: map.foreignPath ?? '' } as const
    return [...at(stage, opened, { kind: 'pin', target, path }), ...taken]
  }
  const made = at(stage, { kind: 'create-map', target })
  const pinned = map.pinned ? at(stage, { kind: 'pin', target, path }) : []
  const { migration } = sides.changes.get(map.address) ?? {}
  if (migration) return [...made, ...pinned, ...fillMigrated(map, migration, sides)]
  return [...made, ...pinned, ...fillNew(map, target, stage, sides)]
}

/** The entries of the live map, and what is declared on top of them. */
function fillMigrated(map: MapState, migration: Migration, sides: Sides): Staged[] {
  const target = nextRef(map.address)
  const copied = {
    kind: 'snapshot-map',
    source: liveRef(map.address),
    target,
    path: snapshotPath('next', nameOf(map.address)),
    migration,
  } as const
  if (map.contents.kind !== 'entries') return [...fillNew(map, target, 'maps', sides), ...at('copies', copied)]
  const { entries } = map.contents
  const before = sides.current.resources.get(map.address)
  const declared = before?.kind === 'map' && before.contents.kind === 'entries' ? before.contents.entries : []
  const without = declared.map(({ key }) => key).filter((key) => !entries.some((entry) => entry.key === key))
  return [...at('copies', copied), ...at('slots', { kind: 'write-entries', target, entries, without })]
}

function fillNew(map: MapState, target: MapRef, stage: Stage, sides: Sides): Staged[] {
  const { contents } = map
  switch (contents.kind) {
    case 'runtime':
      return []
    case 'entries':
      return at(stage, { kind: 'write-entries', target, entries: contents.entries })
    case 'data': {
      const written = at(stage, { kind: 'write-data', target })
      return contents.frozen ? [...written, ...at(stage, { kind: 'freeze', target })] : written
    }
    case 'slots': {
      const slots = [...contents.slots].map(([index, program]) => [index, held(program, sides)] as const)
      const fills = slots.map(([index, program]) => ({ kind: 'fill-slot', array: target, index, program }) as const)
      return at('slots', ...fills, { kind: 'check-slots', array: target, slots: Object.fromEntries(slots) })
    }
    case 'members': {
      const slots = [...contents.slots].map(([offset, program]) => [offset, held(program, sides)] as const)
      return at('slots', { kind: 'write-members', target, slots: Object.fromEntries(slots) })
    }
    case 'inner': {
      const inner = [...contents.slots].map(([index, address]) => ({ index, after: innerRef(address, sides) }))
      return at('slots', ...inner.map((slot) => ({ kind: 'set-inner', outer: target, ...slot }) as const))
    }
    default:
      return unreachable(contents)
  }
}

type InnerMap = MapAddress | `#${number}`

const innerRef = (map: InnerMap, sides: Sides): MapRef | ForeignMap =>
  isNumbered(map) ? `map${map}` : (refOf(map, sides) as MapRef)

const isNumbered = (map: string): map is `#${number}` => map.startsWith('#')

/** Entries, inner maps and single slots of a map that stays. */
function writeLive(before: MapState, after: MapState, sides: Sides): Staged[] {
  const target = liveRef(after.address)
  return [
    ...setEntries(before, after, target),
    ...setInner(before, after, sides),
    ...replaceSlots(before, after, sides),
  ]
}

function setEntries(before: MapState, after: MapState, target: MapRef): Staged[] {
  const found = new Map(
    before.contents.kind === 'entries' ? before.contents.entries.map((it) => [it.key, it.value]) : [],
  )
  const wanted = new Map(
    after.contents.kind === 'entries' ? after.contents.entries.map((it) => [it.key, it.value]) : [],
  )
  const keys = [...new Set([...wanted.keys(), ...found.keys()])].filter((key) => found.get(key) !== wanted.get(key))
  return at(
    'entries',
    ...keys.map((key) => {
      const [old, value] = [found.get(key), wanted.get(key)]
      return {
        kind: 'set-entry',
        target,
        key,
        ...(old === undefined ? {} : { before: old }),
        ...(value === undefined ? {} : { after: value }),
      } as const
    }),
  )
}

function setInner(before: MapState, after: MapState, sides: Sides): Staged[] {
  if (after.contents.kind !== 'inner') return []
  const found = before.contents.kind === 'inner' ? before.contents.slots : new Map<number, InnerMap>()
  return [...after.contents.slots].flatMap(([index, address]) => {
    const old = found.get(index)
    const wanted = innerRef(address, sides)
    const oldRef = old && (isNumbered(old) ? (`map${old}` as const) : liveRef(old))
    if (oldRef === wanted) return []
    const was = oldRef === undefined ? {} : { before: oldRef }
    return at('entries', { kind: 'set-inner', outer: liveRef(after.address), index, ...was, after: wanted })
  })
}

function replaceSlots(before: MapState, after: MapState, sides: Sides): Staged[] {
  if (after.contents.kind !== 'slots') return []
  const found = before.contents.kind === 'slots' ? before.contents.slots : new Map<number, ProgramTarget>()
  const { slots } = after.contents
  return [...new Set([...found.keys(), ...slots.keys()])].flatMap((index) => {
    const [old, wanted] = [found.get(index), slots.get(index)]
    const [oldRef, newRef] = [old && liveHeld(old), wanted && held(wanted, sides)]
    if (oldRef === newRef) return []
    const operation = { kind: 'replace-slot', array: liveRef(after.address), index } as const
    return at('entries', { ...operation, ...(oldRef && { before: oldRef }), ...(newRef && { after: newRef }) })
  })
}

function expandProgram(change: Change, program: ProgramState, sides: Sides): Staged[] {
  const before = sides.current.resources.get(program.address)
  if (change.action === 'keep' && before?.kind === 'program') return keepPin(before, liveRef(program.address))
  const target = nextRef(program.address)
  const adopted = adoptPin(program, target)
  if (adopted) return adopted
  const extended = program.load?.attachProgram
  const bound =
    extended === undefined || extended.startsWith('/')
      ? {}
      : { extends: refOf(extended as ProgramState['address'], sides) as ProgramRef }
  return at(
    'programs',
    { kind: 'load-program', target, ...bound },
    { kind: 'pin', target, path: treePath(program.address) },
  )
}

function expandLink(change: Change, link: LinkState, sides: Sides): Staged[] {
  const before = sides.current.resources.get(link.address)
  const program = linked(link.program, sides)
  if (before?.kind !== 'link' || change.action === 'create') return makeLink(link, program)
  const target = liveRef(link.address) as LinkRef
  if (change.action === 'keep') return keepPin(before, target)
  if (change.action === 'update') {
    const switched = { kind: 'update-link', target, program, expected: liveLinked(before.program) } as const
    return [...keepPin(before, target), ...at('switch', switched)]
  }
  if (change.verdict !== 'gap') return makeLink(link, program)
  const { live } = before
  const detached = {
    kind: 'detach-link',
    target,
    // The stack's own name last: it tells what the others lead to.
    paths: [...outerPathsOf(sides.current, link.address), ...(live?.pins ?? [])],
    program: liveLinked(before.program),
    ...(live?.severed ? {} : { attached: before.target }),
  } as const
  return [...at('switch', detached), ...makeLink(link, program)]
}

function makeLink(link: LinkState, program: HeldByLink): Staged[] {
  const target = nextRef(link.address)
  return at('switch', { kind: 'create-link', target, program }, { kind: 'pin', target, path: treePath(link.address) })
}
