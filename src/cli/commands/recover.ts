import { checkDirectory, lockStack } from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import { lockPatiently } from '../await-confirmation.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { readManifest } from '../read-manifest.ts'
import { recoverLocked } from '../recover-locked.ts'
import { openSession } from '../session.ts'
import { noSuchStack, stackNamed } from '../stacks.ts'
import type { Terminal } from '../terminal.ts'
import { waitForDeadline } from '../watcher.ts'

/** Finishes or takes back what a killed command left, as the next apply would first, and does nothing else. */
export async function recoverStack({ operand, options }: Invocation, terminal: Terminal): Promise<ExitCode> {
  const stack = operand === undefined ? readManifest(options, terminal).manifest.name : stackNamed(operand)
  using session = await openSession(options)
  const { kernel, bpffs } = session
  const directory = `${bpffs}/${stack}`
  checkDirectory(kernel, { path: directory })
  if (kernel.bpffs.stat(directory) === undefined) throw noSuchStack(session, stack, 'recover')
  const applier = options['at-deadline']
  if (applier !== undefined && !(await waitForDeadline(session, stack, Number(applier)))) return exitCodes.success
  using _lock = applier !== undefined ? await lockPatiently(session, stack) : lockStack(kernel, directory)
  const stage = { kernel, options, terminal }
  // Awaited here: the lock and the session end with this function.
  return await recoverLocked(session, stage, stack)
}
