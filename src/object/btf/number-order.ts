import type { ByteOrder } from '../cursor.ts'
import { longestChain, modifiers, type TypeSource } from './type-source.ts'

/** Where a number lies. */
export interface NumberPlace {
  readonly byteOrder: ByteOrder
  /** Width of a bit field, 0 for whole bytes. */
  readonly bitSize: number
}

/** The byte order of an integer of this type: the one that the type's name tells, or else that of the place, the machine's. */
export const orderOfNumber = (types: Pick<TypeSource, 'get'>, typeId: number, place: NumberPlace): ByteOrder =>
  (place.bitSize === 0 ? namedOrder(types, typeId) : undefined) ?? place.byteOrder

/** The byte order of what the kernel calls `__be16`, `__be32` or `__be64` (or `__le16` ...); undefined for other types. */
export function namedOrder(types: Pick<TypeSource, 'get'>, typeId: number): ByteOrder | undefined {
  let at = typeId
  for (let steps = 0; steps <= longestChain; steps++) {
    const type = types.get(at)
    const named = type.kind === 'typedef' ? orders.get(type.name.replace(/(16|32|64)$/, '')) : undefined
    if (named || !modifiers.has(type.kind) || !('to' in type)) return named
    at = type.to
  }
  return undefined
}

const orders: ReadonlyMap<string, ByteOrder> = new Map([
  ['__be', 'big'],
  ['__le', 'little'],
])
