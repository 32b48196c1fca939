import {
  checkDirectory,
  emptyGraph,
  hasChanges,
  keptOnDestroy,
  lockStack,
  makeDestroyPlan,
  readCurrent,
} from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { readManifest } from '../read-manifest.ts'
import { recoverFirst } from '../recover-first.ts'
import { approve, execute, refusalOf, showPlan } from '../run-plan.ts'
import { say } from '../say.ts'
import { sayKept } from '../say-kept.ts'
import { openSession } from '../session.ts'
import { noSuchStack, stackNamed } from '../stacks.ts'
import type { Terminal } from '../terminal.ts'

/** Removes what a stack owns; finishes a destroy that was interrupted. Nothing to do where a manifest's stack is not there. */
export async function destroy({ operand, options }: Invocation, terminal: Terminal): Promise<ExitCode> {
  const stack = operand === undefined ? readManifest(options, terminal).manifest.name : stackNamed(operand)
  using session = await openSession(options)
  const { kernel, bpffs } = session
  const directory = `${bpffs}/${stack}`
  checkDirectory(kernel, { path: directory })
  const stage = { kernel, options, terminal }
  if (kernel.bpffs.stat(directory) === undefined) {
    if (operand !== undefined) throw noSuchStack(session, stack, 'destroy')
    say(stage, { type: 'nothing', version: 1, stack }, `Nothing to destroy: there is no stack ${stack}.\n`)
    return exitCodes.success
  }
  using _lock = lockStack(kernel, directory)
  const { adopt = false, purge = false } = options
  if (!purge && keptOnDestroy(readCurrent(kernel, { bpffs, stack, adopt, graph: emptyGraph })).size > 0) {
    // What stays is a generation, and made like one: what was interrupted is finished first.
    const { situation, exitCode } = await recoverFirst(session, stack, stage)
    if (situation.recovery) return exitCode
  }
  const plan = makeDestroyPlan(readCurrent(kernel, { bpffs, stack, adopt, counts: true }), { purge })
  showPlan(stage, plan)
  const refused = refusalOf(stage, plan)
  if (refused !== undefined) return refused
  if (!hasChanges(plan)) return sayKept(stage, plan, exitCodes.success)
  // Awaited here: the lock and the session end with this function.
  return (await approve(stage, plan)) ? sayKept(stage, plan, await execute(stage, plan)) : exitCodes.error
}
