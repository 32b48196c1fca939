import { checkDirectory, type DesiredState, lockStack } from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import { converge, recover } from '../converge.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { readManifest, wish } from '../read-manifest.ts'
import { openSession } from '../session.ts'
import { readSituation } from '../situation.ts'
import type { Terminal } from '../terminal.ts'

/** Makes the kernel hold what the manifest says: finishes what was interrupted, plans, shows, asks, executes. */
export async function applyManifest({ options }: Invocation, terminal: Terminal): Promise<ExitCode> {
  const loaded = readManifest(options, terminal)
  using session = await openSession(options)
  const desired = wish(loaded, session)
  const stage = { kernel: session.kernel, options, terminal }
  const directory = `${session.bpffs}/${desired.stack}`
  // Before the lock makes a directory there: it must be on a bpffs.
  checkDirectory(session.kernel, { path: directory, ...ownersOf(desired) })
  using _lock = lockStack(session.kernel, directory, { create: true })
  const { situation, exitCode } = await recover(() => readSituation(session, desired, options), stage)
  if (situation.recovery) return exitCode
  const converged = await converge(situation.current, desired, stage)
  return converged === exitCodes.success ? exitCode : converged
}

function ownersOf({ ownership }: DesiredState): { readonly owners?: readonly number[] } {
  return ownership?.uid === undefined ? {} : { owners: [0, process.getuid?.() ?? 0, ownership.uid] }
}
