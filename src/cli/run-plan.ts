import {
  type ApplyEvent,
  apply,
  type DesiredState,
  type Difference,
  type Kernel,
  type Outcome,
  type Plan,
  type RecoveryPlan,
  verbOf,
} from '../index.ts'
import { sinceStart } from '../util/clock.ts'
import type { ShownDifferences } from './differences.ts'
import { eventDocument } from './documents.ts'
import { makeEnvelope, type Origin, stampOf } from './envelope.ts'
import { type ExitCode, exitCodes, outcomeExitCode } from './exit-codes.ts'
import { LogFile, logExtent } from './log-file.ts'
import type { OptionValues } from './option-table.ts'
import { planExitCode } from './plan-exit-code.ts'
import { showProgress } from './progress.ts'
import { paintOf, printDocument } from './say.ts'
import type { Terminal } from './terminal.ts'
import type { Timings } from './timings.ts'
import { UsageError } from './usage-error.ts'
import { renderOutcome } from './views/outcome.ts'
import { renderPlan } from './views/plan.ts'
import { type PlanDocument, planDocument } from './views/plan-document.ts'
import { renderRecovery } from './views/recovery.ts'

/** Where plans are shown, approved and carried out. */
export interface Stage {
  readonly kernel: Kernel
  readonly options: OptionValues
  readonly terminal: Terminal
  /** Takes the time of plans and steps. */
  readonly timings?: Timings
  /** What the plans come from; absent: not from a manifest. */
  readonly origin?: Origin
  /** The saved plan that is carried out. */
  readonly saved?: PlanDocument
  /** What differs in detail, where that was asked for. */
  readonly differences?: ShownDifferences | undefined
  /** What must be running before an approved plan is carried out; false: it could not be started, nothing is done. */
  readonly beforeRun?: () => Promise<boolean>
}

/** Shows a plan, with what differs in detail where that was asked for: a document on one line, or the text and an empty line. */
export function showPlan(stage: Stage, plan: Plan): void {
  const { differences } = stage
  const { identity } = stage.kernel
  const paint = paintOf(stage)
  const render = (): string => renderPlan(plan, { identity, paint, details: differences?.text(paint) })
  sayPlan(stage, { plan, render, differences: differences?.data })
}

interface Sayable {
  readonly plan: Plan
  readonly render: () => string
  readonly differences?: readonly Difference[] | undefined
}

/** Shows what is done first about an interrupted run. */
export function showRecovery({ origin: _, ...stage }: Stage, recovery: RecoveryPlan): void {
  sayPlan(stage, { plan: recovery, render: () => renderRecovery(recovery, paintOf(stage)) })
}

function sayPlan(stage: Stage, { plan, render, differences }: Sayable): void {
  const { kernel, options, terminal } = stage
  if (!options.json) return terminal.write(render())
  const { identity } = kernel
  const document =
    stage.saved ?? planDocument(plan, { identity, envelope: makeEnvelope({ ...stage, identity }), differences })
  printDocument(terminal, document)
}

/** Says that a plan must not be carried out, and the exit code of that; undefined for one that may be. */
export function refusalOf({ options, terminal }: Stage, plan: Plan): ExitCode | undefined {
  const verdict = planExitCode(plan)
  if (verdict !== exitCodes.blocked && verdict !== exitCodes.error) return undefined
  if (!options.json) terminal.warn('Nothing was changed: the plan above cannot be applied as it is.\n')
  return verdict
}

/** True when the user agrees, or agreed beforehand; throws a UsageError (C108) where nobody can be asked. */
export async function approve({ terminal, options }: Stage, plan: Plan): Promise<boolean> {
  if (options['auto-approve']) return true
  if (!terminal.interactive || options.json) {
    throw new UsageError(`cannot ${verbOf(plan)} ${plan.stack}: nobody can be asked for approval here`, {
      code: 'C108',
      hint: 'look at the plan, then pass --auto-approve',
    })
  }
  const answer = await terminal.ask(`${questions[plan.action]}? Only 'yes' is accepted: `)
  if (answer?.trim() === 'yes') return true
  terminal.write(`${answer === undefined ? '\n' : ''}Nothing was changed.\n`)
  return false
}

const questions: Readonly<Record<Plan['action'], string>> = {
  apply: 'Apply these changes',
  confirm: 'Keep it',
  import: 'Import these objects',
  rollback: 'Roll back',
  destroy: 'Destroy this stack',
  recover: 'Do that',
  repair: 'Repair that',
  forget: 'Let these leave the stack',
}

/** Carries a plan out and reports each step; the exit code is the outcome's. An interrupt, or the end of the terminal, undoes it. */
export async function execute(stage: Stage, plan: Plan, desired?: DesiredState): Promise<ExitCode> {
  const started = sinceStart()
  const outcome = await run(stage, plan, desired)
  if (outcome.problem?.log) new LogFile(stage).add(outcome.problem.log, plan.stack)
  if (!stage.options.json) closing(stage, { plan, outcome, duration: sinceStart() - started })
  return outcomeExitCode(outcome)
}

async function run(stage: Stage, plan: Plan, desired: DesiredState | undefined): Promise<Outcome> {
  const { kernel, options, terminal } = stage
  using interruption = terminal.catchInterrupt({ hangUp: true })
  const events = apply(kernel, plan, desired, {
    signal: interruption.signal,
    verifierLog: logExtent(options),
    ...(stage.saved && { use: stampOf(stage.saved) }),
  })
  const progress = { terminal, steps: plan.steps.length, paint: paintOf(stage) }
  const report = (event: ApplyEvent): void =>
    options.json ? printDocument(terminal, eventDocument(event)) : showProgress(event, progress)
  for (;;) {
    const { value, done } = await events.next()
    if (done) return value
    stage.timings?.follow(value)
    report(value)
  }
}

interface Ending {
  readonly plan: Plan
  readonly outcome: Outcome
  /** Milliseconds. */
  readonly duration: number
}

function closing(stage: Stage, { plan, outcome, duration }: Ending): void {
  const text = renderOutcome(outcome, { plan, duration, paint: paintOf(stage), isSaved: stage.saved !== undefined })
  const { write, warn } = stage.terminal
  if (outcome.result === 'done' || outcome.result === 'done-kept') write(text)
  else warn(text)
}
