import type { EntryBatch } from '../../kernel/entries.ts'
import type { Fd, Kernel } from '../../kernel/kernel.ts'
import type { MapShape } from '../../model/map-spec.ts'
import type { EntrySizes } from './converter.ts'

/** A chunk begins with two numbers of 4 bytes: how many entries it has, and where its values begin. Then come the keys. */
const header = 8
const chunkBytes = 128 * 1024

type Sizes = Pick<EntrySizes, 'key' | 'value'>

/** How entries lie in the snapshot: an array map whose every element is a chunk of them, in the order in which they came. */
export interface ChunkLayout {
  readonly sizes: Sizes
  /** Entries in a full chunk. */
  readonly room: number
  /** Bytes from the start of a chunk to the first value. */
  readonly valuesAt: number
  /** Bytes. */
  readonly size: number
}

export function chunkLayout(sizes: Sizes, capacity: number): ChunkLayout {
  const room = Math.max(1, Math.min(capacity, Math.floor(chunkBytes / (sizes.key + sizes.value))))
  const valuesAt = header + wholeWords(room * sizes.key)
  return { sizes, room, valuesAt, size: valuesAt + wholeWords(room * sizes.value) }
}

const wholeWords = (bytes: number): number => Math.ceil(bytes / 8) * 8

/** The array map for a snapshot of so many entries. */
export const snapshotShape = ({ room, size }: ChunkLayout, capacity: number): MapShape => ({
  type: 'array',
  keySize: 4,
  valueSize: size,
  maxEntries: Math.max(1, Math.ceil(capacity / room)),
  flags: 0,
  mapExtra: 0,
})

/** Fills a snapshot from its beginning. Entries beyond its capacity are not taken: they count as written later. */
export class SnapshotWriter {
  readonly #kernel: Kernel
  readonly #map: Fd<'map'>
  readonly #layout: ChunkLayout
  readonly #chunk: Uint8Array
  #left: number
  #index = 0
  #count = 0

  constructor(kernel: Kernel, map: Fd<'map'>, layout: ChunkLayout, capacity: number) {
    this.#kernel = kernel
    this.#map = map
    this.#layout = layout
    this.#chunk = new Uint8Array(layout.size)
    this.#left = capacity
  }

  /** How many of them were taken. */
  add({ keys, values, count }: EntryBatch): number {
    const taken = Math.min(count, this.#left)
    const { sizes, room } = this.#layout
    for (let done = 0; done < taken; ) {
      const some = Math.min(taken - done, room - this.#count)
      this.#put(keys.subarray(done * sizes.key, (done + some) * sizes.key), 'keys')
      this.#put(values.subarray(done * sizes.value, (done + some) * sizes.value), 'values')
      this.#count += some
      done += some
      if (this.#count === room) this.finish()
    }
    this.#left -= taken
    return taken
  }

  /** Writes the last chunk, which may be full in part only. */
  finish(): void {
    if (this.#count === 0) return
    const view = new DataView(this.#chunk.buffer)
    view.setUint32(0, this.#count, isLittle(this.#kernel))
    view.setUint32(4, this.#layout.valuesAt, isLittle(this.#kernel))
    this.#kernel.update(this.#map, indexKey(this.#kernel, this.#index++), this.#chunk)
    this.#count = 0
  }

  #put(bytes: Uint8Array, part: 'keys' | 'values'): void {
    const { sizes, valuesAt } = this.#layout
    const at = part === 'keys' ? header + this.#count * sizes.key : valuesAt + this.#count * sizes.value
    this.#chunk.set(bytes, at)
  }
}

/** Some of a snapshot's entries, and where they lie. */
export interface Chunk extends EntryBatch {
  /** Key of the snapshot's element. */
  readonly key: Uint8Array
  /** Bytes from the start of the element to the first value. */
  readonly valuesAt: number
}

/** Reads a snapshot in the order in which it was written. */
export function* readSnapshot(kernel: Kernel, map: Fd<'map'>, sizes: Sizes): Generator<Chunk> {
  const { shape } = describeMap(kernel, map)
  for (let index = 0; index < shape.maxEntries; index++) {
    const key = indexKey(kernel, index)
    const bytes = kernel.lookup(map, key)
    if (!bytes) return
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    const [count, valuesAt] = [view.getUint32(0, isLittle(kernel)), view.getUint32(4, isLittle(kernel))]
    if (count === 0) return
    const keys = bytes.subarray(header, header + count * sizes.key)
    yield { keys, values: bytes.subarray(valuesAt, valuesAt + count * sizes.value), count, key, valuesAt }
  }
}

function describeMap(kernel: Kernel, map: Fd<'map'>): { readonly shape: Omit<MapShape, 'type' | 'inner'> } {
  const info = kernel.describe(map)
  if (info.kind !== 'map') throw new Error(`unreachable: a map that is a ${info.kind}`)
  return info
}

function indexKey(kernel: Kernel, index: number): Uint8Array {
  const key = new Uint8Array(4)
  new DataView(key.buffer).setUint32(0, index, isLittle(kernel))
  return key
}

const isLittle = (kernel: Kernel): boolean => kernel.identity.byteOrder === 'little'
