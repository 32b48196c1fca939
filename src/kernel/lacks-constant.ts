import type { BtfIndex } from '../btf/btf-index.ts'
import { indexBtf } from '../btf/index-btf.ts'
import { kernelConstants } from '../model/kernel-constants.ts'

/** A kernel by its version, and by its types where it has some. */
interface Described {
  /** LINUX_VERSION_CODE. */
  readonly version: number
  vmlinuxBtf(): Uint8Array | undefined
}

/**
 * True where a kernel surely does not have a constant of `kernelConstants`: its own enum lacks it. Its types are read only where it is
 * older than the constant: distributions take some over. Throws an ObjectError (O060) for damaged types.
 */
export function lacksConstant(kernel: Described, name: string): boolean {
  const constant = kernelConstants.get(name)
  if (!constant || versionOf(constant.since) <= kernel.version) return false
  const bytes = kernel.vmlinuxBtf()
  return bytes !== undefined && !isIn(indexBtf(bytes, { name: 'vmlinux' }), constant)
}

function versionOf(since: string): number {
  const [major = 0, minor = 0] = since.split('.').map(Number)
  return (major << 16) | (minor << 8)
}

/** True without any of the enums that are there in every kernel: these are other types than a kernel's. */
function isIn(types: BtfIndex, constant: { readonly enum: string; readonly name: string }): boolean {
  if (types.find(BTF_KIND_ENUM, 'bpf_attach_type').length === 0) return true
  return types.find(BTF_KIND_ENUM, constant.enum).some((id) => namesIn(types, id).includes(constant.name))
}

/** Names of an enum's constants: behind the record's twelve bytes each has one and a value. */
function namesIn(types: BtfIndex, id: number): string[] {
  const little = types.byteOrder === 'little'
  const at = types.offsetOf(id)
  const count = types.records.getUint32(at + 4, little) & 0xffff
  return Array.from({ length: count }, (_, i) => types.text(types.records.getUint32(at + 12 + 8 * i, little)))
}

const BTF_KIND_ENUM = 6
