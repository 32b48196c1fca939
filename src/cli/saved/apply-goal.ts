import { checkDirectory, emptyGraph, lockStack, readCurrent } from '../../index.ts'
import type { Session } from '../command-session.ts'
import { carryOut } from '../converge.ts'
import { differencesIn } from '../differences-option.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { aim } from '../goal.ts'
import type { Goal } from '../goal-options.ts'
import { recoveryOf } from '../recover-first.ts'
import { type Stage, showPlan } from '../run-plan.ts'
import type { Speaker } from '../say.ts'
import { sayKept } from '../say-kept.ts'
import { openSession } from '../session.ts'
import { stackNamed } from '../stacks.ts'
import { openTimings } from '../timings.ts'
import { checkLive, checkUnused, recoverFirst, type Saved } from './check-live.ts'
import { checkHost } from './check-origin.ts'
import { differenceBetween } from './plan-difference.ts'
import { optionsFor } from './saved-options.ts'
import { stale } from './stale.ts'

/** A saved plan to destroy or to roll back. */
interface SavedGoal {
  readonly saved: Saved
  readonly goal: Goal
}

/**
 * Does what a saved plan to destroy or roll back says, without asking, or refuses. As with any other, a plan that is made anew
 * is carried out, once it turned out to be the same.
 */
export async function applyGoal({ saved, goal }: SavedGoal, { options, terminal }: Speaker): Promise<ExitCode> {
  const { file, plan } = saved
  using timings = openTimings({ options, terminal })
  const place = optionsFor(saved, options)
  // A file may come from anybody.
  const directory = (bpffs: string): string => `${bpffs}/${stackNamed(plan.stack)}`
  using session = await openSession(place, timings)
  const { kernel, bpffs } = session
  checkHost({ file, envelope: plan.envelope }, kernel.identity)
  const stage = { kernel, options: place, terminal, timings, saved: plan }
  checkDirectory(kernel, { path: directory(bpffs) })
  if (kernel.bpffs.stat(directory(bpffs)) === undefined) return nothingThere(session, stage, saved)
  using _lock = lockStack(kernel, directory(bpffs))
  // Awaited here: the lock and the session end with this function.
  return await applyLocked(session, stage, { saved, goal })
}

/** No lock: a directory would have to be made for it. */
function nothingThere(session: Session, stage: Stage, saved: Saved): ExitCode {
  checkLive(session, saved, { generation: 0 })
  if (saved.plan.steps.length > 0) throw stale(saved.file, 'P321', 'the stack has no directory any more')
  showPlan(stage, saved.plan)
  return exitCodes.success
}

async function applyLocked(session: Session, stage: Stage, { saved, goal }: SavedGoal): Promise<ExitCode> {
  const { kernel, bpffs } = session
  const { stack } = saved.plan
  checkUnused(session, saved)
  if (recoveryOf(session, stack, stage.options.adopt))
    throw recoverFirst(saved, 'an interrupted run has to be recovered first')
  // Before the plan is made anew, for which a former generation has to be there.
  checkLive(session, saved, readCurrent(kernel, { bpffs, stack, graph: emptyGraph }))
  const { plan, current, desired } = aim(session, stack, goal)
  const difference = differenceBetween(saved.plan, plan)
  if (difference !== undefined) throw stale(saved.file, 'P321', difference)
  const differences = desired && (await differencesIn(stage.options, kernel, { current, desired, plan }))
  return sayKept(stage, plan, await carryOut(plan, desired, { ...stage, differences }))
}
