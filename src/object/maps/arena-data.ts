import type { MapSpec } from '../../model/map-spec.ts'
import type { BtfTypes } from '../btf/btf-types.ts'
import type { ElfFile } from '../elf/elf-file.ts'
import { describedVariables } from './data-maps.ts'
import type { ObjectMap } from './object-map.ts'

/** Variables of address space 1. */
const arenaSection = '.addr_space.1'

/** What an arena's variables are read from. */
interface ArenaSources {
  readonly elf: ElfFile
  readonly types: BtfTypes | undefined
}

/**
 * The maps, the arena with the object's `__arena` variables, and once more for whoever refers to those. Throws an
 * ObjectError (O020) where the arena is too small. Linux 6.9.
 */
export function withArenaData({ elf, types }: ArenaSources, maps: readonly ObjectMap[]): readonly ObjectMap[] {
  const section = elf.find(arenaSection)
  if (!section || section.size === 0) return maps
  const bytes = elf.open(section)
  const arena = maps.find(({ spec }) => spec?.shape.type === 'arena')
  // Whoever refers to them is refused by name.
  if (!arena?.spec) return maps
  if (section.size > arena.spec.shape.maxEntries * smallestPage)
    bytes.fail('O020', `its variables take ${section.size} bytes, more than the arena ${arena.name} has`)
  const typeId = types?.find('section', arenaSection)
  const variables = types && typeId !== undefined ? describedVariables({ types, typeId }) : []
  const spec: MapSpec = {
    ...arena.spec,
    contents: { kind: 'data', bytes: bytes.bytes.slice(), frozen: false, variables },
  }
  const filled = maps.map((map) => (map === arena ? { ...map, spec } : map))
  return [...filled, { name: arena.name, section: section.index, offset: 0, kind: 'data', variables: section.size }]
}

const smallestPage = 4096
