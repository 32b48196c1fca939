import type { EntryBatch } from '../../kernel/entries.ts'
import type { Fd, Kernel, UpdateMode } from '../../kernel/kernel.ts'
import { mapTypeRule } from '../../model/map-types.ts'
import type { Migration } from '../../model/migration.ts'
import { isErrno } from '../problem.ts'

/** Writes converted entries; a map in a map is read as an id and written as a descriptor. */
export class EntryWriter {
  readonly #kernel: Kernel
  readonly #map: Fd<'map'>
  readonly #holdsMaps: boolean
  readonly #keySize: number

  constructor(kernel: Kernel, map: Fd<'map'>, { to }: Migration) {
    this.#kernel = kernel
    this.#map = map
    this.#holdsMaps = mapTypeRule(to.type).holds === 'maps'
    this.#keySize = to.keySize
  }

  write(batch: EntryBatch): void {
    if (!this.#holdsMaps) return this.#kernel.writeEntries(this.#map, batch)
    for (let entry = 0; entry < batch.count; entry++) {
      const key = batch.keys.subarray(entry * this.#keySize, (entry + 1) * this.#keySize)
      this.#putMap(key, batch.values.subarray(entry * 4, (entry + 1) * 4), 'any')
    }
  }

  put(key: Uint8Array, value: Uint8Array, mode: UpdateMode): void {
    if (this.#holdsMaps) this.#putMap(key, value, mode)
    else this.#kernel.update(this.#map, key, value, mode)
  }

  /** A map that is gone by now has no place any more. */
  #putMap(key: Uint8Array, value: Uint8Array, mode: UpdateMode): void {
    const id = new DataView(value.buffer, value.byteOffset).getUint32(0, this.#kernel.identity.byteOrder === 'little')
    try {
      using inner = this.#kernel.openById('map', id)
      this.#kernel.update(this.#map, key, inner, mode)
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error
    }
  }
}
