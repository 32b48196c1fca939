import type { Plan, RecoveryPlan, Unconfirmed } from '../index.ts'
import type { ShownDifferences } from './differences.ts'
import { makeEnvelope, type Workplace } from './envelope.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import type { OptionValues } from './option-table.ts'
import { planExitCode } from './plan-exit-code.ts'
import { paintOf } from './say.ts'
import { type PlanDocument, planDocument } from './views/plan-document.ts'
import { renderPlanning, renderSaved } from './views/planning.ts'

/** What `plan` found. */
export interface Planned {
  readonly plan: Plan
  readonly recovery?: RecoveryPlan | undefined
  readonly unconfirmed?: Unconfirmed | undefined
  /** Given with --diff. */
  readonly differences?: ShownDifferences | undefined
}

/** Shows a plan as it was asked for, and saves it where --out says so; the exit code is that of `plan`. */
export async function showPlanning(workplace: Workplace, planned: Planned): Promise<ExitCode> {
  const { identity, options, terminal } = workplace
  const { plan, recovery, unconfirmed, differences } = planned
  const exitCode = recovery || unconfirmed?.left === 0 ? exitCodes.changes : planExitCode(plan)
  const isDocument = options.json || options.format === 'markdown'
  const makeDocument = (): PlanDocument => {
    const context = { identity, envelope: makeEnvelope(workplace), differences: differences?.data, exitCode }
    return planDocument(plan, { ...context, recovery, unconfirmed })
  }
  const document = isDocument || options.out !== undefined ? makeDocument() : undefined
  if (isDocument && document) terminal.write(await textOf(document, options))
  else {
    const paint = paintOf({ options, terminal })
    const view = { identity, paint, steps: options.steps ?? false, details: differences?.text(paint) }
    terminal.write(renderPlanning({ plan, recovery, unconfirmed }, view))
  }
  if (options.out !== undefined && document) {
    const { writePlan } = await import('./saved/write-plan.ts')
    writePlan(document, options.out)
    if (!isDocument) terminal.write(renderSaved(options.out, document))
  }
  return exitCode
}

const textOf = async (document: PlanDocument, { json }: OptionValues): Promise<string> =>
  json ? `${JSON.stringify(document)}\n` : (await import('./views/markdown/plan.ts')).renderMarkdown([document])
