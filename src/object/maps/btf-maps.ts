import { ObjectError } from '../../model/errors.ts'
import type { BtfTypes } from '../btf/btf-types.ts'
import type { BtfType } from '../btf/decode-type.ts'
import type { ElfFile } from '../elf/elf-file.ts'
import type { Section } from '../elf/section.ts'
import { type MapDefinition, readDefinition } from './map-definition.ts'

/** A map of `.maps` before its static values are known. */
export interface DefinedMap {
  readonly name: string
  readonly definition: MapDefinition
  /** Byte offset within `.maps`, and the bytes that it takes there, its static values included. */
  readonly offset: number
  readonly size: number
}

/** Reads every map of the section `.maps`. Throws an ObjectError (O020) that names the map. */
export function readBtfMaps(elf: ElfFile, types: BtfTypes | undefined): readonly DefinedMap[] {
  const section = elf.find('.maps')
  if (!section || section.size === 0) return []
  const bytes = elf.open(section)
  if (!types) return bytes.fail('O020', 'maps are defined by BTF, which it lacks; compile it with -g')
  if (bytes.bytes.some((byte) => byte !== 0)) bytes.fail('O020', 'a map is defined by values; use __uint and __type')
  const described = types.get(types.find('section', '.maps') ?? 0)
  if (described.kind !== 'section') return bytes.fail('O020', 'its BTF does not describe the maps; compile it with -g')
  // Of two symbols of one name the first counts.
  const sizes = new Map(
    elf
      .symbolsIn(section.index)
      .toReversed()
      .map(({ name, size }) => [name, size]),
  )
  return described.variables.map((variable) =>
    readMap({ elf, types, section, sizes }, types.get(variable.type), variable.offset),
  )
}

interface Context {
  readonly elf: ElfFile
  readonly types: BtfTypes
  readonly section: Section
  /** Bytes of each symbol in the section. */
  readonly sizes: ReadonlyMap<string, number>
}

function readMap({ elf, types, section, sizes }: Context, variable: BtfType, offset: number): DefinedMap {
  const fail =
    (name: string) =>
    (what: string, hint?: string): never => {
      throw new ObjectError(`cannot read map ${name} of ${elf.name}: ${what}`, {
        code: 'O020',
        section: section.name,
        offset: section.offset + offset,
        ...(hint === undefined ? {} : { hint }),
      })
    }
  if (variable.kind !== 'variable') return fail(`at byte ${offset}`)('its BTF is not a variable')
  if (variable.linkage === 'static') fail(variable.name)('it is static, and so has no name that a loader could use')
  const definition = readDefinition(variable.to, { types, fail: fail(variable.name) })
  if ((definition.pinning ?? 0) > 1) fail(variable.name)(`pinning ${definition.pinning} is unknown`)
  if (!definition.type) fail(variable.name)('it has no type')
  return { name: variable.name, definition, offset, size: sizes.get(variable.name) || types.sizeOf(variable.to) || 0 }
}
