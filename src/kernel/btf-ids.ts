import { indexBtf } from '../btf/index-btf.ts'
import type { Machine } from '../model/machine.ts'
import { kernelError } from './errno.ts'

/**
 * Id of a function (or, for a `btf_trace_` name, of a typedef) in the kernel's BTF, as `attach_btf_id` wants it.
 * Throws a KernelError: ENOENT where the kernel has no BTF, K105 where the name is not in it.
 */
export function kernelBtfId(name: string, machine: Pick<Machine, 'vmlinuxBtf'>): number {
  const failure = { command: 'open', errno: 'ENOENT', doing: `find ${name} in the kernel's BTF`, target: name }
  const bytes = machine.vmlinuxBtf()
  if (!bytes) throw kernelError({ ...failure, what: 'this kernel does not describe its types (CONFIG_DEBUG_INFO_BTF)' })
  const kind = name.startsWith('btf_trace_') ? BTF_KIND_TYPEDEF : BTF_KIND_FUNC
  const [id] = indexBtf(bytes, { name: 'vmlinux' }).find(kind, name)
  if (id === undefined) throw kernelError({ ...failure, what: 'this kernel has no such function', code: 'K105' })
  return id
}

const BTF_KIND_TYPEDEF = 8
const BTF_KIND_FUNC = 12
