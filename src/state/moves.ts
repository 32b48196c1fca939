import { type Address, nameOf } from '../model/address.ts'
import type { LinkTarget } from '../model/link-spec.ts'
import type { RecordedLink, RecordedMap, RecordedProgram, StackRecord } from '../model/record.ts'
import type { Move, Tree, TreePin } from '../model/state.ts'

/**
 * The live tree with other names for some of its objects: the new address stands in its record and for its pins, whose paths
 * stay until the next generation. A move whose end is not there, or both of whose ends are, is left out.
 */
export function moveTree(tree: Tree, moves: readonly Move[]): { readonly tree: Tree; readonly moved: readonly Move[] } {
  const there = new Set(tree.pins.flatMap((pin): Address[] => ('address' in pin ? [pin.address] : [])))
  const moved = moves.filter(({ from, to }) => there.has(from) && !there.has(to))
  if (moved.length === 0) return { tree, moved }
  const names = new Map(moved.map(({ from, to }) => [from, to]))
  const rename = <A extends string>(address: A): A => (names.get(address as unknown as Address) ?? address) as A
  const { record } = tree
  const pins = tree.pins.map((pin) => renamePin(pin, rename))
  return { tree: { ...tree, pins, record: record && renameRecord(record, rename) }, moved }
}

type Rename = <A extends string>(address: A) => A

function renamePin(pin: TreePin, rename: Rename): TreePin {
  switch (pin.kind) {
    case 'map':
      return { ...pin, address: rename(pin.address) }
    case 'program':
      return { ...pin, address: rename(pin.address) }
    case 'link':
      return { ...pin, address: rename(pin.address), target: pin.target && renameTarget(pin.target, rename) }
    default:
      return pin
  }
}

const renameTarget = (target: LinkTarget, rename: Rename): LinkTarget =>
  target.kind === 'iter' && target.map ? { ...target, map: rename(target.map) } : target

function renameRecord(record: StackRecord, rename: Rename): StackRecord {
  return {
    ...record,
    maps: renameTable(record.maps, { kind: 'map', rename, row: (map) => renameMap(map, rename) }),
    programs: renameTable(record.programs, { kind: 'program', rename, row: (it) => renameProgram(it, rename) }),
    links: renameTable(record.links, { kind: 'link', rename, row: (link) => renameLink(link, rename) }),
    ...(record.pins ? { pins: renameValues(record.pins, rename) } : {}),
  }
}

interface Renaming<T> {
  readonly kind: 'map' | 'program' | 'link'
  readonly rename: Rename
  readonly row: (row: T) => T
}

const renameTable = <T>(table: Readonly<Record<string, T>>, { kind, rename, row }: Renaming<T>): Record<string, T> =>
  Object.fromEntries(
    Object.entries(table).map(([name, value]) => [nameOf(rename(`${kind}.${name}` as Address)), row(value)]),
  )

const renameValues = <A extends string>(table: Readonly<Record<string, A>>, rename: Rename): Record<string, A> =>
  Object.fromEntries(Object.entries(table).map(([key, address]) => [key, rename(address)]))

const renameMap = (map: RecordedMap, rename: Rename): RecordedMap => ({
  ...map,
  ...(map.slots ? { slots: renameValues(map.slots, rename) } : {}),
  ...(map.inner ? { inner: renameValues(map.inner, rename) } : {}),
})

const renameProgram = (program: RecordedProgram, rename: Rename): RecordedProgram => ({
  ...program,
  references: program.references.map((reference) => ({ ...reference, map: rename(reference.map) })),
})

const renameLink = (link: RecordedLink, rename: Rename): RecordedLink => ({
  ...link,
  program: rename(link.program),
  target: renameTarget(link.target, rename),
})
