import type { Invocation } from './arguments.ts'
import type { ExitCode } from './exit-codes.ts'
import { type PlanCommand, planFor } from './fleet/plan-for.ts'
import type { Terminal } from './terminal.ts'
import { UsageError } from './usage-error.ts'

/** Plans for the hosts whose snapshots are given: as `plan` does there, without any kernel here. */
export async function planAgainst(invocation: Invocation, terminal: Terminal, plan: PlanCommand): Promise<ExitCode> {
  refuseKernelOptions(invocation)
  const [file = '', ...more] = invocation.options.against ?? []
  if (more.length === 0) return await planFor(file, { invocation, terminal, plan })
  const { planFleet } = await import('./fleet/plan-fleet.ts')
  return await planFleet([file, ...more], { invocation, terminal, plan })
}

function refuseKernelOptions({ options }: Invocation): void {
  const given = (['kernel', 'state', 'mount-bpffs'] as const).find((name) => options[name] !== undefined)
  if (given === undefined) return
  throw new UsageError(`cannot use --${given} with --against: the kernel is the one of the snapshot`, {
    code: 'C151',
    hint: `leave --${given} out`,
  })
}
