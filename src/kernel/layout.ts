import { endianness } from 'node:os'
import type { Pointers } from './addon.ts'

/**
 * One member of a C structure. `pointer` takes bytes, `count` is not given but derived: the length of the bytes in another
 * member, divided by `unit` (a number or the member that holds it).
 */
type Field =
  | 'u32'
  | 'i32'
  | 'u64'
  | 'pointer'
  | `char[${number}]`
  | `u8[${number}]`
  | { readonly count: string; readonly unit?: number | string }

export type Fields = Readonly<Record<string, Field>>

/** A structure laid out by the rules of C: where each member lies, and the size of the whole. */
export interface Layout<F extends Fields = Fields> {
  readonly members: readonly Member[]
  readonly at: { readonly [K in keyof F]: number }
  readonly size: number
}

/** A member and its place, in bytes. */
interface Member {
  readonly name: string
  readonly field: Field
  readonly at: number
  readonly size: number
}

/** Values of a structure's members; absent ones are zero. */
export type Values<F extends Fields> = {
  readonly [K in keyof F as F[K] extends object ? never : K]?:
    | (F[K] extends 'pointer'
        ? Uint8Array
        : F[K] extends 'u32' | 'i32'
          ? number
          : F[K] extends 'u64'
            ? number | bigint
            : string)
    | undefined
}

/** A structure ready for the kernel, and the buffers it points to. The kernel is told `bytes.length`, nothing else. */
export interface Attr {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly pointers: Pointers
}

/** This machine's byte order, as DataView wants it. */
export const littleEndian: boolean = endianness() === 'LE'

/** Lays out a structure. */
export function struct<const F extends Fields>(fields: F): Layout<F> {
  const at: Record<string, number> = {}
  const members: Member[] = []
  let end = 0
  let widest = 1
  for (const [name, field] of Object.entries(fields)) {
    const [size, alignment] = measure(field)
    at[name] = align(end, alignment)
    members.push({ name, field, at: align(end, alignment), size })
    end = align(end, alignment) + size
    widest = Math.max(widest, alignment)
  }
  return { members, at: at as Layout<F>['at'], size: align(end, widest) }
}

/** Fills in a structure: members that are not given are zero, counts follow from the buffers. */
export function encode<const F extends Fields>(layout: Layout<F>, values: Values<F>): Attr {
  const bytes = zeroes(layout.size)
  const view = viewOf(bytes)
  const pointers: (number | Uint8Array)[] = []
  const given = values as Readonly<Record<string, unknown>>
  for (const member of layout.members) {
    const { name, field, at } = member
    const value = given[name]
    if (typeof field === 'object') view.setUint32(at, countOf(field, given), littleEndian)
    else if (value !== undefined) put(view, member, value, pointers)
  }
  return { bytes, view, pointers }
}

/** Memory of its own for a structure, cut from a larger piece: one for each would cost more than the system call. */
function zeroes(size: number): Uint8Array {
  const room = Math.max(Math.ceil(size / 8) * 8, largestAttr)
  if (taken + room > piece.byteLength) {
    piece = new ArrayBuffer(Math.max(room, pieceSize))
    taken = 0
  }
  taken += room
  return new Uint8Array(piece, taken - room, size)
}

const pieceSize = 64 * 1024
let piece = new ArrayBuffer(0)
let taken = 0

/**
 * The kernel writes some answers where they lie in its own `union bpf_attr` (168 bytes on 6.18) without asking how long
 * ours is: `query.revision`, since 6.6. So there is always that much memory behind a structure.
 */
const largestAttr = 512

/** A view of the same bytes. */
export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

/** The text up to the first NUL of a character array. */
export function textAt(bytes: Buffer, at: number, size: number): string {
  let end = at
  while (end < at + size && bytes[end] !== 0) end++
  return bytes.toString('latin1', at, end)
}

/** A u64 as a number, exact up to 2^53; a BigInt for each would cost more than the system call in a long listing. */
export const numberAt = (view: DataView, at: number): number => {
  const [low, high] = littleEndian ? [at, at + 4] : [at + 4, at]
  return view.getUint32(low, littleEndian) + view.getUint32(high, littleEndian) * 2 ** 32
}

/** Text as the kernel takes it: UTF-8 with a NUL behind it. */
export const cString = (text: string): Uint8Array => Buffer.from(`${text}\0`)

/** A name as the kernel accepts it for maps and programs: at most 15 of [A-Za-z0-9_.]. */
export const objectName = (name: string): string => name.replace(/[^A-Za-z0-9_.]/g, '_').slice(0, 15)

const align = (offset: number, alignment: number): number => Math.ceil(offset / alignment) * alignment

/** Size and alignment of a member. */
function measure(field: Field): readonly [number, number] {
  if (typeof field === 'object' || field === 'u32' || field === 'i32') return [4, 4]
  if (field === 'u64' || field === 'pointer') return [8, 8]
  return [Number(/\[(\d+)\]/.exec(field)?.[1]), 1]
}

function countOf(field: { count: string; unit?: number | string }, given: Readonly<Record<string, unknown>>): number {
  const bytes = given[field.count] as Uint8Array | undefined
  const unit = typeof field.unit === 'string' ? (given[field.unit] as number) : (field.unit ?? 1)
  return bytes === undefined || bytes.length === 0 ? 0 : bytes.length / unit
}

function put(view: DataView, { field, at, size }: Member, value: unknown, pointers: (number | Uint8Array)[]): void {
  if (field === 'u32') view.setUint32(at, value as number, littleEndian)
  else if (field === 'i32') view.setInt32(at, value as number, littleEndian)
  else if (field === 'u64') view.setBigUint64(at, BigInt(value as number | bigint), littleEndian)
  else if (field === 'pointer') (value as Uint8Array).length > 0 && pointers.push(at, value as Uint8Array)
  else Buffer.from(view.buffer, view.byteOffset + at, size).write(value as string, 'latin1')
}
