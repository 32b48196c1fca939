import { makePlan, planRecovery, readCurrent } from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import { type ExitCode, exitCodes, planExitCode } from '../exit-codes.ts'
import { openSession, readManifest, wish } from '../session.ts'
import { painter, type Terminal } from '../terminal.ts'
import { renderPlan } from '../views/plan.ts'
import { planDocument } from '../views/plan-document.ts'
import { renderRecovery } from '../views/recovery.ts'

/** Shows what apply would do. Reads only, and so needs no lock. */
export async function plan({ options }: Invocation, terminal: Terminal): Promise<ExitCode> {
  const loaded = readManifest(options, terminal)
  using session = await openSession(options)
  const { kernel, bpffs } = session
  const desired = wish(loaded, session)
  const current = readCurrent(kernel, { bpffs, stack: desired.stack }, desired)
  const recovery = planRecovery(current)
  const found = makePlan(current, desired)
  const exitCode = recovery ? exitCodes.changes : planExitCode(found)
  const { identity } = kernel
  if (options.json) {
    terminal.write(`${JSON.stringify(planDocument(found, { identity, recovery, exitCode }))}\n`)
    return exitCode
  }
  const paint = painter(terminal.color && !options['no-color'])
  if (recovery) terminal.write(`${renderRecovery(recovery, paint)}\n`)
  terminal.write(renderPlan(found, { identity, paint, steps: options.steps ?? false }))
  return exitCode
}
