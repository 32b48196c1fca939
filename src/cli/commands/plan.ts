import { makePlan, unconfirmedAt } from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import { differencesIn } from '../differences-option.ts'
import { makeEnvelope } from '../envelope.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import type { OptionValues } from '../option-table.ts'
import { planExitCode } from '../plan-exit-code.ts'
import { policyOf } from '../policy-options.ts'
import { originOf, readManifest, wish } from '../read-manifest.ts'
import { paintOf } from '../say.ts'
import { type OpenKernel, openSession } from '../session.ts'
import { readSituation } from '../situation.ts'
import type { Terminal } from '../terminal.ts'

import { openTimings } from '../timings.ts'
import { type PlanDocument, planDocument } from '../views/plan-document.ts'
import { renderPlanning, renderSaved } from '../views/planning.ts'

/** Shows what apply would do. Reads only, and so needs no lock. */
export async function plan(invocation: Invocation, terminal: Terminal, openKernel?: OpenKernel): Promise<ExitCode> {
  const { operand, options } = invocation
  if (options.against) return await (await import('../plan-against.ts')).planAgainst(invocation, terminal, plan)
  if (operand !== undefined || options['drift-only'])
    return (await import('./drift.ts')).showDrift(invocation, terminal, openKernel)
  using timings = openTimings({ options, terminal })
  const loaded = timings.measure('manifest', () => readManifest(options, terminal))
  using session = await openSession(options, timings, openKernel)
  const desired = { ...wish(loaded, session), ...policyOf(options) }
  const { current, recovery } = readSituation(session, desired, options)
  const found = timings.measure('plan', () => makePlan(current, desired))
  const unconfirmed = unconfirmedAt(current.record, session.kernel.sinceBoot())
  const exitCode = recovery || unconfirmed?.left === 0 ? exitCodes.changes : planExitCode(found)
  const { identity } = session.kernel
  const differences = await differencesIn(options, session.kernel, { current, desired, plan: found })
  const isDocument = options.json || options.format === 'markdown'
  const makeDocument = (): PlanDocument => {
    const envelope = makeEnvelope({ identity, options, terminal, origin: originOf(loaded, session) })
    return planDocument(found, { identity, envelope, differences: differences?.data, recovery, unconfirmed, exitCode })
  }
  const document = isDocument || options.out !== undefined ? makeDocument() : undefined
  if (isDocument && document) terminal.write(await textOf(document, options))
  else {
    const paint = paintOf({ options, terminal })
    const view = { identity, paint, steps: options.steps ?? false, details: differences?.text(paint) }
    terminal.write(renderPlanning({ plan: found, recovery, unconfirmed }, view))
  }
  if (options.out !== undefined && document) {
    const { writePlan } = await import('../saved/write-plan.ts')
    writePlan(document, options.out)
    if (!isDocument) terminal.write(renderSaved(options.out, document))
  }
  return exitCode
}

const textOf = async (document: PlanDocument, { json }: OptionValues): Promise<string> =>
  json ? `${JSON.stringify(document)}\n` : (await import('../views/markdown/plan.ts')).renderMarkdown([document])
