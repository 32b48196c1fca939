import { checkDirectory, lockStack } from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import { converge } from '../converge.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { generationOf, readFormer } from '../former.ts'
import { readManifest } from '../read-manifest.ts'
import { recoverFirst } from '../recover-first.ts'
import { openSession } from '../session.ts'
import { noSuchStack, stackNamed } from '../stacks.ts'
import type { Terminal } from '../terminal.ts'

/** Makes a former generation live again: its programs are still loaded, so only links and trees are swapped. */
export async function rollback({ operand, options }: Invocation, terminal: Terminal): Promise<ExitCode> {
  const generation = operand === undefined ? undefined : generationOf(operand)
  const { stack: given } = options
  const stack = given === undefined ? readManifest(options, terminal).manifest.name : stackNamed(given)
  using session = await openSession(options)
  const { kernel, bpffs } = session
  const directory = `${bpffs}/${stack}`
  checkDirectory(kernel, { path: directory })
  if (kernel.bpffs.stat(directory) === undefined) throw noSuchStack(session, stack, 'roll back')
  using _lock = lockStack(kernel, directory)
  const stage = { kernel, options, terminal }
  const { situation, exitCode } = await recoverFirst(session, stack, stage)
  if (situation.recovery) return exitCode
  const { current, desired } = readFormer(session, stack, generation)
  // Awaited here: the lock and the session end with this function.
  const converged = await converge(current, desired, stage)
  return converged === exitCodes.success ? exitCode : converged
}
