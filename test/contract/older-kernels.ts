import type { Kernel } from '../../src/kernel/kernel.ts'

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
