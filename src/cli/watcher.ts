import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { look } from './await-confirmation.ts'
import type { Session } from './command-session.ts'

/**
 * Starts a process of its own session, which outlives this one, its terminal and its connection, and takes an unconfirmed
 * generation back when nobody else does. False where it cannot be started.
 */
export function startWatcher(stack: string, bpffs: string): boolean {
  const [, program = ''] = process.argv
  const words = [program, 'recover', stack, '--at-deadline', String(process.pid), '--auto-approve', '--bpffs', bpffs]
  const watcher = spawn(process.execPath, words, { detached: true, stdio: 'ignore', cwd: '/' })
  watcher.once('error', () => undefined)
  watcher.unref()
  return watcher.pid !== undefined
}

/** The applier, as long as it lives, has that much time to take its generation back itself. Milliseconds. */
const margin = 2000
const pause = 300

/**
 * What the watcher does first: waits until the time is up, or the generation is confirmed or replaced, or was never published.
 * False where nothing is left to do: then it must not take the lock, which whoever confirmed may need for the next command.
 */
export async function waitForDeadline(session: Session, stack: string, applier: number): Promise<boolean> {
  const isApplying = (): boolean => process.ppid === applier
  for (let published = false; ; ) {
    const now = look(session, stack)
    published ||= now !== undefined
    if (!now && (published || !isApplying())) return !published && isInterrupted(session, stack)
    if (now?.left === 0) {
      if (!isApplying()) return true
      await sleep(margin)
      if (!isApplying() || look(session, stack)?.left !== 0) continue
      return true
    }
    await sleep(Math.min(pause, now?.left ?? pause))
  }
}

const isInterrupted = ({ kernel, bpffs }: Session, stack: string): boolean =>
  kernel.bpffs.stat(`${bpffs}/${stack}/next`) !== undefined
