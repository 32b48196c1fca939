import type { Fd, Kernel } from '../kernel/kernel.ts'
import type { MapId, ProgramId } from '../model/ids.ts'
import type { MapShape } from '../model/map-spec.ts'
import type { MapType } from '../model/map-types.ts'

/** Filled slots of a program array, by index. Asks for each index: the kernel iterates over empty slots, too. */
export function readSlots(kernel: Kernel, array: Fd<'map'>, maxEntries: number): Map<number, ProgramId> {
  const slots = new Map<number, ProgramId>()
  for (let index = 0; index < maxEntries; index++) {
    const value = kernel.lookup(array, indexKey(kernel, index))
    const id = value && numberAt(kernel, value, 0)
    if (id) slots.set(index, id as ProgramId)
  }
  return slots
}

/** Programs in the values of a devmap or cpumap, by the position of the entry; none where the values have no room for one. */
export function readCarried(
  kernel: Kernel,
  map: Fd<'map'>,
  shape: Pick<MapShape, 'valueSize'>,
): Map<number, ProgramId> {
  const carried = new Map<number, ProgramId>()
  if (shape.valueSize < programOffset + 4) return carried
  let position = 0
  for (const key of kernel.keys(map)) {
    const value = kernel.lookup(map, key)
    const id = value && numberAt(kernel, value, programOffset)
    if (id) carried.set(position, id as ProgramId)
    position++
  }
  return carried
}

/** Ids of the maps in an array_of_maps or hash_of_maps, one after the other. */
export function* readInnerIds(kernel: Kernel, outer: Fd<'map'>): Generator<MapId> {
  for (const key of kernel.keys(outer)) {
    const value = kernel.lookup(outer, key)
    const id = value && numberAt(kernel, value, 0)
    if (id) yield id as MapId
  }
}

/** An index as the key of an array. */
export function indexKey(kernel: Kernel, index: number): Uint8Array {
  const key = new Uint8Array(4)
  new DataView(key.buffer).setUint32(0, index, kernel.identity.byteOrder === 'little')
  return key
}

/** The unsigned 32-bit number at an offset of a value. */
export const numberAt = (kernel: Kernel, value: Uint8Array, offset: number): number =>
  new DataView(value.buffer, value.byteOffset, value.length).getUint32(offset, kernel.identity.byteOrder === 'little')

/**
 * Number of entries in a map; undefined for maps whose entries are always all there, and for one with too many to count
 * unless that must be known.
 */
export function countEntries(
  kernel: Kernel,
  map: Fd<'map'>,
  { type, exactly }: { readonly type: MapType; readonly exactly: boolean },
): number | undefined {
  if (!countable.has(type)) return undefined
  let count = 0
  for (const some of countsIn(kernel, map, type)) {
    count += some
    if (count > mostCounted && !exactly) return undefined
  }
  return count
}

/** What is attached to sockets, or what devices are there, cannot be read along with the keys on every kernel. */
function* countsIn(kernel: Kernel, map: Fd<'map'>, type: MapType): Generator<number> {
  if (type === 'sockhash' || type === 'devmap_hash') for (const _ of kernel.keys(map)) yield 1
  else for (const { count } of kernel.entries(map)) yield count
}

// struct bpf_devmap_val and struct bpf_cpumap_val: a number, then the program's id.
const programOffset = 4
const mostCounted = 4096
/** Maps whose entries are not always all there. */
export const countable: ReadonlySet<MapType> = new Set([
  'hash',
  'percpu_hash',
  'lru_hash',
  'lru_percpu_hash',
  'lpm_trie',
  'hash_of_maps',
  'devmap_hash',
  'sockhash',
])
