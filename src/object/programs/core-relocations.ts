import type { CoreRelocation } from '../../model/program-spec.ts'
import type { BtfTypes } from '../btf/btf-types.ts'
import type { ExtInfo } from '../btf/ext-info.ts'
import { collect, type Places } from './debug-info.ts'

/** The CO-RE relocations of flattened code. Throws an ObjectError where a record is shorter than it has to be. */
export function coreRelocationsOf(ext: ExtInfo, places: Places, types: BtfTypes): readonly CoreRelocation[] {
  const { byteOrder } = types
  const little = byteOrder === 'little'
  return collect(ext.relocations, places, byteOrder).map(({ bytes }) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const word = (at: number): number => view.getUint32(at, little)
    return { instruction: word(0), typeId: word(4), access: types.text(word(8)), kind: word(12) }
  })
}
