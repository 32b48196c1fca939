import { type MapType, mapTypeOf } from '../../model/map-types.ts'
import type { BtfTypes } from '../btf/btf-types.ts'
import type { BtfType, Member } from '../btf/decode-type.ts'

/** The members of a BTF map definition, as far as they are given. */
export interface MapDefinition {
  type?: number
  keySize?: number
  valueSize?: number
  keyTypeId?: number
  valueTypeId?: number
  maxEntries?: number
  flags?: number
  mapExtra?: number
  pinning?: number
  numaNode?: number
  /** Byte offset of `values` within the definition. */
  valuesOffset?: number
  inner?: MapDefinition
}

/** What a definition is read with; `fail` throws the ObjectError of its map. */
export interface DefinitionContext {
  readonly types: BtfTypes
  readonly fail: (what: string, hint?: string) => never
}

/** Reads the struct that a BTF map definition is. Throws an ObjectError (O020) for what libbpf refuses, too. */
export function readDefinition(typeId: number, context: DefinitionContext): MapDefinition {
  const { type: struct } = context.types.resolve(typeId)
  if (struct.kind !== 'struct') return context.fail(`its type is ${describe(struct)}, not a struct`)
  const definition: MapDefinition = {}
  for (const member of struct.members) {
    const { name } = member
    const read = members.get(name)
    if (!read)
      return context.fail(`its member "${name}" is unknown`, `known members: ${[...members.keys()].join(', ')}`)
    if (name === 'values' && member !== struct.members.at(-1)) context.fail('"values" must be its last member')
    read(definition, member, context)
  }
  return definition
}

type Reader = (definition: MapDefinition, member: Member, context: DefinitionContext) => void
type NumberField = 'type' | 'maxEntries' | 'flags' | 'mapExtra' | 'pinning' | 'numaNode'

const number =
  (field: NumberField): Reader =>
  (definition, member, context) => {
    definition[field] = readNumber(member, context)
  }

const size =
  (field: 'keySize' | 'valueSize'): Reader =>
  (definition, member, context) =>
    setSize(definition, field, { size: readNumber(member, context), context })

const typed =
  (field: 'key' | 'value'): Reader =>
  (definition, member, context) => {
    const { type: pointer } = context.types.resolve(member.type)
    if (pointer.kind !== 'pointer') return context.fail(`its ${field} is not given by __type`)
    const bytes = context.types.sizeOf(pointer.to)
    if (bytes === undefined) return context.fail(`its ${field} has a type without a size`)
    setSize(definition, `${field}Size`, { size: bytes, context })
    definition[`${field}TypeId`] = pointer.to
  }

const members: ReadonlyMap<string, Reader> = new Map(
  Object.entries<Reader>({
    type: number('type'),
    key: typed('key'),
    key_size: size('keySize'),
    value: typed('value'),
    value_size: size('valueSize'),
    max_entries: number('maxEntries'),
    map_flags: number('flags'),
    map_extra: number('mapExtra'),
    numa_node: number('numaNode'),
    pinning: number('pinning'),
    values: readValues,
  }),
)

function setSize(
  definition: MapDefinition,
  field: 'keySize' | 'valueSize',
  { size, context }: { readonly size: number; readonly context: DefinitionContext },
): void {
  const known = definition[field]
  if (known !== undefined && known !== size) context.fail(`its ${field} is given as ${known} and as ${size}`)
  definition[field] = size
}

/** `__uint` is a pointer to an array of that many elements, `__ulong` an enum of one value. */
function readNumber(member: Member, { types, fail }: DefinitionContext): number {
  const { type } = types.resolve(member.type)
  if (type.kind === 'enum') return Number(BigInt.asUintN(64, type.values[0]?.value ?? 0n))
  if (type.kind !== 'pointer') return fail(`its member "${member.name}" is not given by __uint`)
  const { type: array } = types.resolve(type.to)
  return array.kind === 'array' ? array.length : fail(`its member "${member.name}" is not given by __uint`)
}

/** `__array(values, ...)`: programs of a prog_array, or the inner maps of a map of maps with their template. */
function readValues(definition: MapDefinition, member: Member, context: DefinitionContext): void {
  const { types, fail } = context
  const kind = valuesKind(definition.type === undefined ? undefined : mapTypeOf(definition.type))
  if (!kind) return fail('only prog_array, array_of_maps and hash_of_maps have "values"')
  const { type: array } = types.resolve(member.type)
  const pointer = array.kind === 'array' && array.length === 0 ? types.resolve(array.element).type : undefined
  if (pointer?.kind !== 'pointer') return fail('its "values" is not given by __array')
  setSize(definition, 'valueSize', { size: 4, context })
  definition.valuesOffset = Math.floor(member.bitOffset / 8)
  const { type: target } = types.resolve(pointer.to)
  if (kind === 'programs') return target.kind === 'prototype' ? undefined : fail('its "values" are not functions')
  definition.inner = readInner(pointer.to, context)
}

function valuesKind(type: MapType | undefined): 'programs' | 'maps' | undefined {
  if (type === 'prog_array') return 'programs'
  return type === 'array_of_maps' || type === 'hash_of_maps' ? 'maps' : undefined
}

function readInner(typeId: number, context: DefinitionContext): MapDefinition {
  const { type } = context.types.resolve(typeId)
  const nested = type.kind === 'struct' && type.members.some(({ name }) => name === 'values')
  if (nested) return context.fail('its inner map has "values" of its own')
  const inner = readDefinition(typeId, context)
  return inner.pinning ? context.fail('its inner map asks to be pinned') : inner
}

const describe = (type: BtfType): string => ('name' in type && type.name ? `${type.kind} ${type.name}` : type.kind)
