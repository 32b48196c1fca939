import type { MapState } from '../model/state.ts'
import { BtfTypes } from '../object/btf/btf-types.ts'
import type { BtfType } from '../object/btf/decode-type.ts'
import { namedOrder } from '../object/btf/number-order.ts'
import { type ByteOrder, Cursor } from '../object/cursor.ts'
import { unlessDamaged } from '../object/unless-damaged.ts'

/** A type in the BTF of the new object, which knows what its layout does not say: the names of numbers. */
export interface NamedType {
  readonly types: BtfTypes
  readonly id: number
}

/** The types of objects, each read when it is first asked for; none where they are damaged. */
export function typesOf(btf: ReadonlyMap<string, Uint8Array>, byteOrder: ByteOrder) {
  const known = new Map<string, BtfTypes | undefined>()
  return ({ btf: described }: MapState, part: 'key' | 'value'): NamedType | undefined => {
    if (!described) return undefined
    const { object, keyTypeId, valueTypeId } = described
    const bytes = btf.get(object)
    if (bytes && !known.has(object))
      known.set(
        object,
        unlessDamaged(() => read(bytes, byteOrder)),
      )
    const types = known.get(object)
    return types && { types, id: part === 'key' ? keyTypeId : valueTypeId }
  }
}

const read = (bytes: Uint8Array, byteOrder: ByteOrder): BtfTypes =>
  new BtfTypes(new Cursor(bytes, { byteOrder, object: 'BTF' }))

/** The type of an array's elements, of a member, or of a variable in a section, by its place in the layout. */
export function inside(named: NamedType | undefined, index: number): NamedType | undefined {
  if (!named) return undefined
  const { types } = named
  const type = unlessDamaged(() => types.resolve(named.id).type)
  const id = type && idInside(type, types, index)
  return id === undefined ? undefined : { types, id }
}

function idInside(type: BtfType, types: BtfTypes, index: number): number | undefined {
  if (type.kind === 'array') return type.element
  if (type.kind === 'struct' || type.kind === 'union') return type.members[index]?.type
  if (type.kind !== 'section') return undefined
  const variable = types.get(type.variables[index]?.type ?? 0)
  return variable.kind === 'variable' ? variable.to : undefined
}

/** The enumerator that a number is. */
export function enumeratorOf(named: NamedType | undefined, value: bigint): string | undefined {
  const type = named && unlessDamaged(() => named.types.resolve(named.id).type)
  return type?.kind === 'enum' ? type.values.find((one) => one.value === value)?.name : undefined
}

/** The byte order that the name of a number's type tells, as `__be16` does. */
export const orderIn = (named: NamedType | undefined): ByteOrder | undefined =>
  named && unlessDamaged(() => namedOrder(named.types, named.id))
