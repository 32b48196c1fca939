import type { AddedInteger, Adder, Addition } from '../../kernel/entries.ts'
import type { AdderRequest, Fd, Kernel } from '../../kernel/kernel.ts'
import type { Counter } from '../../layout/conversion.ts'
import type { Migration } from '../../model/migration.ts'
import type { Converter } from './converter.ts'

/** The maps between which counts are carried over. */
export interface CountedMaps {
  readonly migration: Migration
  /** The new map. */
  readonly map: Fd<'map'>
  readonly snapshot: Fd<'map'>
  /** Entries that came after the snapshot; undefined for arrays. */
  readonly late: Fd<'map'> | undefined
}

/** What the kernel is asked to add with: one adder for each journal; none where nothing is summed. */
export function adderRequests(converter: Converter, maps: CountedMaps): readonly AdderRequest[] {
  if (maps.migration.merge !== 'sum') return []
  const integers = converter.counters.map(toInteger)
  const journals = maps.late ? [maps.snapshot, maps.late] : [maps.snapshot]
  return journals.map((journal) => ({ map: maps.map, journal, integers }))
}

const toInteger = ({ from, fromSize, to, toSize }: Counter): AddedInteger => ({
  at: to,
  size: toSize as 4 | 8,
  journalAt: from,
  journalSize: fromSize as 1 | 2 | 4 | 8,
})

/** Where an entry of the old map is noted. */
export interface Noted {
  readonly journal: 'snapshot' | 'late'
  readonly key: Uint8Array
  /** Bytes from the start of the journal's value to the entry's. */
  readonly offset: number
}

/** What an entry counted when it was carried over, and what it counts now. */
export interface Count {
  /** Key in the new map. */
  readonly key: Uint8Array
  readonly before: Uint8Array
  readonly after: Uint8Array
  readonly noted: Noted
}

type Pending = Addition & { readonly journal: Noted['journal']; readonly cpu: number }

/** So many wait until they are added, one CPU after the other: going from CPU to CPU for each would take longest. */
const mostPending = 4096

/** Adds to the new map what was added to the old one since it was copied. Asked twice, it adds once. */
export class Counting implements Disposable {
  readonly #adders: Readonly<Partial<Record<Noted['journal'], Adder>>>
  readonly #converter: Converter
  readonly #littleEndian: boolean
  readonly #pending: Pending[] = []
  /** Told of each entry that the new map does not have any more. */
  readonly #missing: () => void

  private constructor(
    adders: Readonly<Partial<Record<Noted['journal'], Adder>>>,
    converter: Converter,
    options: { readonly littleEndian: boolean; readonly missing: () => void },
  ) {
    this.#adders = adders
    this.#converter = converter
    this.#littleEndian = options.littleEndian
    this.#missing = options.missing
  }

  /** Throws a KernelError where the kernel cannot add. */
  static async open(
    kernel: Kernel,
    converter: Converter,
    { maps, missing }: { readonly maps: CountedMaps; readonly missing: () => void },
  ): Promise<Counting> {
    const [snapshot, late] = adderRequests(converter, maps)
    const adders = {
      ...(snapshot && { snapshot: await kernel.openAdder(snapshot) }),
      ...(late && { late: await kernel.openAdder(late) }),
    }
    return new Counting(adders, converter, { littleEndian: kernel.identity.byteOrder === 'little', missing })
  }

  /** True when there is something to add. */
  add(count: Count): boolean {
    const additions = this.#additionsOf(count)
    this.#pending.push(...additions)
    if (this.#pending.length >= mostPending) this.finish()
    return additions.length > 0
  }

  /** Adds what waits. */
  finish(): void {
    const waiting = this.#pending.splice(0).sort((a, b) => a.cpu - b.cpu)
    const perCpu = this.#converter.perEntry > 1
    for (const { journal, cpu, ...addition } of waiting) {
      if (!this.#adders[journal]?.add({ ...addition, ...(perCpu && { cpu }) })) this.#missing()
    }
  }

  [Symbol.dispose](): void {
    for (const adder of Object.values(this.#adders)) adder[Symbol.dispose]()
  }

  /** One for each CPU whose numbers differ. */
  #additionsOf({ key, before, after, noted }: Count): Pending[] {
    const { perEntry, from, counters } = this.#converter
    const additions: Pending[] = []
    for (let cpu = 0; cpu < perEntry; cpu++) {
      const numbers = counters.map((counter) => this.#numbersOf(counter, { before, after, at: cpu * from.stride }))
      const deltas = numbers.map(({ delta }) => delta)
      if (deltas.every((delta) => delta === 0n)) continue
      additions.push({
        key: Uint8Array.from(key),
        journalKey: Uint8Array.from(noted.key),
        journalOffset: noted.offset + cpu * from.stride,
        deltas,
        noted: numbers.map(({ now }) => now),
        journal: noted.journal,
        cpu,
      })
    }
    return additions
  }

  /** The difference is that of the smaller integer: going round is part of counting. */
  #numbersOf(
    { from, fromSize }: Counter,
    { before, after, at }: { readonly before: Uint8Array; readonly after: Uint8Array; readonly at: number },
  ): { readonly delta: bigint; readonly now: bigint } {
    const now = this.#read(after, at + from, fromSize)
    return { now, delta: BigInt.asIntN(fromSize * 8, now - this.#read(before, at + from, fromSize)) }
  }

  #read(bytes: Uint8Array, at: number, size: number): bigint {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    if (size === 8) return view.getBigUint64(at, this.#littleEndian)
    if (size === 4) return BigInt(view.getUint32(at, this.#littleEndian))
    return BigInt(size === 2 ? view.getUint16(at, this.#littleEndian) : view.getUint8(at))
  }
}
