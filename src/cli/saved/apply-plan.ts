import {
  checkDirectory,
  type DesiredState,
  type LoadedManifest,
  loadManifest,
  lockStack,
  makePlan,
} from '../../index.ts'
import type { Session } from '../command-session.ts'
import { carryOut } from '../converge.ts'
import { differencesIn } from '../differences-option.ts'
import type { ExitCode } from '../exit-codes.ts'
import { optimizeLater } from '../optimize-later.ts'
import type { OptionValues } from '../option-table.ts'
import { originOf, wish } from '../read-manifest.ts'
import type { Stage } from '../run-plan.ts'
import { openSession } from '../session.ts'
import { ownersOf, readSituation } from '../situation.ts'
import type { Terminal } from '../terminal.ts'
import { openTimings } from '../timings.ts'
import { confirmed, watching } from '../to-be-confirmed.ts'
import { overdueOrRefuse } from '../unconfirmed.ts'
import { checkLive, checkUnused, recoverFirst, type Saved } from './check-live.ts'
import { checkBtf, checkHost, checkManifest, checkObjects } from './check-origin.ts'
import { differenceBetween } from './plan-difference.ts'
import { readPlan } from './read-plan.ts'
import { optionsFor, savedGoal } from './saved-options.ts'
import { stale } from './stale.ts'

/**
 * Does what a saved plan says, without asking, or refuses. What is carried out is a plan made anew from the same files and
 * the live state, which must be the same as the saved one: so nothing that somebody wrote into the file is ever executed.
 */
export async function applyPlan(file: string, options: OptionValues, terminal: Terminal): Promise<ExitCode> {
  const saved = { file, plan: readPlan(file) }
  const goal = savedGoal(saved.plan)
  if (goal) return await (await import('./apply-goal.ts')).applyGoal({ saved, goal }, { options, terminal })
  using timings = openTimings({ options, terminal })
  const place = optionsFor(saved, options)
  using session = await openSession(place, timings)
  const loaded = timings.measure('manifest', () => checkFiles(saved, session, place))
  optimizeLater(loaded.manifest.programs.size)
  const { policy, confirmWithin } = saved.plan
  const decided = { ...(policy && { policy }), ...(confirmWithin !== undefined && { confirmWithin }) }
  const desired = { ...wish(loaded, session), ...decided }
  const origin = originOf(loaded, session)
  const where = { kernel: session.kernel, options: place, terminal }
  const stage = { ...where, timings, origin, saved: saved.plan, ...watching(session, desired) }
  // Awaited here: the session ends with this function.
  return await confirmed(session, stage, { desired, applied: await applyLocked(session, stage, { saved, desired }) })
}

/** Everything that the plan was made from is still the same. */
function checkFiles({ file, plan }: Saved, session: Session, options: OptionValues): LoadedManifest {
  const { envelope } = plan
  const saved = { file, envelope }
  checkHost(saved, session.kernel.identity)
  const manifest = options.file ?? envelope.manifest?.file ?? ''
  const load = () => loadManifest(manifest, { saved: envelope.variables, bpffs: session.bpffs })
  const loaded = checkManifest(saved, load)
  for (const [path, bytes] of checkObjects(saved, loaded)) session.files.set(path, bytes)
  checkBtf(saved, session.btf)
  return loaded
}

interface Task {
  readonly saved: Saved
  readonly desired: DesiredState
}

async function applyLocked(session: Session, stage: Stage, { saved, desired }: Task): Promise<ExitCode> {
  const { kernel, bpffs } = session
  const directory = `${bpffs}/${desired.stack}`
  checkDirectory(kernel, { path: directory, ...ownersOf(kernel, desired) })
  using _lock = lockStack(kernel, directory, { create: true })
  checkUnused(session, saved)
  const { current, recovery } = readSituation(session, desired, stage.options)
  if (recovery) throw recoverFirst(saved, 'an interrupted run has to be recovered first')
  const unconfirmed = overdueOrRefuse(session, current)
  if (unconfirmed)
    throw recoverFirst(
      saved,
      `generation ${unconfirmed.generation}, which nobody confirmed, has to be taken back first`,
    )
  checkLive(session, saved, current)
  const plan = makePlan(current, desired)
  const difference = differenceBetween(saved.plan, plan)
  if (difference !== undefined) throw stale(saved.file, 'P321', difference)
  const differences = await differencesIn(stage.options, kernel, { current, desired, plan })
  // Awaited here: the lock ends with this function.
  return await carryOut(plan, desired, { ...stage, differences })
}
