import type { EntryBatch } from '../../kernel/entries.ts'
import type { EntrySizes } from './converter.ts'

/** One entry of a stream; valid until the next one is told. */
export interface Row<B extends EntryBatch = EntryBatch> {
  readonly key: Uint8Array
  readonly value: Uint8Array
  /** The batch it came with, and its number in there. */
  readonly batch: B
  readonly index: number
}

/** Who is told of the differences between two states of a map. */
export interface Differences<B extends EntryBatch> {
  /** In both, with other values. */
  changed(before: Row<B>, after: Row): void
  /** Only in the first. */
  gone(before: Row<B>): void
  /** Only in the second. */
  fresh(after: Row): void
}

/**
 * Compares two walks over a map. Where they agree, whole runs of entries are compared at once; entries that moved within their
 * bucket, came or went wait for their like, so that memory grows with what changed and not with the map.
 */
export function matchEntries<B extends EntryBatch>(
  before: Iterable<B>,
  after: Iterable<EntryBatch>,
  { sizes, on }: { readonly sizes: Pick<EntrySizes, 'key' | 'value'>; readonly on: Differences<B> },
): void {
  const left = new Stream(before, sizes)
  const right = new Stream(after, sizes)
  const waiting = { left: new Waiting<B>(), right: new Waiting<EntryBatch>() }
  while (left.fill() && right.fill()) {
    const run = equalKeys(left, right)
    if (run > 0) compareValues(left, right, { run, changed: on.changed.bind(on) })
    else advance(left, right, { waiting, on })
  }
  for (; left.fill(); left.at++) settleLeft(left.row(), waiting.right, on)
  for (; right.fill(); right.at++) settleRight(right.row(), waiting.left, on)
  for (const row of waiting.left.rest()) on.gone(row)
  for (const row of waiting.right.rest()) on.fresh(row)
}

class Stream<B extends EntryBatch> {
  readonly #batches: Iterator<B>
  readonly sizes: Pick<EntrySizes, 'key' | 'value'>
  batch: B | undefined
  keys: Buffer = Buffer.alloc(0)
  values: Buffer = Buffer.alloc(0)
  at = 0

  constructor(batches: Iterable<B>, sizes: Pick<EntrySizes, 'key' | 'value'>) {
    this.#batches = batches[Symbol.iterator]()
    this.sizes = sizes
  }

  get left(): number {
    return (this.batch?.count ?? 0) - this.at
  }

  /** Gets the next batch where this one is used up; false at the end. */
  fill(): boolean {
    while (this.left <= 0) {
      const { value, done } = this.#batches.next()
      if (done) return false
      this.batch = value
      this.keys = bufferOf(value.keys)
      this.values = bufferOf(value.values)
      this.at = 0
    }
    return true
  }

  row(index = this.at): Row<B> {
    const { key, value } = this.sizes
    return {
      key: this.keys.subarray(index * key, (index + 1) * key),
      value: this.values.subarray(index * value, (index + 1) * value),
      batch: this.batch as B,
      index,
    }
  }
}

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

/** How many entries from here on have the same keys. */
function equalKeys(left: Stream<EntryBatch>, right: Stream<EntryBatch>): number {
  const { key } = left.sizes
  const run = Math.min(left.left, right.left)
  const first = firstDifference(
    { bytes: left.keys, at: left.at * key },
    { bytes: right.keys, at: right.at * key },
    run * key,
  )
  return first === undefined ? run : Math.floor(first / key)
}

function compareValues<B extends EntryBatch>(
  left: Stream<B>,
  right: Stream<EntryBatch>,
  { run, changed }: { readonly run: number; readonly changed: Differences<B>['changed'] },
): void {
  const { value } = left.sizes
  for (let done = 0; done < run; ) {
    const first = firstDifference(
      { bytes: left.values, at: (left.at + done) * value },
      { bytes: right.values, at: (right.at + done) * value },
      (run - done) * value,
    )
    if (first === undefined) break
    done += Math.floor(first / value)
    changed(left.row(left.at + done), right.row(right.at + done))
    done++
  }
  left.at += run
  right.at += run
}

interface Unmatched<B extends EntryBatch> {
  readonly waiting: { readonly left: Waiting<B>; readonly right: Waiting<EntryBatch> }
  readonly on: Differences<B>
}

/** The keys here differ: one of them may have been seen on the other side. */
function advance<B extends EntryBatch>(
  left: Stream<B>,
  right: Stream<EntryBatch>,
  { waiting, on }: Unmatched<B>,
): void {
  const [before, after] = [left.row(), right.row()]
  const old = waiting.left.take(after)
  const now = old ? undefined : waiting.right.take(before)
  if (old) tell(old, after, on)
  else if (now) tell(before, now, on)
  else {
    waiting.left.keep(before)
    waiting.right.keep(after)
  }
  if (!now) right.at++
  if (!old) left.at++
}

function settleLeft<B extends EntryBatch>(row: Row<B>, waiting: Waiting<EntryBatch>, on: Differences<B>): void {
  const found = waiting.take(row)
  if (found) tell(row, found, on)
  else on.gone(row)
}

function settleRight<B extends EntryBatch>(row: Row, waiting: Waiting<B>, on: Differences<B>): void {
  const old = waiting.take(row)
  if (old) tell(old, row, on)
  else on.fresh(row)
}

function tell<B extends EntryBatch>(before: Row<B>, after: Row, on: Differences<B>): void {
  if (Buffer.compare(before.value, after.value) !== 0) on.changed(before, after)
}

/**
 * Rows that wait for their like, by key. There may be as many as the map has entries: of each only a copy of its value is kept,
 * and what tells its place.
 */
class Waiting<B extends EntryBatch> {
  readonly #rows = new Map<string, Omit<Row<B>, 'key'>>()
  /** The last batch and what is kept of it, for all its rows. */
  #batch: { readonly of: B; readonly place: B } | undefined

  keep({ key, value, batch, index }: Row<B>): void {
    if (this.#batch?.of !== batch) this.#batch = { of: batch, place: { ...batch, keys: nothing, values: nothing } }
    this.#rows.set(textOf(key), { value: Uint8Array.from(value), batch: this.#batch.place, index })
  }

  /** Takes the row with the same key out, if there is one. */
  take({ key }: Row): Row<B> | undefined {
    if (this.#rows.size === 0) return undefined
    const text = textOf(key)
    const kept = this.#rows.get(text)
    this.#rows.delete(text)
    return kept && { key, ...kept }
  }

  *rest(): Generator<Row<B>> {
    for (const [text, kept] of this.#rows) yield { key: Buffer.from(text, 'latin1'), ...kept }
  }
}

const textOf = (key: Uint8Array): string => bufferOf(key).toString('latin1')

const nothing = new Uint8Array(0)

interface Piece {
  readonly bytes: Buffer
  readonly at: number
}

/** Compared natively at once; only within a block that differs byte by byte. */
const block = 512

/** Offset of the first byte that differs. */
function firstDifference(a: Piece, b: Piece, length: number): number | undefined {
  for (let start = 0; start < length; start += block) {
    const size = Math.min(block, length - start)
    const [from, other] = [a.at + start, b.at + start]
    if (size > 8 && a.bytes.compare(b.bytes, other, other + size, from, from + size) === 0) continue
    for (let offset = 0; offset < size; offset++) {
      if (a.bytes[from + offset] !== b.bytes[other + offset]) return start + offset
    }
  }
  return undefined
}
