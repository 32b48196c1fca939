import { resolve } from 'node:path'
import { type HostSnapshot, openMemoryMachine } from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import type { ExitCode } from '../exit-codes.ts'
import type { OptionValues } from '../option-table.ts'
import { readSnapshot } from '../read-snapshot.ts'
import type { OpenedKernel, OpenKernel } from '../session.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'

/** The command `plan`, which may be told how to open its kernel. */
export type PlanCommand = (invocation: Invocation, terminal: Terminal, openKernel: OpenKernel) => Promise<ExitCode>

/** What is planned, and where it is said. */
export interface PlanTask {
  readonly invocation: Invocation
  readonly terminal: Terminal
  readonly plan: PlanCommand
}

/** Plans for one host; its bpffs root is the one that the snapshot was taken of. */
export async function planFor(file: string, { invocation, terminal, plan }: PlanTask): Promise<ExitCode> {
  const snapshot = readSnapshot(file)
  const { against: _, bpffs = snapshot.bpffs, ...options } = invocation.options
  refuseOtherBpffs(bpffs, { file, snapshot })
  const machine = openMemoryMachine(snapshot, { isStill: true })
  const open = async (): Promise<OpenedKernel> => {
    const kernel = machine.open()
    return { kernel, [Symbol.dispose]: () => kernel.close() }
  }
  return await plan({ ...invocation, options: { ...options, bpffs } }, at(snapshot.time, options, terminal), open)
}

/** What lies on another bpffs of the host nobody has written down. */
function refuseOtherBpffs(
  bpffs: string,
  { file, snapshot }: { readonly file: string; readonly snapshot: HostSnapshot },
): void {
  if (resolve(bpffs) === resolve(snapshot.bpffs)) return
  throw new UsageError(`cannot use --bpffs ${bpffs} with --against: ${file} is a snapshot of ${snapshot.bpffs}`, {
    code: 'C151',
    hint: `leave it out, or make a snapshot of that: pinfold snapshot --bpffs ${bpffs}`,
  })
}

/** Since when a program is loaded is told by the clock of the moment in which the snapshot was taken; plans are made now. */
function at(time: string, options: OptionValues, terminal: Terminal): Terminal {
  if (!options['drift-only']) return terminal
  // The other properties may be getters.
  return Object.create(terminal, { stamp: { value: () => ({ ...terminal.stamp(), time }) } })
}
