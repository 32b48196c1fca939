import type { BtfFile, Kernel, Measure } from '../index.ts'

/** A kernel for one command. Disposing it ends it, and with --state keeps what lives in memory. */
export interface Session extends Disposable {
  readonly kernel: Kernel
  /** Absolute path of the bpffs root. */
  readonly bpffs: string
  /** BTF that CO-RE takes in the place of the kernel's own. */
  readonly btf?: BtfFile | undefined
  /** Object files that were read, by absolute path. */
  readonly files: Map<string, Uint8Array>
  /** Takes the time of what is read. */
  readonly measure?: Measure | undefined
}
