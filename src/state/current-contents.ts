import type { Fd } from '../kernel/kernel.ts'
import type { MapAddress } from '../model/address.ts'
import type { MapId, ProgramId } from '../model/ids.ts'
import type { Entry, MapShape } from '../model/map-spec.ts'
import { mapTypeRule } from '../model/map-types.ts'
import type { RecordedMap } from '../model/record.ts'
import type { MapContents, MapState, ProgramTarget } from '../model/state.ts'
import { fromHex, type Hex, toHex } from '../util/hex.ts'
import { foreignId } from './current-programs.ts'
import { indexKey, numberAt, readSlots } from './held.ts'
import type { LiveTree } from './live-tree.ts'

/** A live map, what the record says of it and what the manifest wishes. */
export interface ContentsQuestion {
  readonly live: Pick<LiveTree, 'kernel' | 'programs'>
  readonly names: ReadonlyMap<MapId, MapAddress>
  readonly map: Fd<'map'>
  readonly shape: MapShape
  readonly recorded: RecordedMap | undefined
  readonly wish: MapState | undefined
  /** Keys at which an apply that was killed has written; default: none. */
  readonly written?: readonly Hex[]
}

/** Reads as much of a map as was or is declared: all slots of a program array, of others what stands at those keys. */
export function readContents(question: ContentsQuestion): MapContents {
  const { shape, recorded, wish } = question
  const wished = wish?.contents
  if (shape.type === 'prog_array') return { kind: 'slots', slots: readTargets(question) }
  if (shape.type === 'struct_ops') return readMembers(question)
  if (mapTypeRule(shape.type).holds === 'maps') {
    return recorded?.inner || wished?.kind === 'inner' ? readInner(question) : { kind: 'runtime' }
  }
  if (recorded?.initial !== undefined || wished?.kind === 'data') return readData(question)
  if (recorded?.entries || wished?.kind === 'entries' || question.written?.length) return readEntries(question)
  return { kind: 'runtime' }
}

function readTargets(question: ContentsQuestion): Map<number, ProgramTarget> {
  const { live, map, shape } = question
  const slots = [...readSlots(live.kernel, map, shape.maxEntries)].filter(([index, id]) => isOurs(question, index, id))
  return new Map(slots.map(([index, id]) => [index, live.programs.get(id) ?? foreignId(id)]))
}

/** What is neither written nor wanted is as it was made. */
function readMembers({ live, map, recorded, wish }: ContentsQuestion): MapContents {
  const found = live.kernel.membersOf(map)
  if (found.size === 0 && !recorded?.members && wish?.contents.kind !== 'members') return { kind: 'runtime' }
  const slots = new Map([...found].map(([at, id]) => [at, live.programs.get(id) ?? foreignId(id)]))
  return { kind: 'members', value: recorded?.members?.value, slots }
}

/** Of somebody else's array: what is declared now, and what was and still holds a program of the stack. */
function isOurs({ live, recorded, wish }: ContentsQuestion, index: number, id: ProgramId): boolean {
  if ((wish ?? recorded)?.owner !== 'foreign') return true
  if (wish?.contents.kind === 'slots' && wish.contents.slots.has(index)) return true
  return recorded?.slots?.[index] !== undefined && live.programs.has(id)
}

function readInner({ live, names, map, shape, recorded, wish }: ContentsQuestion): MapContents {
  const wished = wish?.contents.kind === 'inner' ? [...wish.contents.slots.keys()] : []
  const indexes = new Set([...Object.keys(recorded?.inner ?? {}).map(Number), ...wished])
  const slots = new Map<number, MapAddress | `#${number}`>()
  for (const index of [...indexes].sort((a, b) => a - b)) {
    if (shape.keySize !== 4 || index >= shape.maxEntries) continue
    const value = live.kernel.lookup(map, indexKey(live.kernel, index))
    const id = value && (numberAt(live.kernel, value, 0) as MapId)
    if (id) slots.set(index, names.get(id) ?? foreignId(id))
  }
  return { kind: 'inner', slots }
}

/** A frozen section is what it was: its bytes are read. A writable one is its programs' business: the record tells. */
function readData({ live, map, recorded, wish }: ContentsQuestion): MapContents {
  const wished = wish?.contents
  const frozen = recorded?.frozen ?? (wished?.kind === 'data' && wished.frozen)
  if (!frozen) return { kind: 'data', initial: recorded?.initial, frozen }
  const value = live.kernel.lookup(map, indexKey(live.kernel, 0))
  return { kind: 'data', initial: value && toHex(value), frozen }
}

function readEntries({ live, map, shape, recorded, wish, written = [] }: ContentsQuestion): MapContents {
  const wished = wish?.contents.kind === 'entries' ? wish.contents.entries : []
  const declared = [...(recorded?.entries ?? []), ...wished].map((entry) => entry.key)
  const keys = new Set([...declared, ...written])
  const entries: Entry[] = []
  for (const key of [...keys].sort()) {
    // A key of another size was declared for a map of another shape.
    if (key.length !== shape.keySize * 2) continue
    const value = live.kernel.lookup(map, fromHex(key))
    if (value) entries.push({ key, value: entryValue(shape, value) })
  }
  return { kind: 'entries', entries }
}

/** One CPU's value where all agree, which is how a declared entry is written; otherwise all of them. */
function entryValue(shape: MapShape, value: Uint8Array): Hex {
  if (!mapTypeRule(shape.type).perCpu) return toHex(value)
  const stride = Math.ceil(shape.valueSize / 8) * 8
  const values = new Set<Hex>()
  for (let at = 0; at < value.length; at += stride) values.add(toHex(value.subarray(at, at + shape.valueSize)))
  const [first = ''] = values
  return values.size === 1 ? first : toHex(value)
}
