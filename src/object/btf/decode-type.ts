import { recordSize } from '../../btf/index-records.ts'
import type { Cursor } from '../cursor.ts'

export interface Member {
  readonly name: string
  readonly type: number
  /** Bits from the start of the struct. */
  readonly bitOffset: number
  /** Width in bits of a bit field, 0 for an ordinary member. */
  readonly bitSize: number
}

interface Enumerator {
  readonly name: string
  readonly value: bigint
}

export interface SectionVariable {
  readonly type: number
  readonly offset: number
  readonly size: number
}

interface Composite {
  readonly name: string
  readonly size: number
  readonly members: readonly Member[]
}

/** One BTF type. Types refer to each other by id; 0 is void. */
export type BtfType =
  | { readonly kind: 'void' }
  | {
      readonly kind: 'int'
      readonly name: string
      readonly size: number
      readonly signed: boolean
      readonly bool: boolean
      /** Fewer than 8 * size for an old-style bit field. */
      readonly bits: number
      /** Of an old-style bit field; clang and pahole write 0. */
      readonly bitOffset: number
    }
  | { readonly kind: 'pointer'; readonly to: number }
  | { readonly kind: 'array'; readonly element: number; readonly length: number }
  | ({ readonly kind: 'struct' } & Composite)
  | ({ readonly kind: 'union' } & Composite)
  | {
      readonly kind: 'enum'
      readonly name: string
      readonly size: number
      readonly signed: boolean
      /** An `enum64`. */
      readonly wide: boolean
      readonly values: readonly Enumerator[]
    }
  | { readonly kind: 'forward'; readonly name: string; readonly of: 'struct' | 'union' }
  | {
      readonly kind: 'typedef' | 'volatile' | 'const' | 'restrict' | 'type-tag'
      readonly name: string
      readonly to: number
    }
  | { readonly kind: 'function'; readonly name: string; readonly prototype: number; readonly linkage: Linkage }
  | { readonly kind: 'prototype'; readonly returns: number; readonly parameters: readonly number[] }
  | { readonly kind: 'variable'; readonly name: string; readonly to: number; readonly linkage: Linkage }
  | {
      readonly kind: 'section'
      readonly name: string
      readonly size: number
      readonly variables: readonly SectionVariable[]
    }
  | { readonly kind: 'float'; readonly name: string; readonly size: number }
  | { readonly kind: 'tag'; readonly name: string; readonly to: number; readonly component: number }

type Linkage = 'static' | 'global' | 'extern'

/** The kind number and whole size in bytes of the type record at an offset; throws an ObjectError for an unknown kind. */
export function measureType(types: Cursor, at: number): { readonly kind: number; readonly size: number } {
  const info = types.u32(at + 4)
  const kind = (info >>> 24) & 31
  const size = recordSize(info)
  if (size === undefined) return types.fail('O010', `BTF kind ${kind} is unknown`, at)
  types.slice(at, size)
  return { kind, size }
}

/** Decodes the type record at an offset. */
export function decodeType(types: Cursor, at: number, text: (offset: number) => string): BtfType {
  const info = types.u32(at + 4)
  const kind = (info >>> 24) & 31
  const record: TypeRecord = {
    types,
    text,
    at: at + 12,
    name: text(types.u32(at)),
    count: info & 0xffff,
    flag: info >>> 31 === 1,
    size: types.u32(at + 8),
  }
  return decoders[kind]?.(record) ?? types.fail('O010', `BTF kind ${kind} is unknown`, at)
}

interface TypeRecord {
  readonly types: Cursor
  readonly text: (offset: number) => string
  readonly at: number
  readonly name: string
  readonly count: number
  readonly flag: boolean
  /** Size or type id, as the kind has it. */
  readonly size: number
}

const modifier =
  (kind: 'typedef' | 'volatile' | 'const' | 'restrict' | 'type-tag') =>
  ({ name, size }: TypeRecord): BtfType => ({ kind, name, to: size })

