import type { CoreRelocation, PlacedRelocation } from '../../model/program-spec.ts'
import type { BtfTypes } from '../btf/btf-types.ts'
import type { InfoTable } from '../btf/ext-info.ts'
import type { Places } from './debug-info.ts'
import type { FunctionTable, ObjectFunction } from './functions.ts'

/** The CO-RE relocations of an object. */
export interface CoreRelocations {
  /** In the file's order. */
  readonly all: readonly CoreRelocation[]
  readonly byFunction: ReadonlyMap<ObjectFunction, readonly CoreRelocation[]>
}

/** Of an object without any. */
export const noRelocations: CoreRelocations = { all: [], byFunction: new Map() }

/**
 * Decodes the CO-RE relocations of `.BTF.ext`. Those of functions that a linker took out (weak ones of several units) are left
 * out, too. Throws an ObjectError for a text that is not there.
 */
export function readCoreRelocations(table: InfoTable, types: BtfTypes, { all }: FunctionTable): CoreRelocations {
  const sections = decode(table, types)
  const byFunction = new Map<ObjectFunction, readonly CoreRelocation[]>()
  for (const fn of all) {
    const inside = sections
      .get(fn.section.name)
      ?.filter(({ offset }) => offset >= fn.offset && offset < fn.offset + fn.size)
    if (inside && inside.length > 0) byFunction.set(fn, inside)
  }
  const covered = new Set([...byFunction.values()].flat())
  return { all: [...sections.values()].flat().filter((relocation) => covered.has(relocation)), byFunction }
}

function decode({ sections, recordSize }: InfoTable, types: BtfTypes): ReadonlyMap<string, readonly CoreRelocation[]> {
  const little = types.byteOrder === 'little'
  const decoded = [...sections].map(([section, { offsets, bytes }]) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const relocations = offsets.map((offset, index): CoreRelocation => {
      const word = (at: number): number => view.getUint32(index * recordSize + at, little)
      return { section, offset, typeId: word(4), access: types.text(word(8)), kind: word(12) }
    })
    return [section, relocations] as const
  })
  return new Map(decoded)
}

/** Those of flattened code, in the order of its functions. */
export function placeRelocations({ byFunction }: CoreRelocations, places: Places): readonly PlacedRelocation[] {
  return [...places].flatMap(([fn, slot]) =>
    (byFunction.get(fn) ?? []).map((relocation) => {
      const instruction = slot + Math.floor((relocation.offset - fn.offset) / 8)
      return { instruction, relocation }
    }),
  )
}
