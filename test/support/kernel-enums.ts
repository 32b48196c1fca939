import { existsSync, readFileSync } from 'node:fs'
import { endianness } from 'node:os'
import { btfString, scanTypes } from '../../src/kernel/btf-ids.ts'

const path = '/sys/kernel/btf/vmlinux'
const BTF_KIND_ENUM = 6

/** True where the running kernel describes itself: a probe for `test.skipIf`. */
export const hasKernelBtf: boolean = existsSync(path)

/** Names and values of an enum of the running kernel, in its order. */
export function readKernelEnum(name: string): ReadonlyMap<string, number> {
  const bytes = readFileSync(path)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const littleEndian = endianness() === 'LE'
  const found = new Map<string, number>()
  scanTypes(bytes, (type) => {
    if (type.kind !== BTF_KIND_ENUM || btfString(bytes, type.nameOffset) !== name) return
    for (let at = type.at, i = 0; i < type.length; i++, at += 8) {
      found.set(btfString(bytes, view.getUint32(at, littleEndian)), view.getInt32(at + 4, littleEndian))
    }
  })
  return found
}
