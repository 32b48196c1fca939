import { checkDirectory, type DesiredState, examine, lockStack, makeRepairPlan, readCheckup } from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import type { Session } from '../command-session.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { readManifest, wish } from '../read-manifest.ts'
import { recoverLocked } from '../recover-locked.ts'
import { execute, type Stage } from '../run-plan.ts'
import { paintOf, say } from '../say.ts'
import { openSession } from '../session.ts'
import { noSuchStack, stackNamed } from '../stacks.ts'
import type { Terminal } from '../terminal.ts'
import { checkupDocument, renderCheckup } from '../views/checkup.ts'

/** What a command line asks to be looked at. */
interface Request {
  readonly stacks: readonly string[]
  readonly wanted: DesiredState | undefined
}

/** Looks for what is wrong with some stacks, or with the whole system; with --repair mends what it safely can and looks again. */
export async function doctor({ operands = [], options }: Invocation, terminal: Terminal): Promise<ExitCode> {
  const stacks = operands.map(stackNamed)
  const loaded = options.file === undefined ? undefined : readManifest(options, terminal)
  using session = await openSession(options)
  const { kernel, bpffs } = session
  checkDirectory(kernel, { path: bpffs })
  const missing = stacks.find((stack) => kernel.bpffs.stat(`${bpffs}/${stack}`) === undefined)
  if (missing !== undefined) throw noSuchStack(session, missing, 'look at')
  const request = { stacks, wanted: loaded && wish(loaded, session) }
  const stage = { kernel, options, terminal }
  const { findings } = look(session, stage, request)
  if (!options.repair || findings.every((it) => it.repair === undefined)) return verdictOf(findings)
  // Awaited here: the session ends with this function.
  const failed = await repair(session, stage, { request, findings })
  const left = look(session, stage, request).findings
  return failed ? exitCodes.incomplete : verdictOf(left)
}

const verdictOf = (findings: readonly unknown[]): ExitCode =>
  findings.length > 0 ? exitCodes.drift : exitCodes.success

type Look = { readonly checkup: ReturnType<typeof readCheckup>; readonly findings: ReturnType<typeof examine> }

function look(session: Session, stage: Stage, request: Request): Look {
  const found = read(session, request)
  const { checkup, findings } = found
  say(stage, checkupDocument(checkup, findings), renderCheckup(checkup, findings, paintOf(stage)))
  return found
}

function read({ kernel, bpffs }: Session, { stacks, wanted }: Request): Look {
  const checkup = readCheckup(kernel, bpffs, wanted)
  return { checkup, findings: examine(checkup, { stacks, wanted }) }
}

interface Task {
  readonly request: Request
  /** What the first look found. */
  readonly findings: Look['findings']
}

/** One stack after the other under its lock, then what is no stack's; true when something did not work. */
async function repair(session: Session, stage: Stage, { request, findings }: Task): Promise<boolean> {
  const concerned = new Set(findings.flatMap((it) => (it.repair ? [it.stack] : [])))
  let failed = false
  for (const stack of concerned) {
    const exitCode = await repairOne(session, stage, { request, findings, stack })
    failed ||= exitCode !== exitCodes.success
  }
  return failed
}

interface Patient extends Task {
  /** Undefined: what is no stack's. */
  readonly stack: string | undefined
}

async function repairOne(session: Session, stage: Stage, { request, findings, stack }: Patient): Promise<ExitCode> {
  using _lock = stack === undefined ? undefined : lockStack(session.kernel, `${session.bpffs}/${stack}`)
  if (stack !== undefined && findings.some((it) => it.stack === stack && it.repair?.kind === 'recover')) {
    const approved = { ...stage, options: { ...stage.options, 'auto-approve': true } as const }
    const exitCode = await recoverLocked(session, approved, stack)
    if (exitCode !== exitCodes.success) return exitCode
  }
  // Looking opens arrays that nobody holds; the clear that this queues must be over before the next look (see readMap).
  await session.kernel.waitForReaders()
  // Under the lock, and after a recovery, which may hold its arrays again.
  const now = read(session, request)
  const plan = makeRepairPlan(now.checkup, now.findings, stack)
  return plan ? await execute(stage, plan) : exitCodes.success
}
