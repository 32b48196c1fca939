import { essentialName } from '../../btf/flavour.ts'
import type { BtfTypes } from '../btf/btf-types.ts'
import type { BtfType } from '../btf/decode-type.ts'
import { describeLayout } from '../btf/layout.ts'
import type { ElfFile } from '../elf/elf-file.ts'
import { readRelocations } from '../elf/relocations.ts'
import type { Section } from '../elf/section.ts'
import type { FunctionTable } from '../programs/functions.ts'
import type { ObjectMap } from './object-map.ts'

/** BPF_F_LINK: the map is attached by a link. Linux 6.4. */
const attachedByLink = 1 << 13

const sectionNames = /^\??\.struct_ops(\.link)?$/

/** True for the sections whose variables are structs of functions for the kernel to call. */
export const isStructOps = (section: Section): boolean => sectionNames.test(section.name) && section.size > 0

/** What struct_ops maps are read from. */
export interface StructOpsSources {
  readonly elf: ElfFile
  readonly types: BtfTypes | undefined
  readonly functions: FunctionTable
}

/** Reads each variable of a struct_ops section as a map. Throws an ObjectError (O020, O021). */
export function readStructOpsMaps({ elf, types, functions }: StructOpsSources, section: Section): readonly ObjectMap[] {
  const bytes = elf.open(section)
  const described = types?.get(types.find('section', section.name) ?? 0)
  if (!types || described?.kind !== 'section')
    return bytes.fail('O020', 'its BTF does not describe it; compile it with -g')
  const programs = readPrograms(elf, section, functions)
  return described.variables.map(({ type, offset }) => {
    const variable = structVariable(types, type) ?? bytes.fail('O020', 'a variable in it is no struct', offset)
    const { name, typeId, struct } = variable
    const own = [...programs].filter(([at]) => at >= offset && at < offset + struct.size)
    const slots = own.map(([at, program]) => {
      const member = struct.members.find(({ bitOffset }) => bitOffset === (at - offset) * 8)
      return [member?.name ?? bytes.fail('O021', `${program} is in no member of ${name}`, at), program] as const
    })
    return {
      name,
      section: section.index,
      offset,
      kind: 'map',
      spec: {
        kind: 'map',
        name,
        section: section.name,
        shape: {
          type: 'struct_ops',
          keySize: 4,
          valueSize: struct.size,
          maxEntries: 1,
          flags: section.name.endsWith('.link') ? attachedByLink : 0,
          mapExtra: 0,
        },
        layout: { value: describeLayout(types, typeId) },
        pinByName: false,
        autoload: !section.name.startsWith('?'),
        contents: {
          kind: 'members',
          type: essentialName(struct.name),
          typeId,
          bytes: bytes.slice(offset, struct.size),
          slots: new Map(slots),
        },
      },
    }
  })
}

interface StructVariable {
  readonly name: string
  readonly typeId: number
  readonly struct: Extract<BtfType, { readonly kind: 'struct' }>
}

function structVariable(types: BtfTypes, id: number): StructVariable | undefined {
  const variable = types.get(id)
  if (variable.kind !== 'variable') return undefined
  const { id: typeId, type: struct } = types.resolve(variable.to)
  return struct.kind === 'struct' && struct.name !== '' ? { name: variable.name, typeId, struct } : undefined
}

/** Names of programs by their byte offset in the section. */
function readPrograms(elf: ElfFile, section: Section, functions: FunctionTable): ReadonlyMap<number, string> {
  const programs = new Map<number, string>()
  for (const { offset, symbol } of readRelocations(elf, section.index).values()) {
    const fn = functions.at(symbol.section, symbol.value)
    if (!fn?.isEntry) elf.open(section).fail('O021', `"${symbol.name}" in it is no program`, offset)
    else programs.set(offset, fn.name)
  }
  return programs
}
