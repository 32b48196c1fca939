import { BtfIndex } from '../../../src/btf/btf-index.ts'
import type { CoreRelocation } from '../../../src/model/program-spec.ts'
import { BtfTypes } from '../../../src/object/btf/btf-types.ts'
import { type Resolution, resolveRelocations } from '../../../src/object/core/resolve-relocations.ts'
import { Cursor } from '../../../src/object/cursor.ts'
import { KernelTypes } from '../../../src/object/kernel-btf/kernel-types.ts'
import { BtfBuilder } from '../../support/btf-builder.ts'

/** Numbers of `enum bpf_core_relo_kind`. */
export const kinds = {
  fieldOffset: 0,
  fieldSize: 1,
  fieldExists: 2,
  fieldSigned: 3,
  leftShift: 4,
  rightShift: 5,
  localTypeId: 6,
  targetTypeId: 7,
  typeExists: 8,
  typeSize: 9,
  enumeratorExists: 10,
  enumeratorValue: 11,
  typeMatches: 12,
} as const

/** Types of a program and of a kernel; each function builds one side and gives its root type. */
export interface Sides {
  readonly local: (types: BtfBuilder) => number
  readonly kernel: (types: BtfBuilder) => unknown
  /** Of modules, on top of the kernel's. */
  readonly modules?: readonly ((types: BtfBuilder) => unknown)[]
  readonly byteOrder?: 'little' | 'big'
}

/** One relocation, of the program's root type unless said otherwise. */
export interface Ask {
  readonly kind: keyof typeof kinds
  readonly access?: string
  readonly typeId?: number
}

/** What becomes of relocations, in their order. */
export function resolveAll(sides: Sides, asks: readonly Ask[]): readonly Resolution[] {
  const { byteOrder = 'little' } = sides
  const little = byteOrder === 'little'
  const [ours, theirs] = [new BtfBuilder({ little }), new BtfBuilder({ little })]
  const root = sides.local(ours)
  sides.kernel(theirs)
  const main = kernelTypes(theirs)
  const modules = (sides.modules ?? []).map((build) => {
    const types = new BtfBuilder({ little, base: theirs })
    build(types)
    return kernelTypes(types, main)
  })
  const relocations = asks.map(({ kind, access = '0', typeId = root }, index): CoreRelocation => {
    return { section: 'xdp', offset: index * 8, kind: kinds[kind], typeId, access }
  })
  const types = new BtfTypes(new Cursor(ours.bytes(), { byteOrder, object: 'made.bpf.o', section: '.BTF' }))
  const resolved = resolveRelocations({ relocations, types, byteOrder }, { main, modules: () => modules })
  return relocations.map((relocation) => resolved.get(relocation) as Resolution)
}

/** Shows what becomes of one relocation: a number, `poison: why`, `failed: why` or `ambiguous: why`. */
export function resolve(sides: Sides, ask: Ask): number | bigint | string {
  return show(resolveAll(sides, [ask])[0] as Resolution)
}

export function show(resolution: Resolution): number | bigint | string {
  if (resolution.kind !== 'decided') return `${resolution.kind}: ${resolution.what}`
  const { verdict, missing } = resolution
  if (verdict.kind === 'poison') return `poison: ${missing}`
  return verdict.after <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(verdict.after) : verdict.after
}

function kernelTypes(builder: BtfBuilder, base?: KernelTypes): KernelTypes {
  const name = base ? 'a module' : 'vmlinux'
  return new KernelTypes(new BtfIndex(builder.bytes(), { name, ...(base ? { base: base.index } : {}) }), base)
}
