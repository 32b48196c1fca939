import { availableParallelism } from 'node:os'
import type { Kernel } from '../kernel/kernel.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import { PlanError } from '../model/errors.ts'
import type { DesiredState } from '../model/state.ts'
import { type Plan, verbOf } from '../plan/plan.ts'
import type { Phase, Step } from '../plan/step.ts'
import { sinceStart } from '../util/clock.ts'
import { keepAccount } from './account.ts'
import { Btf } from './btf.ts'
import { applyCodes } from './codes.ts'
import type { ApplyEvent, Outcome, Problem } from './event.ts'
import { execute } from './execute.ts'
import type { ApplyOptions, Execution } from './execution.ts'
import { Handles } from './handles.ts'
import { lastUses } from './last-uses.ts'
import { loadProgram } from './load-program.ts'
import { precheck } from './precheck.ts'
import { describeFailure, describeProblem, isStale } from './problem.ts'
import { type FailedLoad, ProgramLoads } from './program-loads.ts'
import { retire } from './retire.ts'
import { rollback, type Undo } from './rollback.ts'
import { inverse } from './undo.ts'
import { markUsed } from './use-plan.ts'

/**
 * Carries out a plan and reports each step. Until the new generation is published, a failure is undone in reverse order;
 * from then on the old one is retired as far as possible, and the next apply finishes the rest. Never throws for what the
 * kernel refuses: the outcome says it. `desired` is what the plan was made for; undefined for destroy and recover. The
 * caller holds the stack's lock (lockStack). A caller that stops iterating leaves what a crash leaves: held, and finished by
 * the next apply. Linux 5.7, or newer where a
 * link asks for it (README, Install).
 */
export async function* apply(
  kernel: Kernel,
  plan: Plan,
  desired: DesiredState | undefined,
  options: ApplyOptions = {},
): AsyncGenerator<ApplyEvent, Outcome> {
  yield { type: 'started', stack: plan.stack, action: plan.action, steps: plan.steps.length }
  const task = { kernel, plan, desired, options }
  const outcome = staleOutcome(task) ?? (yield* keepAccount(applySteps(task), plan))
  yield { type: 'finished', outcome }
  return outcome
}

/** What one apply is about. */
interface Task {
  readonly kernel: Kernel
  readonly plan: Plan
  readonly desired: DesiredState | undefined
  readonly options: ApplyOptions
}

async function* applySteps(task: Task): AsyncGenerator<ApplyEvent, Outcome> {
  const { kernel, plan, desired, options } = task
  const diagnostics: Diagnostic[] = []
  using handles = new Handles(kernel, plan.existing)
  using btf = new Btf(kernel, desired?.btf, (diagnostic) => diagnostics.push(diagnostic))
  await using loads = new ProgramLoads({
    steps: plan.steps,
    limit: options.parallelLoads ?? Math.min(4, availableParallelism()),
    load: (target) => loadProgram({ kernel, desired, handles, btf, log: options.verifierLog }, target),
  })
  const patience = options.patience ?? 2000
  const run: Execution = {
    ...{ kernel, plan, desired, handles, btf, loads, patience, diagnostics },
    lingering: new Set(),
    migrated: new Map(),
  }
  return yield* switchOver(run, options.signal)
}

/** Everything up to publishing, then either back or on to retiring. */
async function* switchOver(run: Execution, signal?: AbortSignal): AsyncGenerator<ApplyEvent, Outcome> {
  const { plan, diagnostics } = run
  const done: Undo[] = []
  const failure = yield* runForward(run, done, signal)
  if (failure) {
    const others = await run.loads.abandon()
    const left = yield* rollback(run, done)
    const result = left.length > 0 ? 'incomplete' : failure.result
    const { from: generation } = plan.generation
    return { result, generation, problem: failure.problem, ...alsoFailed(others), left, diagnostics }
  }
  run.handles.releaseRunning()
  const { problem, left } = yield* retire(run, firstOfRetire(plan))
  const result = problem ? 'incomplete' : left.length > 0 ? 'done-kept' : 'done'
  const migrated = run.migrated.size > 0 && { migrated: Object.fromEntries(run.migrated) }
  return { result, generation: plan.generation.to, ...(problem && { problem }), ...migrated, left, diagnostics }
}

/** Programs that were being loaded beside the one whose failure ends the apply. */
function alsoFailed(loads: readonly FailedLoad[]): Pick<Outcome, 'alsoFailed'> {
  if (loads.length === 0) return {}
  return {
    alsoFailed: loads.map(({ target, error }) => describeFailure({ kind: 'load-program', target }, error)),
  }
}

interface Failure {
  readonly problem: Problem
  /** How it ends if everything can be taken back. */
  readonly result: 'nothing-changed' | 'stale' | 'rolled-back'
}

async function* runForward(
  run: Execution,
  done: Undo[],
  signal?: AbortSignal,
): AsyncGenerator<ApplyEvent, Failure | undefined> {
  const closable = lastUses(run.plan, run.desired)
  let phase: Phase | undefined
  for (const [index, step] of run.plan.steps.slice(0, firstOfRetire(run.plan)).entries()) {
    // Who interrupts a small apply is heard by nobody else: its steps follow one another without the event loop.
    if (signal && step.phase !== phase) await turnOfEventLoop()
    phase = step.phase
    yield { type: 'step-started', index, step }
    const started = sinceStart()
    done.push({ index, phase: step.phase, operations: inverse(step) })
    try {
      if (signal?.aborted) throw interrupted(run.plan)
      for (const used of closable.get(index - 1) ?? []) run.handles.settle(used)
      await execute(run, step)
    } catch (error) {
      // What throws has changed nothing, so there is nothing of this step to take back.
      done.pop()
      const problem = describeFailure(step, error)
      yield { type: 'step-failed', index, step, problem }
      const reached = signal?.aborted ? (done.at(-1)?.phase ?? 'prepare') : step.phase
      return { problem, result: isStale(error) ? 'stale' : resultOf(reached) }
    }
    yield { type: 'step-finished', index, step, ms: sinceStart() - started, ...loadTime(run, step) }
  }
  return undefined
}

/** A program was loaded beside other steps: that took longer than the step. */
function loadTime({ loads }: Execution, step: Step): { readonly loadMs?: number } {
  const loadMs = step.kind === 'load-program' ? loads.durationOf(step.target) : undefined
  return loadMs === undefined ? {} : { loadMs }
}

const turnOfEventLoop = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

function firstOfRetire(plan: Plan): number {
  const first = plan.steps.findIndex((step) => step.phase === 'retire')
  return first < 0 ? plan.steps.length : first
}

const resultOf = (phase: Phase): Failure['result'] => (phase === 'prepare' ? 'nothing-changed' : 'rolled-back')

const interrupted = (plan: Plan): PlanError =>
  new PlanError(`cannot ${verbOf(plan)} ${plan.stack}: it was interrupted`, { code: applyCodes.interrupted.code })

/** The outcome of a plan that no longer fits, or was used; one that may be used once is used now. */
function staleOutcome({ kernel, plan, options }: Task): Outcome | undefined {
  const { from } = plan.generation
  try {
    const problem = precheck(kernel, plan) ?? (options.use && markUsed(kernel, plan, options.use))
    return problem && { result: 'stale', generation: from, problem, left: [], diagnostics: [] }
  } catch (error) {
    const problem = describeProblem(error)
    return { result: 'nothing-changed', generation: from, problem, left: [], diagnostics: [] }
  }
}
