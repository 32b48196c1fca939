import { fromHex, toHex } from '../../util/hex.ts'
import type { UpdateMode } from '../kernel.ts'
import type { StorageKind } from './map-rules.ts'
import type { Errno } from './refuse.ts'
import type { MapObject } from './world.ts'

/** What the maps of one kind do with keys; sizes are checked and values ready. */
export interface Storage {
  /** The value as it is kept; undefined where there is none. */
  lookup(map: MapObject, key: Uint8Array): Uint8Array | Errno | undefined
  /** Why an update is refused; undefined when it is not. */
  refusal(map: MapObject, key: Uint8Array, mode: UpdateMode): Errno | undefined
  /** Where to put the value; forgets what has to make room. */
  place(map: MapObject, key: Uint8Array): string
  /** The entry that is to go, an errno, or undefined where there is none. */
  removable(map: MapObject, key: Uint8Array): { readonly entry: string } | Errno | undefined
  keys(map: MapObject): Iterable<Uint8Array> | Errno
}

const found = (map: MapObject, key: Uint8Array): Uint8Array | undefined => map.entries.get(toHex(key))
const present = (map: MapObject, key: Uint8Array): boolean => map.entries.has(toHex(key))
const entryOf = (map: MapObject, key: Uint8Array): { readonly entry: string } | undefined =>
  present(map, key) ? { entry: toHex(key) } : undefined
const numberOf = (key: Uint8Array): number => new DataView(key.buffer, key.byteOffset).getUint32(0, true)
const beyond = (map: MapObject, key: Uint8Array): boolean => numberOf(key) >= map.shape.maxEntries
const full = (map: MapObject): boolean => map.entries.size >= map.shape.maxEntries
const storedKeys = (map: MapObject): Uint8Array[] => [...map.entries.keys()].map(fromHex)

function* indexes(map: MapObject): Iterable<Uint8Array> {
  for (let index = 0; index < map.shape.maxEntries; index++) {
    const key = new Uint8Array(4)
    new DataView(key.buffer).setUint32(0, index, true)
    yield key
  }
}

const array: Storage = {
  lookup: (map, key) => (beyond(map, key) ? undefined : (found(map, key) ?? new Uint8Array(map.shape.valueSize))),
  refusal: (map, key, mode) => (beyond(map, key) ? 'E2BIG' : mode === 'create' ? 'EEXIST' : undefined),
  place: (_, key) => toHex(key),
  removable: () => 'EINVAL',
  keys: indexes,
}

const slots: Storage = {
  ...array,
  lookup: found,
  refusal: (map, key, mode) => (mode !== 'any' ? 'EINVAL' : beyond(map, key) ? 'E2BIG' : undefined),
  removable: (map, key) => (beyond(map, key) ? 'E2BIG' : entryOf(map, key)),
}

const devices: Storage = {
  ...array,
  lookup: found,
  removable: (map, key) => (beyond(map, key) ? 'EINVAL' : { entry: toHex(key) }),
}

const hash: Storage = {
  lookup: found,
  refusal: (map, key, mode) => {
    if (present(map, key)) return mode === 'create' ? 'EEXIST' : undefined
    if (mode === 'replace') return 'ENOENT'
    return full(map) ? 'E2BIG' : undefined
  },
  place: (_, key) => toHex(key),
  removable: entryOf,
  keys: storedKeys,
}

const lru: Storage = {
  ...hash,
  lookup: (map, key) => {
    const value = found(map, key)
    // The most recent stands last.
    if (value && map.entries.delete(toHex(key))) map.entries.set(toHex(key), value)
    return value
  },
  refusal: (map, key, mode) => {
    if (present(map, key)) return mode === 'create' ? 'EEXIST' : undefined
    return mode === 'replace' ? 'ENOENT' : undefined
  },
  place: (map, key) => {
    const [oldest] = map.entries.keys()
    if (full(map) && !present(map, key) && oldest !== undefined) map.entries.delete(oldest)
    return toHex(key)
  },
}

const bitsOf = (map: MapObject): number => (map.shape.keySize - 4) * 8
const tooLong = (map: MapObject, key: Uint8Array): boolean => numberOf(key) > bitsOf(map)

/** The key with the bits behind its prefix cleared: the kernel compares no others. */
function prefixOf(key: Uint8Array, bits = numberOf(key)): Uint8Array {
  const prefix = Uint8Array.from(key)
  new DataView(prefix.buffer).setUint32(0, bits, true)
  for (let bit = bits; bit < (key.length - 4) * 8; bit++) {
    const at = 4 + (bit >> 3)
    prefix[at] = (prefix[at] ?? 0) & ~(0x80 >> (bit & 7))
  }
  return prefix
}

const trie: Storage = {
  lookup: (map, key) => {
    if (tooLong(map, key)) return undefined
    for (let bits = numberOf(key); bits >= 0; bits--) {
      const value = found(map, prefixOf(key, bits))
      if (value) return value
    }
    return undefined
  },
  refusal: (map, key, mode) => {
    if (tooLong(map, key)) return 'EINVAL'
    const refusal = hash.refusal(map, prefixOf(key), mode)
    return refusal === 'E2BIG' ? 'ENOSPC' : refusal
  },
  place: (_, key) => toHex(prefixOf(key)),
  removable: (map, key) => (tooLong(map, key) ? 'EINVAL' : entryOf(map, prefixOf(key))),
  keys: storedKeys,
}

// Entries are kept under running numbers; `place` gives the next.
const queue: Storage = {
  lookup: (map) => map.entries.values().next().value,
  refusal: (map, _, mode) => (mode === 'create' ? 'EINVAL' : full(map) && mode === 'any' ? 'E2BIG' : undefined),
  place: (map) => {
    const keys = [...map.entries.keys()]
    if (full(map)) map.entries.delete(keys[0] ?? '')
    return String(Number(keys.at(-1) ?? 0) + 1)
  },
  removable: () => 'EINVAL',
  keys: () => 'EINVAL',
}

const stack: Storage = { ...queue, lookup: (map) => [...map.entries.values()].at(-1) }

const opaque: Storage = {
  lookup: () => 'ENOTSUPP',
  refusal: () => 'ENOTSUPP',
  place: () => '',
  removable: () => 'ENOTSUPP',
  keys: () => 'ENOTSUPP',
}

/** How each kind of map keeps its entries. */
export const storages: Readonly<Record<StorageKind, Storage>> = {
  array,
  hash,
  lru,
  trie,
  slots,
  queue,
  stack,
  devices,
  opaque,
}
