import { openMemoryMachine } from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import type { ExitCode } from '../exit-codes.ts'
import type { OptionValues } from '../option-table.ts'
import { readSnapshot } from '../read-snapshot.ts'
import type { OpenedKernel, OpenKernel } from '../session.ts'
import type { Terminal } from '../terminal.ts'

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
  const machine = openMemoryMachine(snapshot, { isStill: true })
  const open = async (): Promise<OpenedKernel> => {
    const kernel = machine.open()
    return { kernel, [Symbol.dispose]: () => kernel.close() }
  }
  return await plan({ ...invocation, options: { ...options, bpffs } }, at(snapshot.time, options, terminal), open)
}

/** Since when a program is loaded is told by the clock of the moment in which the snapshot was taken; plans are made now. */
function at(time: string, options: OptionValues, terminal: Terminal): Terminal {
  if (!options['drift-only']) return terminal
  // The other properties may be getters.
  return Object.create(terminal, { stamp: { value: () => ({ ...terminal.stamp(), time }) } })
}
