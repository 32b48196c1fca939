import { linuxMachine } from '../../src/kernel/machine.ts'
import { KernelBtf } from '../../src/object/kernel-btf/kernel-btf.ts'
import { canTestLinux } from './linux.ts'

/** True where structs of functions are attached by links (Linux 6.4), by the types of the kernel. */
export const canLinkStructs: boolean =
  canTestLinux && (new KernelBtf(linuxMachine()).vmlinux?.find('struct', 'bpf_struct_ops_link').length ?? 0) > 0
