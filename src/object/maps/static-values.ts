import type { InitialContents } from '../../model/map-spec.ts'
import { mapTypeOf } from '../../model/map-types.ts'
import type { ElfFile } from '../elf/elf-file.ts'
import { type Relocation, readRelocations } from '../elf/relocations.ts'
import type { Section } from '../elf/section.ts'
import type { FunctionTable } from '../programs/functions.ts'
import type { DefinedMap } from './btf-maps.ts'

/** What is needed to know what a relocation of `.maps` names. */
export interface StaticValuesContext {
  readonly elf: ElfFile
  readonly section: Section
  readonly maps: readonly DefinedMap[]
  readonly functions: FunctionTable
}

/** Reads the `values` of program arrays and of maps of maps, by map name. Throws an ObjectError (O021). */
export function readStaticValues(context: StaticValuesContext): ReadonlyMap<string, InitialContents> {
  const slots = new Map<DefinedMap, Map<number, string>>()
  for (const relocation of readRelocations(context.elf, context.section.index).values()) {
    const map = context.maps.find(
      ({ offset, size }) => relocation.offset >= offset && relocation.offset < offset + size,
    )
    if (!map) return fail(context, relocation, 'a value belongs to no map')
    const known = slots.get(map) ?? new Map<number, string>()
    slots.set(map, known.set(slotOf(context, map, relocation), targetOf(context, map, relocation)))
  }
  return new Map([...slots].map(([map, values]) => [map.name, contentsOf(map, values)]))
}

function contentsOf(map: DefinedMap, values: ReadonlyMap<number, string>): InitialContents {
  const slots = new Map([...values].sort(([a], [b]) => a - b))
  return { kind: map.definition.inner ? 'maps' : 'programs', slots }
}

/** Values are pointers of the BPF target: 8 bytes each. */
function slotOf(context: StaticValuesContext, map: DefinedMap, relocation: Relocation): number {
  const { valuesOffset, keySize, maxEntries = 0, type } = map.definition
  if (valuesOffset === undefined) return fail(context, relocation, `map ${map.name} has no "values"`)
  const slot = (relocation.offset - map.offset - valuesOffset) / 8
  if (slot < 0 || !Number.isInteger(slot)) return fail(context, relocation, `a value of map ${map.name} is misplaced`)
  const isHash = mapTypeOf(type ?? 0) === 'hash_of_maps'
  if (isHash && keySize !== 4) return fail(context, relocation, `map ${map.name} has values but no 4-byte key`)
  if (!isHash && slot >= maxEntries) {
    return fail(context, relocation, `value ${slot} of map ${map.name} is beyond its ${maxEntries} entries`)
  }
  return slot
}

function targetOf(context: StaticValuesContext, map: DefinedMap, { symbol, offset }: Relocation): string {
  const { functions, elf } = context
  const named = map.definition.inner
    ? context.maps.find((other) => symbol.section === context.section.index && other.offset === symbol.value)
    : functions.at(symbol.section, symbol.value)
  const what = map.definition.inner ? 'map' : 'program'
  if (named && (!('isEntry' in named) || named.isEntry)) return named.name
  const place = { offset, symbol }
  return fail(context, place, `"${symbol.name}" in map ${map.name} of ${elf.name} is no ${what}`)
}

const fail = ({ elf, section }: StaticValuesContext, { offset }: Relocation, what: string): never =>
  elf.open(section).fail('O021', what, offset)
