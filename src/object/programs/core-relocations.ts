import type { CoreRelocation, PlacedRelocation } from '../../model/program-spec.ts'
import type { BtfTypes } from '../btf/btf-types.ts'
import type { InfoTable } from '../btf/ext-info.ts'
import type { Places } from './debug-info.ts'

/** Decodes the CO-RE relocations of `.BTF.ext`. Throws an ObjectError for a text that is not there. */
export function readCoreRelocations({ sections, recordSize }: InfoTable, types: BtfTypes): readonly CoreRelocation[] {
  const little = types.byteOrder === 'little'
  return [...sections].flatMap(([section, { offsets, bytes }]) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    return offsets.map((offset, index) => {
      const word = (at: number): number => view.getUint32(index * recordSize + at, little)
      return { section, offset, typeId: word(4), access: types.text(word(8)), kind: word(12) }
    })
  })
}

/** Those of flattened code, in the order of its functions. */
export function placeRelocations(relocations: readonly CoreRelocation[], places: Places): readonly PlacedRelocation[] {
  if (relocations.length === 0) return []
  return [...places].flatMap(([{ section, offset: start, size }, slot]) =>
    relocations.flatMap((relocation) => {
      const { section: name, offset } = relocation
      if (name !== section.name || offset < start || offset >= start + size) return []
      return [{ instruction: slot + Math.floor((offset - start) / 8), relocation }]
    }),
  )
}
