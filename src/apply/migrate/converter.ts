import type { EntryBatch } from '../../kernel/entries.ts'
import type { KernelIdentity } from '../../kernel/kernel.ts'
import type { Counter } from '../../layout/conversion.ts'
import { type ConvertBatch, compileConversion } from '../../layout/convert-batch.ts'
import { planConversions, summable } from '../../layout/migration.ts'
import { mapTypeRule } from '../../model/map-types.ts'
import type { Migration, MigrationSide } from '../../model/migration.ts'
import { fromHex } from '../../util/hex.ts'

/** Sizes of what is exchanged with a map, bytes: a per-CPU value with all its CPUs. */
export interface EntrySizes {
  readonly key: number
  readonly value: number
  /** From one CPU's value to the next; the whole value where there is only one. */
  readonly stride: number
}

/** Turns batches of one map into batches of the other. Its buffers are used again for the next batch. */
export class Converter {
  readonly from: EntrySizes
  readonly to: EntrySizes
  /** Values in one entry: the possible CPUs, or 1. */
  readonly perEntry: number
  /** Integers that can be added to, within one value. */
  readonly counters: readonly Counter[]
  readonly #keys: Part
  readonly #values: Part

  constructor(migration: Migration, { possibleCpus, byteOrder }: KernelIdentity) {
    const { key, value } = planConversions(migration)
    this.perEntry = mapTypeRule(migration.from.type).perCpu ? possibleCpus : 1
    this.from = sizesOf(migration.from, this.perEntry)
    this.to = sizesOf(migration.to, this.perEntry)
    this.counters = summable(value)
    const shape = { fromStride: migration.from.keySize, toStride: migration.to.keySize, byteOrder }
    this.#keys = new Part(key.same ? undefined : compileConversion(key, shape), this.to.key)
    const strides = { fromStride: this.from.stride, toStride: this.to.stride, byteOrder }
    const base = migration.base === undefined ? undefined : fromHex(migration.base)
    this.#values = new Part(value.same ? undefined : compileConversion(value, strides), this.to.value, base)
  }

  convert({ keys, values, count }: EntryBatch): EntryBatch {
    return {
      keys: this.#keys.convert(keys, { count, items: count }),
      values: this.#values.convert(values, { count, items: count * this.perEntry }),
      count,
    }
  }
}

function sizesOf({ type, keySize, valueSize }: MigrationSide, perEntry: number): EntrySizes {
  const stride = mapTypeRule(type).perCpu ? Math.ceil(valueSize / 8) * 8 : valueSize
  return { key: keySize, value: stride * perEntry, stride }
}

/** Keys or values, with the buffer they are converted into. */
class Part {
  readonly #run: ConvertBatch | undefined
  readonly #size: number
  /** What a new value starts with, where that is not zeros. */
  readonly #base: Uint8Array | undefined
  #buffer = new Uint8Array(0)

  constructor(run: ConvertBatch | undefined, size: number, base?: Uint8Array) {
    this.#run = run
    this.#size = size
    this.#base = base
  }

  convert(bytes: Uint8Array, { count, items }: { readonly count: number; readonly items: number }): Uint8Array {
    if (!this.#run) return bytes
    if (this.#buffer.length < count * this.#size) this.#grow(count)
    this.#run(bytes, this.#buffer, items)
    return this.#buffer
  }

  /** What no move reaches stays as it is here. */
  #grow(count: number): void {
    this.#buffer = new Uint8Array(count * this.#size)
    for (let entry = 0; this.#base && entry < count; entry++) this.#buffer.set(this.#base, entry * this.#size)
  }
}