const composite =
  (kind: 'struct' | 'union') =>
  (record: TypeRecord): BtfType => ({ kind, name: record.name, size: record.size, members: members(record) })

/** By number in `enum btf_kind`. */
const decoders: readonly ((record: TypeRecord) => BtfType)[] = [
  () => ({ kind: 'void' }),
  integer,
  ({ size }) => ({ kind: 'pointer', to: size }),
  ({ types, at }) => ({ kind: 'array', element: types.u32(at), length: types.u32(at + 8) }),
  composite('struct'),
  composite('union'),
  (record) => enumeration(record, 8),
  ({ name, flag }) => ({ kind: 'forward', name, of: flag ? 'union' : 'struct' }),
  modifier('typedef'),
  modifier('volatile'),
  modifier('const'),
  modifier('restrict'),
  ({ name, size, count }) => ({ kind: 'function', name, prototype: size, linkage: linkages[count] ?? 'extern' }),
  (record) => ({
    kind: 'prototype',
    returns: record.size,
    parameters: each(record, 8, (at) => record.types.u32(at + 4)),
  }),
  ({ name, size, types, at }) => ({ kind: 'variable', name, to: size, linkage: linkages[types.u32(at)] ?? 'extern' }),
  (record) => ({ kind: 'section', name: record.name, size: record.size, variables: sectionVariables(record) }),
  ({ name, size }) => ({ kind: 'float', name, size }),
  ({ name, size, types, at }) => ({ kind: 'tag', name, to: size, component: types.i32(at) }),
  modifier('type-tag'),
  (record) => enumeration(record, 12),
]

/** By number in `enum btf_kind`. */
const kindNames: readonly BtfType['kind'][] = [
  'void',
  'int',
  'pointer',
  'array',
  'struct',
  'union',
  'enum',
  'forward',
  'typedef',
  'volatile',
  'const',
  'restrict',
  'function',
  'prototype',
  'variable',
  'section',
  'float',
  'tag',
  'type-tag',
  'enum',
]

/** Numbers in `enum btf_kind` of a kind: `enum` has two. */
export const kindNumbers = (kind: BtfType['kind']): readonly number[] =>
  kindNames.flatMap((name, number) => (name === kind ? [number] : []))

const linkages: readonly Linkage[] = ['static', 'global', 'extern']

function each<T>({ at, count }: TypeRecord, size: number, read: (at: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => read(at + index * size))
}

function integer({ name, size, types, at }: TypeRecord): BtfType {
  const encoding = types.u32(at)
  const flags = encoding >>> 24
  const bits = { bits: encoding & 0xff, bitOffset: (encoding >>> 16) & 0xff }
  return { kind: 'int', name, size, signed: (flags & 1) !== 0, bool: (flags & 4) !== 0, ...bits }
}

function members(record: TypeRecord): Member[] {
  const { types, text, flag } = record
  return each(record, 12, (at) => {
    const offset = types.u32(at + 8)
    const place = flag ? { bitOffset: offset & 0xffffff, bitSize: offset >>> 24 } : { bitOffset: offset, bitSize: 0 }
    return { name: text(types.u32(at)), type: types.u32(at + 4), ...place }
  })
}

function enumeration(record: TypeRecord, width: 8 | 12): BtfType {
  const { types, text, flag: signed, name, size } = record
  const value = (at: number): bigint => {
    const low = signed && width === 8 ? types.i32(at + 4) : types.u32(at + 4)
    if (width === 8) return BigInt(low)
    return (BigInt(signed ? types.i32(at + 8) : types.u32(at + 8)) << 32n) | BigInt(low)
  }
  const values = each(record, width, (at) => ({ name: text(types.u32(at)), value: value(at) }))
  return { kind: 'enum', name, size, signed, wide: width === 12, values }
}

function sectionVariables(record: TypeRecord): SectionVariable[] {
  const { types } = record
  return each(record, 12, (at) => ({ type: types.u32(at), offset: types.u32(at + 4), size: types.u32(at + 8) }))
}
