import { ObjectError } from '../model/errors.ts'
import { advice } from './advice.ts'

export type ByteOrder = 'little' | 'big'

/** Where a cursor's bytes come from, for its errors. */
export interface CursorOptions {
  readonly byteOrder: ByteOrder
  /** The file, as the user wrote it. */
  readonly object: string
  readonly section?: string
  /** Byte offset of the first byte within the file. */
  readonly base?: number
}

/** Reads numbers, texts and slices at given offsets; whatever lies outside its bytes is an ObjectError (O002). */
export class Cursor {
  readonly bytes: Uint8Array
  readonly byteOrder: ByteOrder
  readonly #view: DataView
  readonly #little: boolean
  readonly #options: CursorOptions

  constructor(bytes: Uint8Array, options: CursorOptions) {
    this.bytes = bytes
    this.byteOrder = options.byteOrder
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#little = options.byteOrder === 'little'
    this.#options = options
  }

  get size(): number {
    return this.bytes.length
  }

  u8(at: number): number {
    this.#need(at, 1)
    return this.#view.getUint8(at)
  }

  u16(at: number): number {
    this.#need(at, 2)
    return this.#view.getUint16(at, this.#little)
  }

  u32(at: number): number {
    this.#need(at, 4)
    return this.#view.getUint32(at, this.#little)
  }

  i32(at: number): number {
    this.#need(at, 4)
    return this.#view.getInt32(at, this.#little)
  }

  /** A 64-bit number that has to be exact in a JavaScript number. */
  u64(at: number): number {
    this.#need(at, 8)
    const value = this.#view.getBigUint64(at, this.#little)
    return value <= BigInt(Number.MAX_SAFE_INTEGER)
      ? Number(value)
      : this.fail('O002', `the number ${value} is out of range`, at)
  }

  /** A view of the bytes, not a copy. */
  slice(at: number, size: number): Uint8Array {
    this.#need(at, size)
    return this.bytes.subarray(at, at + size)
  }

  /** A NUL-terminated text. */
  text(at: number): string {
    this.#need(at, 1)
    const end = this.bytes.indexOf(0, at)
    if (end < 0) this.fail('O002', 'a text does not end', at)
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + at, end - at).toString('utf8')
  }

  /** A cursor over a part of these bytes. */
  within(at: number, size: number, section?: string): Cursor {
    const options = { ...this.#options, base: this.#base + at }
    return new Cursor(this.slice(at, size), section === undefined ? options : { ...options, section })
  }

  /** A cursor over other bytes of the same file. */
  over(bytes: Uint8Array, section: string): Cursor {
    return new Cursor(bytes, { ...this.#options, section })
  }

  /** Throws an ObjectError that names the object, the section and the place. */
  fail(code: string, what: string, at = 0): never {
    const { object, section } = this.#options
    const offset = this.#base + at
    const where = section === undefined ? `at byte ${offset}` : `in section ${section} at byte ${offset}`
    throw new ObjectError(`cannot read ${object}: ${what} (${where})`, {
      code,
      offset,
      section: section ?? '',
      ...(advice[code] === undefined ? {} : { hint: advice[code] }),
    })
  }

  get #base(): number {
    return this.#options.base ?? 0
  }

  #need(at: number, size: number): void {
    if (at >= 0 && size >= 0 && at + size <= this.bytes.length) return
    this.fail('O002', `${size} bytes were expected where ${Math.max(0, this.bytes.length - at)} are left`, at)
  }
}
