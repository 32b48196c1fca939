import type { MapShape, MapSpec } from '../model/map-spec.ts'
import type { Code, ProgramSpec } from '../model/program-spec.ts'
import type { Value } from '../model/value.ts'
import { toHex } from '../util/hex.ts'
import { programTags } from '../util/program-tags.ts'
import { decodeValue } from './btf/decode-value.ts'
import type { ObjectFile } from './object-file.ts'

/** What `pinfold inspect` shows: plain, JSON-able. */
export interface ObjectDescription {
  readonly name: string
  readonly byteOrder: 'little' | 'big'
  readonly license: string
  readonly kernelVersion?: number
  readonly maps: readonly MapDescription[]
  readonly programs: readonly ProgramDescription[]
  readonly notes: readonly string[]
}

interface MapDescription {
  readonly name: string
  readonly section: string
  readonly shape: MapShape
  /** As text; equal texts mean equal layouts. */
  readonly layout: { readonly key?: string; readonly value?: string }
  readonly pinByName: boolean
  /** `btf_decl_tag`s; absent: none. */
  readonly declTags?: readonly string[]
  readonly frozen?: boolean
  /** Variables of a data section with their initial values. */
  readonly variables?: readonly VariableDescription[]
  /** Programs or maps that the object puts into the map, by slot; of a struct_ops map by member. */
  readonly slots?: Readonly<Record<string, string>>
}

interface VariableDescription {
  readonly name: string
  readonly offset: number
  readonly size: number
  readonly value: Value
}

interface ProgramDescription {
  readonly name: string
  readonly section: string
  /** `btf_decl_tag`s; absent: none. */
  readonly declTags?: readonly string[]
  readonly type?: string
  readonly attachType?: string
  readonly attachTarget?: string
  readonly flags: number
  readonly autoload: boolean
  /** 8-byte slots, subprograms included. */
  readonly instructions: number
  /** In the order of first use. */
  readonly maps: readonly string[]
  /** CO-RE relocations, by which the code depends on the kernel. */
  readonly relocations: number
  /** Variables and functions of the kernel in the code, in the order of first use. */
  readonly externs: readonly string[]
  /** Of Linux 6.18 and later, and of earlier kernels; left out where the code depends on the kernel. */
  readonly tags?: { readonly sha256: string; readonly sha1: string }
  /** Names that nothing defines. */
  readonly undefined: readonly string[]
  readonly unsupported: readonly string[]
}

/** Describes everything an object declares. Throws an ObjectError for types that are nested without end. */
export function inspectObject(object: ObjectFile): ObjectDescription {
  const { name, byteOrder, license, kernelVersion, notes } = object
  return {
    name,
    byteOrder,
    license,
    ...(kernelVersion === undefined ? {} : { kernelVersion }),
    maps: object.maps.map((map) => describeMap(object, map)),
    programs: object.programs.map(describeProgram),
    notes,
  }
}

function describeMap(object: ObjectFile, map: MapSpec): MapDescription {
  const { name, section, shape, layout, pinByName, declTags, contents } = map
  const base = { name, section, shape, layout, pinByName, ...(declTags && { declTags }) }
  switch (contents.kind) {
    case 'none':
      return base
    case 'data':
      return { ...base, frozen: contents.frozen, variables: describeVariables(object, contents) }
    case 'programs':
    case 'maps':
    case 'members':
      return { ...base, slots: Object.fromEntries(contents.slots) }
  }
}

function describeVariables(
  { btf, byteOrder }: ObjectFile,
  { bytes, variables }: Extract<MapSpec['contents'], { readonly kind: 'data' }>,
): readonly VariableDescription[] {
  return variables.map(({ name, offset, size, typeId }) => {
    const raw = bytes.subarray(offset, offset + size)
    const value =
      raw.length === size ? decodeValue(raw, { types: btf?.types, typeId, size, byteOrder }) : `0x${toHex(raw)}`
    return { name, offset, size, value }
  })
}

function describeProgram(program: ProgramSpec): ProgramDescription {
  const { kind: _, code, debug: __, functions: ___, relocations, externs, ...rest } = program
  return {
    ...rest,
    instructions: code.instructions.length / 8,
    maps: [...new Set(code.references.map(({ map }) => map))],
    relocations: relocations.length,
    externs: [...new Set(externs.map(({ name }) => name))],
    ...(relocations.length === 0 && externs.length === 0 ? { tags: tagsOf(code) } : {}),
  }
}

function tagsOf({ instructions }: Code): { readonly sha256: string; readonly sha1: string } {
  const [sha256, sha1] = programTags(instructions)
  return { sha256, sha1 }
}
