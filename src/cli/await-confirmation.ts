import { setTimeout as sleep } from 'node:timers/promises'
import { lockStack, PinfoldError, readRecord, type Unconfirmed, unconfirmedAt } from '../index.ts'
import { sinceStart } from '../util/clock.ts'
import type { Session } from './command-session.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import type { Stage } from './run-plan.ts'
import { say } from './say.ts'
import { takeBack } from './unconfirmed.ts'
import { renderAwaiting, unconfirmedDocument } from './views/confirmation.ts'

/** A generation that was published and that its applier waits for. */
export interface Waiting {
  readonly stack: string
  readonly unconfirmed: Unconfirmed
  /** How the apply ended, and so the command if it is confirmed. */
  readonly applied: ExitCode
}

/**
 * Waits, without the lock, until somebody confirms the generation; takes it back when the time is up or the user interrupts,
 * and ends with exit code 6 then.
 */
export async function awaitConfirmation(session: Session, stage: Stage, waiting: Waiting): Promise<ExitCode> {
  const { stack, unconfirmed } = waiting
  const isShown = stage.terminal.interactive && !stage.options.json
  say(stage, unconfirmedDocument(stack, unconfirmed), isShown ? '' : `${renderAwaiting(stack, unconfirmed)}\n`)
  const end = await watch(session, stage, waiting)
  if (isShown) stage.terminal.write(clearLine)
  if (end === 'confirmed') {
    say(stage, { type: 'confirmed', version: 1, stack }, `Confirmed ${stack}, generation ${unconfirmed.generation}.\n`)
    return waiting.applied
  }
  if (end === 'replaced') return replaced(stage, waiting)
  using _lock = await lockPatiently(session, stack)
  // Somebody may have confirmed it, or taken it back, while this waited for the lock.
  const now = look(session, stack)
  if (now !== undefined && now.generation !== unconfirmed.generation) return replaced(stage, waiting)
  if (!now) return isLive(session, waiting) ? waiting.applied : replaced(stage, waiting)
  const why = end === 'interrupted' ? 'Interrupted' : 'Nobody confirmed it in time'
  say(
    stage,
    { type: 'taking-back', version: 1, stack, because: end },
    `${why}: generation ${now.generation} is taken back.\n`,
  )
  const exitCode = await takeBack(session, { ...stage, options: { ...stage.options, 'auto-approve': true } }, stack)
  return exitCode === exitCodes.success ? exitCodes.rolledBack : exitCode
}

type End = 'confirmed' | 'replaced' | 'interrupted' | 'over'

const clearLine = '\r\x1b[K'
const pause = 250

async function watch(session: Session, stage: Stage, waiting: Waiting): Promise<End> {
  using interruption = stage.terminal.catchInterrupt()
  for (;;) {
    const now = look(session, waiting.stack)
    if (!now) return isLive(session, waiting) ? 'confirmed' : 'replaced'
    if (now.generation !== waiting.unconfirmed.generation) return 'replaced'
    if (interruption.signal.aborted) return 'interrupted'
    if (now.left === 0) return 'over'
    if (stage.terminal.interactive && !stage.options.json)
      stage.terminal.write(`${clearLine}${renderAwaiting(waiting.stack, now).slice(0, stage.terminal.columns - 1)}`)
    await sleep(Math.min(pause, now.left), undefined, { signal: interruption.signal }).catch(() => undefined)
  }
}

/** What the stack waits for now. */
export const look = (session: Session, stack: string): Unconfirmed | undefined =>
  unconfirmedAt(recordOf(session, stack), session.kernel.sinceBoot())

const isLive = (session: Session, { stack, unconfirmed }: Waiting): boolean =>
  recordOf(session, stack)?.generation === unconfirmed.generation

/** Alone, it can be read while somebody else changes the stack: trees are exchanged in one instant. */
const recordOf = ({ kernel, bpffs }: Session, stack: string): ReturnType<typeof readRecord> =>
  readRecord(kernel, `${bpffs}/${stack}/live/record`)

function replaced(stage: Stage, { stack, unconfirmed }: Waiting): ExitCode {
  const text = `Generation ${unconfirmed.generation} of ${stack} was taken back by another command.\n`
  say(stage, { type: 'replaced', version: 1, stack, generation: unconfirmed.generation }, text)
  return exitCodes.rolledBack
}

/** Whoever holds the lock now confirms, recovers or takes back: that does not take long. */
export async function lockPatiently({ kernel, bpffs }: Session, stack: string, patience = 30_000): Promise<Disposable> {
  const deadline = sinceStart() + patience
  for (;;) {
    try {
      return lockStack(kernel, `${bpffs}/${stack}`)
    } catch (error) {
      const isHeld = error instanceof PinfoldError && error.code === 'P302'
      if (!isHeld || sinceStart() > deadline) throw error
    }
    await sleep(pause)
  }
}
