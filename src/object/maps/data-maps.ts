import type { MapSpec, Variable } from '../../model/map-spec.ts'
import type { BtfTypes } from '../btf/btf-types.ts'
import { describeLayout } from '../btf/layout.ts'
import type { ElfFile } from '../elf/elf-file.ts'
import { type Section, sectionTypes } from '../elf/section.ts'
import type { Externs } from '../externs/extern.ts'
import type { ObjectMap } from './object-map.ts'

const readOnlyForPrograms = 0x80
const mappable = 0x400

/** `.data`, `.rodata`, `.bss` and `.percpu`, and those with a name after a dot. */
export function isDataSection(section: Section): boolean {
  if (section.size === 0) return false
  const pattern = section.type === sectionTypes.nobits ? /^\.bss(\.|$)/ : /^\.(data|rodata|percpu)(\.|$)/
  return (section.type === sectionTypes.nobits || section.type === sectionTypes.progbits) && pattern.test(section.name)
}

/** The array map of one entry that a data section becomes; one of `.percpu` is there once for each CPU (Linux 7.2, libbpf 1.8). */
export function readDataMap(elf: ElfFile, section: Section, types: BtfTypes | undefined): ObjectMap {
  const { name } = section
  const frozen = name.startsWith('.rodata')
  const isPerCpu = name.startsWith('.percpu')
  const typeId = types?.find('section', name)
  const described = types && typeId !== undefined ? { types, typeId } : undefined
  const spec: MapSpec = {
    kind: 'map',
    name,
    section: name,
    shape: {
      type: isPerCpu ? 'percpu_array' : 'array',
      keySize: 4,
      valueSize: section.size,
      maxEntries: 1,
      flags: (frozen ? readOnlyForPrograms : 0) | (described && !isPerCpu && hasGlobal(described) ? mappable : 0),
      mapExtra: 0,
    },
    layout: described ? { value: describeLayout(described.types, described.typeId) } : {},
    ...(typeId === undefined ? {} : { valueTypeId: typeId }),
    pinByName: false,
    contents: {
      kind: 'data',
      bytes: elf.open(section).bytes.slice(),
      frozen,
      variables: (described ? describedVariables(described) : namedVariables(elf, section)).filter(isWithin(section)),
    },
  }
  return { name, section: section.index, offset: 0, kind: 'data', spec }
}

/** What lies outside of the section can be neither shown nor set. */
const isWithin =
  (section: Section) =>
  ({ offset, size }: Variable): boolean =>
    offset + size <= section.size

/** The map of one entry that the variables of the kernel's configuration become; what they hold, the kernel decides. */
export function readConfigMap(types: BtfTypes | undefined, externs: Externs): readonly ObjectMap[] {
  const config = [...externs.values()].filter((extern) => extern.kind === 'config')
  const typeId = types?.find('section', configSection)
  if (config.length === 0 || !types || typeId === undefined) return []
  const size = Math.max(...config.map(({ offset, size }) => offset + size))
  const spec: MapSpec = {
    kind: 'map',
    name: configSection,
    section: configSection,
    shape: {
      ...{ type: 'array', keySize: 4, valueSize: size, maxEntries: 1, mapExtra: 0 },
      flags: readOnlyForPrograms | mappable,
    },
    layout: { value: describeLayout(types, typeId) },
    valueTypeId: typeId,
    pinByName: false,
    contents: {
      kind: 'data',
      bytes: new Uint8Array(size),
      frozen: true,
      variables: describedVariables({ types, typeId }),
    },
  }
  return [{ name: configSection, section: -1, offset: 0, kind: 'data', spec }]
}

/** Of an object's BTF; it is no section of the file. */
export const configSection = '.kconfig'

interface Described {
  readonly types: BtfTypes
  readonly typeId: number
}

/** libbpf asks for a mappable map only where something in it is visible outside the object (4fcac46c7e10). */
const hasGlobal = (described: Described): boolean =>
  sectionVariables(described).some(({ variable }) => variable.linkage !== 'static')

export const describedVariables = (described: Described): readonly Variable[] =>
  sectionVariables(described).map(({ variable, offset, size }) => ({
    name: variable.name,
    offset,
    size,
    typeId: variable.to,
  }))

function sectionVariables({ types, typeId }: Described) {
  const type = types.get(typeId)
  if (type.kind !== 'section') return []
  return type.variables.flatMap(({ type: id, offset, size }) => {
    const variable = types.get(id)
    return variable.kind === 'variable' ? [{ variable, offset, size }] : []
  })
}

/** Without BTF the symbols still tell names and places. */
function namedVariables(elf: ElfFile, section: Section): readonly Variable[] {
  return elf.symbols
    .filter(({ kind, section: at, name }) => kind === 'object' && at === section.index && name !== '')
    .map(({ name, value, size }) => ({ name, offset: value, size }))
    .sort((a, b) => a.offset - b.offset)
}
