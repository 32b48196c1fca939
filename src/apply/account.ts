import type { Plan } from '../plan/plan.ts'
import type { ApplyEvent, Outcome } from './event.ts'

/** What became of the steps that were begun or left out, by their index in the plan, ascending. */
export interface Account {
  /** Done, and not taken back. */
  readonly done: readonly number[]
  /** Done and taken back. */
  readonly undone: readonly number[]
  readonly failed: readonly number[]
  /** Still to be done: left out, or not to be taken back. */
  readonly left: readonly number[]
}

type Fate = keyof Account

/**
 * Passes the events of a run on, and adds to an outcome that is not plainly `done` the account of its steps and the command
 * that finishes the job.
 */
export async function* keepAccount(
  running: AsyncGenerator<ApplyEvent, Outcome>,
  plan: Plan,
): AsyncGenerator<ApplyEvent, Outcome> {
  const fates = new Map<number, Fate>()
  // A caller that stops iterating ends the run, too.
  await using _ = { [Symbol.asyncDispose]: async () => void (await running.return(undefined as never)) }
  for (;;) {
    const { value, done } = await running.next()
    if (done) return value.result === 'done' ? value : close(value, plan, fates)
    note(fates, value)
    yield value
  }
}

function close(outcome: Outcome, plan: Plan, fates: ReadonlyMap<number, Fate>): Outcome {
  const isTakenBack = takenBack.has(outcome.result)
  return { ...outcome, account: sum(fates, isTakenBack ? 'undone' : 'done'), finish: finishOf(outcome, plan) }
}

const takenBack: ReadonlySet<Outcome['result']> = new Set(['nothing-changed', 'stale', 'rolled-back'])

function note(fates: Map<number, Fate>, event: ApplyEvent): void {
  if (!('index' in event)) return
  const fate = fateAfter(event)
  // One operation of several that undo a step may fail: then the step is not undone.
  if (fate && !(event.type === 'undone' && fates.get(event.index) === 'left')) fates.set(event.index, fate)
}

function fateAfter(event: ApplyEvent): Fate | undefined {
  switch (event.type) {
    case 'step-finished':
      return 'done'
    case 'step-failed':
      return 'failed'
    case 'undone':
      return 'undone'
    case 'undo-failed':
    case 'step-left-out':
      return 'left'
    default:
      return undefined
  }
}

/** `done` is what a step became that nothing had to be taken back of: what it wrote to is gone, or stays. */
function sum(fates: ReadonlyMap<number, Fate>, done: Fate): Account {
  const all = [...fates]
    .map(([index, fate]) => [index, fate === 'done' ? done : fate] as const)
    .sort(([a], [b]) => a - b)
  const of = (wanted: Fate): number[] => all.flatMap(([index, fate]) => (fate === wanted ? [index] : []))
  return { done: of('done'), undone: of('undone'), failed: of('failed'), left: of('left') }
}

/** Where nothing is left behind the same command may be tried again; a half-done destroy is finished by destroy. */
function finishOf({ result }: Outcome, { action }: Plan): Plan['action'] {
  if (action === 'repair') return 'apply'
  const isHalfDone = result === 'incomplete' || result === 'done-kept'
  return isHalfDone && action !== 'destroy' ? 'recover' : action
}
