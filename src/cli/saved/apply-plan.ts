import {
  type CurrentState,
  checkDirectory,
  type DesiredState,
  type LoadedManifest,
  loadManifest,
  lockStack,
  makePlan,
  precheck,
  whyUsed,
} from '../../index.ts'
import type { Session } from '../command-session.ts'
import { carryOut } from '../converge.ts'
import { differencesIn } from '../differences-option.ts'
import { stampOf } from '../envelope.ts'
import type { ExitCode } from '../exit-codes.ts'
import { optimizeLater } from '../optimize-later.ts'
import type { OptionValues } from '../option-table.ts'
import { originOf, wish } from '../read-manifest.ts'
import type { Stage } from '../run-plan.ts'
import { bpffsOf, openSession } from '../session.ts'
import { ownersOf, readSituation } from '../situation.ts'
import type { Terminal } from '../terminal.ts'
import { openTimings } from '../timings.ts'
import { overdueOrRefuse } from '../unconfirmed.ts'
import { UsageError } from '../usage-error.ts'
import type { PlanDocument } from '../views/plan-document.ts'
import { checkBpffs, checkBtf, checkHost, checkManifest, checkObjects } from './check-origin.ts'
import { differenceBetween } from './plan-difference.ts'
import { readPlan } from './read-plan.ts'
import { type StaleCode, stale } from './stale.ts'

/** A saved plan and where it came from. */
interface Saved {
  readonly file: string
  readonly plan: PlanDocument
}

/**
 * Does what a saved plan says, without asking, or refuses. What is carried out is a plan made anew from the same files and
 * the live state, which must be the same as the saved one: so nothing that somebody wrote into the file is ever executed.
 */
export async function applyPlan(file: string, options: OptionValues, terminal: Terminal): Promise<ExitCode> {
  using timings = openTimings({ options, terminal })
  const saved = { file, plan: readPlan(file) }
  const place = optionsFor(saved, options)
  using session = await openSession(place, timings)
  const loaded = timings.measure('manifest', () => checkFiles(saved, session, place))
  optimizeLater(loaded.manifest.programs.size)
  const { policy } = saved.plan
  const desired = { ...wish(loaded, session), ...(policy && { policy }) }
  const origin = originOf(loaded, session)
  const stage = { kernel: session.kernel, options: place, terminal, timings, origin, saved: saved.plan }
  // Awaited here: the session ends with this function.
  return await applyLocked(session, stage, { saved, desired })
}

/** The plan says where, with which variables and how; giving it is the approval. */
function optionsFor({ file, plan }: Saved, options: OptionValues): OptionValues {
  const { envelope, action } = plan
  if (action !== 'apply' || !envelope.manifest) {
    throw new UsageError(`cannot apply ${file}: it is a plan to ${action} ${plan.stack}`, {
      code: 'C135',
      hint: `run pinfold ${action}`,
    })
  }
  const fixed = (['var', 'var-file', 'adopt', 'confirm', 'deny', 'warn'] as const).find(
    (name) => options[name] !== undefined,
  )
  if (fixed) {
    throw new UsageError(`cannot use --${fixed} with ${file}: a saved plan is carried out as it was made`, {
      code: 'C133',
      hint:
        fixed === 'confirm'
          ? 'leave it out: only an apply of the manifest itself waits to be confirmed'
          : 'leave it out, or plan again with it',
    })
  }
  if (options.bpffs !== undefined) checkBpffs({ file, envelope }, bpffsOf(options))
  const { adopt } = envelope
  return { ...options, bpffs: envelope.bpffs, ...(adopt && { adopt }), 'auto-approve': true }
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

/** Looked at first, since what a replayed plan changed once is different now; what counts is the mark before the first step. */
function checkUnused({ kernel }: Session, { file, plan }: Saved): void {
  const problem = whyUsed(kernel, plan, stampOf(plan))
  if (problem) throw stale(file, problem.code as StaleCode, problem.message.replace(/^[^:]*: this saved plan/, 'it'))
}

const recoverFirst = ({ file, plan }: Saved, why: string): Error =>
  stale(file, 'P320', why, `pinfold recover ${plan.stack} does that; then plan again`)

/** The stack is what it was: its generation, and the ids of its objects. */
function checkLive({ kernel }: Session, { file, plan }: Saved, { generation }: CurrentState): void {
  const { from } = plan.generation
  if (generation !== from) {
    const [then, now] = [from, generation].map((one) => (one === 0 ? 'none' : `generation ${one}`))
    throw stale(file, 'P316', `it was made when ${then} was live, and now ${now} is`)
  }
  const problem = precheck(kernel, plan)
  if (problem) throw stale(file, 'P301', problem.message.replace(/^[^:]*: /, ''))
}
