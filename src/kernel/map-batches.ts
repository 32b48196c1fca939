import { mapBatchAttr, mapBatchCount, mapElementAttr } from './attr-map.ts'
import type { EntryBatch } from './entries.ts'
import { kernelError } from './errno.ts'
import type { Fd } from './kernel.ts'
import { bpf, is, tryBpf } from './syscall.ts'

/** Sizes of what user space exchanges with a map, bytes. */
export interface ElementSizes {
  readonly key: number
  readonly value: number
  readonly maxEntries: number
  /** Walked from key to key: when its place in the walk is deleted, the kernel begins again and repeats itself. */
  readonly repeats: boolean
}

/** Entries of one batch: enough that system calls do not count, in buffers of about this many bytes. */
const batchBytes = 256 * 1024
const leastEntries = 64

const entriesPerBatch = ({ key, value }: Pick<ElementSizes, 'key' | 'value'>): number =>
  Math.max(leastEntries, Math.floor(batchBytes / (key + value)))

/**
 * Walks over every entry: by BPF_MAP_LOOKUP_BATCH (Linux 5.6; each bucket in one instant), or key by key where the kernel has
 * no batches for that type. No key comes twice.
 */
export function* walkEntries(map: Fd<'map'>, sizes: ElementSizes): Generator<EntryBatch> {
  const seen = sizes.repeats ? new Set<string>() : undefined
  const room = Math.min(entriesPerBatch(sizes), sizes.maxEntries)
  let buffer = new BatchBuffer(sizes, Math.max(1, room))
  let from: Uint8Array | undefined
  for (;;) {
    const next = new Uint8Array(Math.max(4, sizes.key))
    const attr = mapBatchAttr(map, { ...buffer, from, next, count: buffer.room })
    const result = tryBpf('BPF_MAP_LOOKUP_BATCH', attr)
    if (from === undefined && hasNoBatches(result)) return yield* walkSingly(map, sizes)
    if (is(result, 'ENOSPC')) {
      // One bucket of a hash holds more than there is room for.
      buffer = new BatchBuffer(sizes, buffer.room * 2)
      continue
    }
    if (result < 0 && !is(result, 'ENOENT')) throw failure('BPF_MAP_LOOKUP_BATCH', result)
    const batch = { keys: buffer.keys, values: buffer.values, count: mapBatchCount(attr) }
    if (batch.count > 0) yield seen ? withoutSeen(batch, sizes, seen) : batch
    if (result < 0) return
    from = next
  }
}

class BatchBuffer {
  readonly keys: Uint8Array
  readonly values: Uint8Array
  readonly room: number

  constructor(sizes: ElementSizes, room: number) {
    this.keys = new Uint8Array(sizes.key * room)
    this.values = new Uint8Array(sizes.value * room)
    this.room = room
  }
}

/** Writes entries, new or not: by BPF_MAP_UPDATE_BATCH (Linux 5.6), or one by one. What came before a refused one stays. */
export function writeEntries(map: Fd<'map'>, sizes: ElementSizes, batch: EntryBatch): void {
  if (batch.count === 0) return
  if (batch.keys.length < batch.count * sizes.key || batch.values.length < batch.count * sizes.value) {
    const what = `its buffers hold fewer than ${batch.count} keys and values`
    throw kernelError({ command: 'BPF_MAP_UPDATE_BATCH', errno: 'EINVAL', doing: 'write entries', what, code: 'K106' })
  }
  const attr = mapBatchAttr(map, { keys: batch.keys, values: batch.values, count: batch.count })
  const result = tryBpf('BPF_MAP_UPDATE_BATCH', attr)
  if (result >= 0) return
  if (!hasNoBatches(result)) throw failure('BPF_MAP_UPDATE_BATCH', result)
  for (let entry = 0; entry < batch.count; entry++) {
    const { key, value } = entryOf(batch, sizes, entry)
    bpf('BPF_MAP_UPDATE_ELEM', mapElementAttr(map, key, value), 'update an element')
  }
}

/** EINVAL before Linux 5.6; ENOTSUPP for a type that has none. */
const hasNoBatches = (result: number): boolean => is(result, 'EINVAL') || result === -ENOTSUPP

const ENOTSUPP = 524

const failure = (command: string, result: number): Error =>
  kernelError({ command, errno: -result, doing: command.includes('UPDATE') ? 'write entries' : 'read the entries' })

function* walkSingly(map: Fd<'map'>, sizes: ElementSizes): Generator<EntryBatch> {
  const seen = new Set<string>()
  const value = new Uint8Array(sizes.value)
  let key: Uint8Array | undefined
  // When its key is deleted meanwhile the walk starts again: without a bound it might never end.
  for (let step = 0; step < 2 * sizes.maxEntries; step++) {
    const next = new Uint8Array(sizes.key)
    const result = tryBpf('BPF_MAP_GET_NEXT_KEY', mapElementAttr(map, key, next))
    if (is(result, 'ENOENT')) return
    if (result < 0) throw failure('BPF_MAP_GET_NEXT_KEY', result)
    key = next
    if (!isNew(seen, next)) continue
    const found = tryBpf('BPF_MAP_LOOKUP_ELEM', mapElementAttr(map, next, value))
    if (found < 0 && !is(found, 'ENOENT')) throw failure('BPF_MAP_LOOKUP_ELEM', found)
    if (found >= 0) yield { keys: next, values: value, count: 1 }
  }
}

function withoutSeen(batch: EntryBatch, sizes: ElementSizes, seen: Set<string>): EntryBatch {
  let kept = 0
  for (let entry = 0; entry < batch.count; entry++) {
    const { key, value } = entryOf(batch, sizes, entry)
    if (!isNew(seen, key)) continue
    batch.keys.set(key, kept * sizes.key)
    batch.values.set(value, kept * sizes.value)
    kept++
  }
  return { ...batch, count: kept }
}

function isNew(seen: Set<string>, key: Uint8Array): boolean {
  const text = Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
  if (seen.has(text)) return false
  seen.add(text)
  return true
}

const entryOf = ({ keys, values }: EntryBatch, sizes: ElementSizes, entry: number) => ({
  key: keys.subarray(entry * sizes.key, (entry + 1) * sizes.key),
  value: values.subarray(entry * sizes.value, (entry + 1) * sizes.value),
})
