import { openMemoryMachine } from '../index.ts'
import type { Invocation } from './arguments.ts'
import type { ExitCode } from './exit-codes.ts'
import { readSnapshot } from './read-snapshot.ts'
import type { OpenedKernel, OpenKernel } from './session.ts'
import type { Terminal } from './terminal.ts'
import { UsageError } from './usage-error.ts'

/** The command `plan`, which may be told how to open its kernel. */
export type PlanCommand = (invocation: Invocation, terminal: Terminal, openKernel: OpenKernel) => Promise<ExitCode>

/** Plans for the hosts whose snapshots are given: as `plan` does there, without any kernel here. */
export async function planAgainst(invocation: Invocation, terminal: Terminal, plan: PlanCommand): Promise<ExitCode> {
  refuseKernelOptions(invocation)
  const [file = ''] = invocation.options.against ?? []
  return await planFor(file, { invocation, terminal, plan })
}

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
  return await plan({ ...invocation, options: { ...options, bpffs } }, terminal, open)
}

function refuseKernelOptions({ options }: Invocation): void {
  const given = (['kernel', 'state', 'mount-bpffs'] as const).find((name) => options[name] !== undefined)
  if (given === undefined) return
  throw new UsageError(`cannot use --${given} with --against: the kernel is the one of the snapshot`, {
    code: 'C151',
    hint: `leave --${given} out`,
  })
}
