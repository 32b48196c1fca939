import type { SavedBytes, SavedContents } from '../../kernel/host-snapshot.ts'
import type { Fd, Kernel, MapInfo } from '../../kernel/kernel.ts'
import { KernelError } from '../../model/errors.ts'
import { type MapType, mapTypeRule } from '../../model/map-types.ts'
import { fromHex, type Hex, toHex } from '../../util/hex.ts'
import { pack } from '../../util/packed.ts'
import { countable, indexKey, readSlots } from '../held.ts'
import type { StackMaps } from './stack-maps.ts'

/** An open map and what it is. */
export interface MapQuestion {
  readonly map: Fd<'map'>
  readonly info: MapInfo
  readonly stacks: StackMaps
}

/**
 * What is in a map, as far as plans ask: of every map the programs and maps that it holds, of the maps of stacks their entries,
 * up to a bound. Undefined where nothing of it is read.
 */
export function readContents(kernel: Kernel, question: MapQuestion): SavedContents | undefined {
  try {
    return readOpen(kernel, question)
  } catch (error) {
    // Made to be written only, or a type that cannot be read on this kernel: nobody could plan by it here either.
    if (error instanceof KernelError && unreadable.has(error.errno)) return undefined
    throw error
  }
}

const unreadable: ReadonlySet<string> = new Set(['EPERM', 'EACCES', 'EINVAL', 'ENOTSUPP', 'EOPNOTSUPP'])

function readOpen(kernel: Kernel, question: MapQuestion): SavedContents | undefined {
  const { map, info, stacks } = question
  const { type, shape } = info
  if (type === undefined) return undefined
  if (type === 'struct_ops') return { entries: [], members: [...kernel.membersOf(map)] }
  if (type === 'prog_array') return { entries: readArray(kernel, map, shape.maxEntries) }
  if (carriers.has(type) || mapTypeRule(type).holds === 'maps') return { entries: readAll(kernel, map) }
  if (!stacks.ids.has(info.id)) return undefined
  if (type === 'sockhash') return { entries: [...kernel.keys(map)].map((key) => [toHex(key), '']) }
  return walkable.has(type) ? readSome(kernel, { ...question, type }) : undefined
}

/** Programs stand in the values of these. */
const carriers: ReadonlySet<MapType> = new Set(['devmap', 'devmap_hash', 'cpumap'])
const arrays: ReadonlySet<MapType> = new Set(['array', 'percpu_array'])
const walkable: ReadonlySet<MapType> = new Set([...countable, ...arrays])

type Entries = (readonly [Hex, SavedBytes])[]

function readArray(kernel: Kernel, map: Fd<'map'>, maxEntries: number): Entries {
  return [...readSlots(kernel, map, maxEntries)].map(([index, id]) => [
    toHex(indexKey(kernel, index)),
    saveBytes(indexKey(kernel, id)),
  ])
}

function readAll(kernel: Kernel, map: Fd<'map'>): Entries {
  const entries: Entries = []
  for (const key of kernel.keys(map)) {
    const value = kernel.lookup(map, key)
    if (value) entries.push([toHex(key), saveBytes(value)])
  }
  return entries
}

/** As many entries of a map, and bytes of them, are in a snapshot; the first one always. */
const mostEntries = 4096
const mostBytes = 1024 * 1024
/** Beyond that many nobody counts. */
const mostCounted = 1_000_000

type Typed = MapQuestion & { readonly type: MapType }

/** The first entries, those that records declare, and how many there are; all of them where they are few. */
function readSome(kernel: Kernel, question: Typed): SavedContents {
  const { map, info, type, stacks } = question
  const entries = new Map<Hex, SavedBytes>()
  let bytes = 0
  let count = 0
  let more = false
  for (const [key, value] of entriesIn(kernel, question)) {
    count++
    if (arrays.has(type) && value.every((byte) => byte === 0)) continue
    more ||= entries.size === mostEntries || (entries.size > 0 && bytes + value.length > mostBytes)
    if (more && (arrays.has(type) || count > mostCounted)) break
    if (!more) entries.set(toHex(key), saveBytes(value))
    bytes += value.length
  }
  if (!more) return { entries: [...entries] }
  for (const key of stacks.keysOf(info.shape.keySize)) {
    const value = kernel.lookup(map, fromHex(key))
    if (value) entries.set(key, saveBytes(value))
  }
  const isCounted = countable.has(type) && count <= mostCounted
  return { entries: [...entries], partial: isCounted ? { count } : {} }
}

function* entriesIn(kernel: Kernel, { map, info, type }: Typed): Generator<[Uint8Array, Uint8Array]> {
  const { keySize, valueSize } = info.shape
  const size = mapTypeRule(type).perCpu ? Math.ceil(valueSize / 8) * 8 * kernel.identity.possibleCpus : valueSize
  for (const { keys, values, count } of kernel.entries(map)) {
    for (let entry = 0; entry < count; entry++) {
      yield [keys.subarray(entry * keySize, (entry + 1) * keySize), values.subarray(entry * size, (entry + 1) * size)]
    }
  }
}

const largeValue = 1024

function saveBytes(value: Uint8Array): SavedBytes {
  const plain = Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64')
  const packed = value.length < largeValue ? plain : `~${pack(value)}`
  return packed.length < plain.length ? packed : plain
}
