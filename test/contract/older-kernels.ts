import type { Kernel } from '../../src/kernel/kernel.ts'
import { returnConstant } from './assembly.ts'
import { errnoOf, errnoOfLoad, load } from './test-world.ts'

/**
 * True where a kernel answers as the contract says since that version; the kernel in memory answers as the newest. For answers
 * that changed between versions, each found by running the contract on Debian's 5.10, 6.1 and 6.12: the real boundary may lie
 * between two of them.
 */
export function answersSince(kernel: Kernel, version: `${number}.${number}`): boolean {
  const [major = 0, minor = 0] = kernel.identity.release.split('.').map(Number)
  const [wantedMajor = 0, wantedMinor = 0] = version.split('.').map(Number)
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
}

/** Tries whether bpffs can exchange two names (Linux 5.16); `directory` (absolute, on bpffs) is as empty afterwards as before. */
export function canExchange({ bpffs }: Kernel, directory: string): boolean {
  const paths = ['one', 'other'].map((name) => `${directory}/${name}`)
  for (const path of paths) bpffs.makeDirectory(path)
  const errno = errnoOf(() => bpffs.exchange(`${directory}/one`, `${directory}/other`))
  for (const path of paths) bpffs.removeDirectory(path)
  return errno !== 'EINVAL'
}

/** Tries whether the kernel has programs that user space runs, which adders are (BPF_PROG_TYPE_SYSCALL, Linux 5.14). */
export const hasAdders = async (kernel: Kernel): Promise<boolean> =>
  (await errnoOfLoad(load(kernel, returnConstant(0), { type: 'syscall', flags: sleepable }))) !== 'EINVAL'

const sleepable = 0x10
