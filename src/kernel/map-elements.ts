import { mapTypeRule } from '../model/map-types.ts'
import { loadAddon } from './addon.ts'
import { mapElementAttr, mapElementLayout } from './attr-map.ts'
import type { EntryBatch } from './entries.ts'
import { kernelError } from './errno.ts'
import { readInfoAlone } from './info.ts'
import type { Fd, MapInfo, UpdateMode } from './kernel.ts'
import { type Attr, encode, littleEndian, struct } from './layout.ts'
import { type ElementSizes, walkEntries, writeEntries } from './map-batches.ts'
import { bpf, is, tryBpf } from './syscall.ts'

/** Elements of maps. The kernel reads and writes as much as the map says, so every buffer is checked against that first. */
export class MapElements {
  readonly #possibleCpus: number
  readonly #sizes = new WeakMap<Fd<'map'>, ElementSizes>()
  #small: SmallLookup | undefined

  constructor(possibleCpus: number) {
    this.#possibleCpus = possibleCpus
  }

  lookup(map: Fd<'map'>, key: Uint8Array): Uint8Array | undefined {
    const sizes = this.#sizesOf(map)
    checkSize('look up an element', 'key', key, sizes.key)
    // A queue has no key, and its attr no pointer to one.
    const isSmall = key.length > 0 && key.length <= smallKey && sizes.value <= smallValue
    return isSmall ? this.#lookUpSmall(map, key, sizes.value) : lookUp(map, key, sizes.value)
  }

  #lookUpSmall(map: Fd<'map'>, key: Uint8Array, size: number): Uint8Array | undefined {
    this.#small ??= smallLookup()
    const { attr, keyBytes, value } = this.#small
    keyBytes.set(key)
    attr.view.setUint32(mapElementLayout.at.map_fd, map.number, littleEndian)
    return isThere(tryBpf('BPF_MAP_LOOKUP_ELEM', attr)) ? value.slice(0, size) : undefined
  }

  update(map: Fd<'map'>, key: Uint8Array, value: Uint8Array | Fd<'program'> | Fd<'map'>, mode?: UpdateMode): void {
    const sizes = this.#sizesOf(map)
    const bytes = value instanceof Uint8Array ? value : descriptorValue(value)
    checkSize('update an element', 'key', key, sizes.key)
    checkSize('update an element', 'value', bytes, sizes.value)
    bpf('BPF_MAP_UPDATE_ELEM', mapElementAttr(map, key, bytes, mode), 'update an element')
  }

  remove(map: Fd<'map'>, key: Uint8Array): boolean {
    checkSize('delete an element', 'key', key, this.#sizesOf(map).key)
    const result = tryBpf('BPF_MAP_DELETE_ELEM', mapElementAttr(map, key))
    if (is(result, 'ENOENT')) return false
    if (result < 0) throw kernelError({ command: 'BPF_MAP_DELETE_ELEM', errno: -result, doing: 'delete an element' })
    return true
  }

  *keys(map: Fd<'map'>): Generator<Uint8Array> {
    const sizes = this.#sizesOf(map)
    let key: Uint8Array | undefined
    // When its key is deleted meanwhile the walk starts again: without a bound it might never end.
    for (let step = 0; step < sizes.maxEntries; step++) {
      const next = new Uint8Array(sizes.key)
      const result = tryBpf('BPF_MAP_GET_NEXT_KEY', mapElementAttr(map, key, next))
      if (is(result, 'ENOENT')) return
      if (result < 0) throw kernelError({ command: 'BPF_MAP_GET_NEXT_KEY', errno: -result, doing: 'list the keys' })
      yield next
      key = next
    }
  }

  entries(map: Fd<'map'>): Generator<EntryBatch> {
    return walkEntries(map, this.#sizesOf(map))
  }

  writeEntries(map: Fd<'map'>, batch: EntryBatch): void {
    writeEntries(map, this.#sizesOf(map), batch)
  }

  #sizesOf(map: Fd<'map'>): ElementSizes {
    const known = this.#sizes.get(map)
    if (known) return known
    const info = readInfoAlone(map)
    if (info.kind !== 'map')
      throw kernelError({ command: 'BPF_OBJ_GET_INFO_BY_FD', errno: 'EINVAL', doing: 'describe map' })
    const sizes = this.#sizesIn(info)
    this.#sizes.set(map, sizes)
    return sizes
  }

  /** Keeps what somebody has asked about a map anyway, for whoever looks into it next. */
  learn(map: Fd<'map'>, info: MapInfo): void {
    if (info.type !== undefined) this.#sizes.set(map, this.#sizesIn(info))
  }

  #sizesIn(info: MapInfo): ElementSizes {
    const { keySize, valueSize, maxEntries } = info.shape
    // The kernel would write as many values as it likes: of a type that nobody knows there may be one for each CPU.
    if (info.type === undefined) {
      const what = `nobody knows how large the values of map type ${info.typeNumber} are`
      throw kernelError({ command: 'bpf', errno: 'EINVAL', doing: 'use a map', what, code: 'K106' })
    }
    const value = mapTypeRule(info.type).perCpu ? Math.ceil(valueSize / 8) * 8 * this.#possibleCpus : valueSize
    return { key: keySize, value, maxEntries, repeats: info.type === 'lpm_trie' }
  }
}

function lookUp(map: Fd<'map'>, key: Uint8Array, size: number): Uint8Array | undefined {
  const value = new Uint8Array(size)
  return isThere(tryBpf('BPF_MAP_LOOKUP_ELEM', mapElementAttr(map, key, value))) ? value : undefined
}

function isThere(result: number): boolean {
  if (is(result, 'ENOENT')) return false
  if (result < 0) throw kernelError({ command: 'BPF_MAP_LOOKUP_ELEM', errno: -result, doing: 'look up an element' })
  return true
}

/** Memory at fixed addresses for one lookup after the other: thousands of slots of arrays are read to find out who uses what. */
interface SmallLookup {
  readonly attr: Attr
  readonly keyBytes: Uint8Array
  readonly value: Uint8Array
}

/** Bytes: more than V8 keeps in its heap, where it moves them. */
const smallKey = 128
const smallValue = 1024

function smallLookup(): SmallLookup {
  const [keyBytes, value] = [new Uint8Array(smallKey), new Uint8Array(smallValue)]
  const attr = encode(mapElementLayout, { key: keyBytes, value })
  loadAddon().point(attr.bytes, attr.pointers)
  return { attr: { ...attr, pointers: [] }, keyBytes, value }
}

/** A program or map goes into a map as its descriptor's number. */
const descriptorLayout = struct({ fd: 'u32' })

const descriptorValue = (fd: Fd): Uint8Array => encode(descriptorLayout, { fd: fd.number }).bytes

function checkSize(doing: string, what: string, bytes: Uint8Array, size: number): void {
  if (bytes.length === size) return
  throw kernelError({
    command: 'bpf',
    errno: 'EINVAL',
    doing,
    what: `its ${what} has ${bytes.length} bytes where the map wants ${size}`,
    code: 'K106',
  })
}
