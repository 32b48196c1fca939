import type { Conversion, Move } from './conversion.ts'

/** Converts `count` keys or values that lie in a row. `to` keeps what no move reaches: zeros, where it is a fresh buffer. */
export type ConvertBatch = (from: Uint8Array, to: Uint8Array, count: number) => void

/** How far apart values lie, in bytes, and how their numbers are stored. */
export interface BatchShape {
  readonly fromStride: number
  readonly toStride: number
  readonly byteOrder: 'little' | 'big'
}

/**
 * Compiles a conversion to a loop for each move, over whole batches: no object for an entry, no branch within. Both buffers
 * must begin at an address that suits 4-byte words (a fresh Uint8Array does).
 */
export function compileConversion({ moves }: Pick<Conversion, 'moves'>, shape: BatchShape): ConvertBatch {
  const compiled = moves.map((move) => compileMove(move, shape))
  return (from, to, count) => {
    for (const run of compiled) run(from, to, count)
  }
}

function compileMove(move: Move, shape: BatchShape): ConvertBatch {
  if (move.kind === 'bits') return moveBits(move, shape)
  if (move.kind === 'resize') return resize(move, shape)
  const { from, to, size } = move
  const { fromStride, toStride } = shape
  if (from === 0 && to === 0 && size === fromStride && size === toStride)
    return (source, target, count) => target.set(source.subarray(0, count * size))
  const wordwise = [from, to, size, fromStride, toStride].every((it) => it % 4 === 0)
  return wordwise ? copyWords(move, shape) : copyBytes(move, shape)
}

type Copy = Extract<Move, { readonly kind: 'copy' }>

function copyWords({ from, to, size }: Copy, { fromStride, toStride }: BatchShape): ConvertBatch {
  const words = size / 4
  const [first, second] = [from / 4, to / 4]
  const [fromStep, toStep] = [fromStride / 4, toStride / 4]
  return (source, target, count) => {
    const read = wordsOf(source)
    const write = wordsOf(target)
    for (let word = 0; word < words; word++) {
      let at = first + word
      let goal = second + word
      for (let entry = 0; entry < count; entry++, at += fromStep, goal += toStep) write[goal] = read[at] ?? 0
    }
  }
}

const wordsOf = (bytes: Uint8Array): Int32Array =>
  new Int32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 4))

function copyBytes({ from, to, size }: Copy, { fromStride, toStride }: BatchShape): ConvertBatch {
  return (source, target, count) => {
    for (let byte = 0; byte < size; byte++) {
      let at = from + byte
      let goal = to + byte
      for (let entry = 0; entry < count; entry++, at += fromStride, goal += toStride) target[goal] = source[at] ?? 0
    }
  }
}

type Resize = Extract<Move, { readonly kind: 'resize' }>

/** The low bytes are copied; of a larger integer the others are zero, or ones where the number is negative. */
function resize(move: Resize, shape: BatchShape): ConvertBatch {
  const { fromSize, toSize, signed } = move
  const little = shape.byteOrder === 'little'
  const common = Math.min(fromSize, toSize)
  const low = copyBytes(
    {
      kind: 'copy',
      from: move.from + (little ? 0 : fromSize - common),
      to: move.to + (little ? 0 : toSize - common),
      size: common,
    },
    shape,
  )
  const signByte = move.from + (little ? fromSize - 1 : 0)
  const high = move.to + (little ? fromSize : 0)
  const extend = toSize - common
  return (source, target, count) => {
    low(source, target, count)
    for (let entry = 0; entry < count && extend > 0; entry++) {
      const negative = signed && (source[entry * shape.fromStride + signByte] ?? 0) >= 0x80
      const start = entry * shape.toStride + high
      target.fill(negative ? 0xff : 0, start, start + extend)
    }
  }
}

type BitMove = Extract<Move, { readonly kind: 'bits' }>

function moveBits(move: BitMove, { fromStride, toStride, byteOrder }: BatchShape): ConvertBatch {
  const { fromWidth, toWidth, signed } = move
  return (source, target, count) => {
    for (let entry = 0; entry < count; entry++) {
      const start = move.from + entry * fromStride * 8
      const goal = move.to + entry * toStride * 8
      for (let bit = 0; bit < toWidth; bit++) {
        const known = Math.min(bit, fromWidth - 1)
        const value =
          bit < fromWidth || signed ? bitAt(source, place(start, known, fromWidth, byteOrder), byteOrder) : 0
        setBit(target, place(goal, bit, toWidth, byteOrder), { byteOrder, value })
      }
    }
  }
}

/** Where the bit of that weight lies: on little endian the lowest comes first, on big endian the highest. */
function place(start: number, weight: number, width: number, byteOrder: BatchShape['byteOrder']): number {
  return byteOrder === 'little' ? start + weight : start + width - 1 - weight
}

const shiftOf = (at: number, byteOrder: BatchShape['byteOrder']): number =>
  byteOrder === 'little' ? at & 7 : 7 - (at & 7)

const bitAt = (bytes: Uint8Array, at: number, byteOrder: BatchShape['byteOrder']): number =>
  ((bytes[at >> 3] ?? 0) >> shiftOf(at, byteOrder)) & 1

function setBit(
  bytes: Uint8Array,
  at: number,
  { byteOrder, value }: { readonly byteOrder: BatchShape['byteOrder']; readonly value: number },
): void {
  const mask = 1 << shiftOf(at, byteOrder)
  bytes[at >> 3] = ((bytes[at >> 3] ?? 0) & ~mask) | (value ? mask : 0)
}
