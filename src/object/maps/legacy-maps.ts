import type { BtfTypes } from '../btf/btf-types.ts'
import type { Cursor } from '../cursor.ts'
import type { ElfFile } from '../elf/elf-file.ts'
import type { Section } from '../elf/section.ts'
import { defineMap } from './define-map.ts'
import type { MapDefinition } from './map-definition.ts'
import type { ObjectMap } from './object-map.ts'

/** True for the sections of the definitions that came before BTF. */
export const isLegacyMaps = (section: Section): boolean =>
  (section.name === 'maps' || section.name.startsWith('maps/')) && section.size > 0

const fields = 20

/** Reads `SEC("maps")`: five numbers each; longer ones only where the rest is zero. Throws an ObjectError (O022). */
export function readLegacyMaps(elf: ElfFile, section: Section, types: BtfTypes | undefined): readonly ObjectMap[] {
  const symbols = elf.symbols
    .filter(
      ({ section: at, kind, name }) => at === section.index && name !== '' && (kind === 'object' || kind === 'none'),
    )
    .sort((a, b) => a.value - b.value)
  const bytes = elf.open(section)
  const size = Math.floor(bytes.size / symbols.length)
  if (symbols.length === 0 || size * symbols.length !== bytes.size || size < fields) {
    return bytes.fail('O022', `${symbols.length} map definitions do not fit in ${bytes.size} bytes`)
  }
  return symbols.map(({ name, value }) => {
    const place = { name, section: section.index, offset: value, kind: 'map' } as const
    const extra = bytes.slice(value + fields, size - fields)
    if (extra.some((byte) => byte !== 0)) return { ...place, unsupported: `map ${name} with options of another loader` }
    const definition = readDefinition(bytes, value, typesOf(name, types))
    const spec = defineMap(definition, { name, section: section.name, ...(types ? { types } : {}) })
    return spec ? { ...place, spec } : { ...place, unsupported: `map ${name} of type ${definition.type}` }
  })
}

function readDefinition(
  bytes: Cursor,
  at: number,
  types: Pick<MapDefinition, 'keyTypeId' | 'valueTypeId'>,
): MapDefinition {
  return {
    type: bytes.u32(at),
    keySize: bytes.u32(at + 4),
    valueSize: bytes.u32(at + 8),
    maxEntries: bytes.u32(at + 12),
    flags: bytes.u32(at + 16),
    ...types,
  }
}

/** `BPF_ANNOTATE_KV_PAIR` left a struct that says the types of key and value. */
function typesOf(name: string, types: BtfTypes | undefined): Pick<MapDefinition, 'keyTypeId' | 'valueTypeId'> {
  const pair = types?.get(types.find('struct', `____btf_map_${name}`) ?? 0)
  if (pair?.kind !== 'struct') return {}
  const [key, value] = pair.members
  return key && value ? { keyTypeId: key.type, valueTypeId: value.type } : {}
}
