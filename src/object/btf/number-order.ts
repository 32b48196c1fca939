import type { ByteOrder } from '../cursor.ts'
import { longestChain, modifiers, type TypeSource } from './type-source.ts'

/** Where a number lies. */
export interface NumberPlace {
  readonly byteOrder: ByteOrder
  /** Width of a bit field, 0 for whole bytes. */
  readonly bitSize: number
}

/**
 * The byte order of an integer of this type: that of the place, the machine's, but for what the kernel calls `__be16`, `__be32` or
 * `__be64` (or `__le16` ...).
 */
export function orderOfNumber(types: Pick<TypeSource, 'get'>, typeId: number, place: NumberPlace): ByteOrder {
  let at = typeId
  for (let steps = 0; steps <= longestChain && place.bitSize === 0; steps++) {
    const type = types.get(at)
    const named = type.kind === 'typedef' ? orders.get(type.name.replace(/(16|32|64)$/, '')) : undefined
    if (named || !modifiers.has(type.kind) || !('to' in type)) return named ?? place.byteOrder
    at = type.to
  }
  return place.byteOrder
}

const orders: ReadonlyMap<string, ByteOrder> = new Map([
  ['__be', 'big'],
  ['__le', 'little'],
])
