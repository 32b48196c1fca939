import { makePlan, unconfirmedAt } from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import { makeEnvelope } from '../envelope.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { planExitCode } from '../plan-exit-code.ts'
import { originOf, readManifest, wish } from '../read-manifest.ts'
import { openSession } from '../session.ts'
import { readSituation } from '../situation.ts'
import { painter, type Terminal } from '../terminal.ts'
import { openTimings } from '../timings.ts'
import { renderUnconfirmed } from '../views/confirmation.ts'
import { renderPlan } from '../views/plan.ts'
import { type PlanDocument, planDocument } from '../views/plan-document.ts'
import { renderRecovery } from '../views/recovery.ts'

/** Shows what apply would do. Reads only, and so needs no lock. */
export async function plan({ options }: Invocation, terminal: Terminal): Promise<ExitCode> {
  using timings = openTimings({ options, terminal })
  const loaded = timings.measure('manifest', () => readManifest(options, terminal))
  using session = await openSession(options, timings)
  const desired = wish(loaded, session)
  const { current, recovery } = readSituation(session, desired, options)
  const found = timings.measure('plan', () => makePlan(current, desired))
  const unconfirmed = unconfirmedAt(current.record, session.kernel.sinceBoot())
  const exitCode = recovery || unconfirmed?.left === 0 ? exitCodes.changes : planExitCode(found)
  const { identity } = session.kernel
  if (options.json || options.format === 'markdown') {
    const envelope = makeEnvelope({ identity, options, terminal, origin: originOf(loaded, session) })
    const document = planDocument(found, { identity, envelope, recovery, unconfirmed, exitCode })
    terminal.write(
      options.json
        ? `${JSON.stringify(document)}
`
        : await asMarkdown(document),
    )
    return exitCode
  }
  const paint = painter(terminal.color && !options['no-color'])
  if (recovery) terminal.write(`${renderRecovery(recovery, paint)}\n`)
  if (unconfirmed) terminal.write(`${renderUnconfirmed(desired.stack, unconfirmed)}\n`)
  terminal.write(renderPlan(found, { identity, paint, steps: options.steps ?? false }))
  return exitCode
}

const asMarkdown = async (document: PlanDocument): Promise<string> =>
  (await import('../views/markdown/plan.ts')).renderMarkdown([document])
