import type { HostSnapshot } from '../../src/kernel/host-snapshot.ts'
import type { Kernel } from '../../src/kernel/kernel.ts'
import { type MemoryMachine, openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import { PinfoldError } from '../../src/model/errors.ts'
import { takeSnapshot } from '../../src/state/snapshot/take-snapshot.ts'

export const throughJson = <T>(data: T): T => JSON.parse(JSON.stringify(data))

/** What `pinfold snapshot` would write down. */
export async function snapshotOf(kernel: Kernel, bpffs: string): Promise<HostSnapshot> {
  return throughJson(await takeSnapshot(kernel, { bpffs, tool: 'pinfold test', time: '2026-01-01T00:00:00.000Z' }))
}

/** A machine that is what another one was when the snapshot was taken. */
export const copyOf = async (kernel: Kernel, bpffs: string): Promise<MemoryMachine> =>
  openMemoryMachine(await snapshotOf(kernel, bpffs))

/** The code of the error that a call throws. */
export function codeOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (error instanceof PinfoldError) return error.code
    throw error
  }
  throw new Error('nothing was thrown')
}
