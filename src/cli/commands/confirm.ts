import {
  checkDirectory,
  emptyGraph,
  lockStack,
  makeConfirmPlan,
  type Plan,
  PlanError,
  readCurrent,
} from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import type { Session } from '../command-session.ts'
import type { ExitCode } from '../exit-codes.ts'
import { readManifest } from '../read-manifest.ts'
import { execute } from '../run-plan.ts'
import { openSession } from '../session.ts'
import { noSuchStack, stackNamed } from '../stacks.ts'
import type { Terminal } from '../terminal.ts'

/** Keeps a generation that was applied with --confirm: its record says so from then on, and who waits for that ends. */
export async function confirm({ operand, options }: Invocation, terminal: Terminal): Promise<ExitCode> {
  const stack = operand === undefined ? readManifest(options, terminal).manifest.name : stackNamed(operand)
  using session = await openSession(options)
  const { kernel, bpffs } = session
  const directory = `${bpffs}/${stack}`
  checkDirectory(kernel, { path: directory })
  if (kernel.bpffs.stat(directory) === undefined) throw noSuchStack(session, stack, 'confirm')
  // Who asks again and again until there is something to confirm must not keep the apply that makes it from the lock.
  planConfirm(session, stack)
  using _lock = lockStack(kernel, directory)
  // Awaited here: the lock and the session end with this function.
  return await execute({ kernel, options, terminal }, planConfirm(session, stack))
}

function planConfirm({ kernel, bpffs }: Session, stack: string): Plan {
  const current = readCurrent(kernel, { bpffs, stack, graph: emptyGraph })
  const plan = makeConfirmPlan(current)
  if (plan) return plan
  throw new PlanError(`cannot confirm ${stack}: generation ${current.generation} does not await confirmation`, {
    code: 'P406',
    hint: 'pinfold apply --confirm TIME makes one that does; what was confirmed, taken back or is not published yet, does not',
  })
}
