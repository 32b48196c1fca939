import type { BtfTypes } from '../btf/btf-types.ts'
import type { ElfFile } from '../elf/elf-file.ts'
import type { Section } from '../elf/section.ts'
import type { Externs } from '../externs/extern.ts'
import type { FunctionTable } from '../programs/functions.ts'
import { withArenaData } from './arena-data.ts'
import { readBtfMaps } from './btf-maps.ts'
import { isDataSection, readConfigMap, readDataMap } from './data-maps.ts'
import { defineMap } from './define-map.ts'
import { isLegacyMaps, readLegacyMaps } from './legacy-maps.ts'
import type { ObjectMap } from './object-map.ts'
import { readStaticValues } from './static-values.ts'
import { isStructOps, readStructOpsMaps } from './struct-ops-maps.ts'

/** What maps are read from. */
export interface MapSources {
  readonly elf: ElfFile
  readonly types: BtfTypes | undefined
  readonly functions: FunctionTable
  readonly externs: Externs
  readonly note: (text: string) => void
}

/** Reads every map, in the order in which libbpf makes them: defined ones, then data sections. Throws an ObjectError. */
export function readMaps(sources: MapSources): readonly ObjectMap[] {
  const { elf, types } = sources
  const legacy = elf.sections.filter(isLegacyMaps)
  if (legacy.length > 0) sources.note('defines maps in the older form SEC("maps"), which libbpf 1.0 dropped')
  const maps = [
    ...legacy.flatMap((section) => readLegacyMaps(elf, section, types)),
    ...readDefinedMaps(sources),
    ...elf.sections.filter(isDataSection).map((section) => readDataMap(elf, section, types)),
    ...readConfigMap(types, sources.externs),
    ...elf.sections.filter(isStructOps).flatMap((section) => readStructOpsMaps(sources, section)),
  ]
  const arena = withArenaData(sources, maps)
  for (const { unsupported } of arena) if (unsupported) sources.note(`${unsupported} is not supported`)
  refuseDuplicates(elf, maps)
  return arena
}

function readDefinedMaps(sources: MapSources): readonly ObjectMap[] {
  const { elf, types } = sources
  const section = elf.find('.maps')
  if (!section || section.size === 0) return []
  const maps = readBtfMaps(elf, types)
  const values = readStaticValues({ elf, section, maps, functions: sources.functions })
  return maps.map(({ name, definition, offset }) => {
    const place = { name, section: section.index, offset, kind: 'map' } as const
    const contents = values.get(name)
    const options = { name, section: section.name, ...(types ? { types } : {}), ...(contents ? { contents } : {}) }
    if (definition.numaNode !== undefined) sources.note(`map ${name} asks for a NUMA node, which is ignored`)
    const spec = defineMap(definition, options)
    return spec ? { ...place, spec } : { ...place, unsupported: `map ${name} of type ${definition.type}` }
  })
}

function refuseDuplicates(elf: ElfFile, maps: readonly ObjectMap[]): void {
  const seen = new Set<string>()
  for (const { name, section } of maps) {
    if (seen.has(name)) elf.open(elf.sections[section] as Section).fail('O023', `two maps are called ${name}`)
    seen.add(name)
  }
}
