import type { DesiredState } from '../index.ts'
import type { Session } from './command-session.ts'
import type { ExitCode } from './exit-codes.ts'
import type { Stage } from './run-plan.ts'

/** What is to be confirmed is watched by a process that outlives this one; a kernel in memory does not outlive it either. */
export function watching({ kernel, bpffs }: Session, { stack, confirmWithin }: DesiredState): Pick<Stage, 'beforeRun'> {
  if (confirmWithin === undefined || kernel.identity.kind !== 'linux') return {}
  return { beforeRun: async () => (await import('./watcher.ts')).startWatcher(stack, bpffs) }
}

/** An apply that is over, and what it was to make. */
interface Applied {
  readonly desired: DesiredState
  readonly applied: ExitCode
}

/** Waits, without the lock, for the confirmation of what was published, if it needs one; the exit code of all of it. */
export async function confirmed(session: Session, stage: Stage, { desired, applied }: Applied): Promise<ExitCode> {
  const { stack, confirmWithin } = desired
  if (confirmWithin === undefined) return applied
  const { awaitConfirmation, look } = await import('./await-confirmation.ts')
  const unconfirmed = look(session, stack)
  // Nothing was published: there was nothing to do, or it failed.
  if (!unconfirmed) return applied
  return await awaitConfirmation(session, stage, { stack, unconfirmed, applied })
}
