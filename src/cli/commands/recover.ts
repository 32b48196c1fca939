import { checkDirectory, lockStack, planRecovery, readCurrent, unconfirmedAt } from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import { lockPatiently } from '../await-confirmation.ts'
import { recover } from '../converge.ts'
import type { ExitCode } from '../exit-codes.ts'
import { readManifest } from '../read-manifest.ts'
import { say } from '../say.ts'
import { openSession } from '../session.ts'
import { noSuchStack, stackNamed } from '../stacks.ts'
import type { Terminal } from '../terminal.ts'
import { takeBackOverdue } from '../unconfirmed.ts'
import { renderUnconfirmed, unconfirmedDocument } from '../views/confirmation.ts'
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
  if (applier !== undefined) await waitForDeadline(session, stack, Number(applier))
  using _lock = applier !== undefined ? await lockPatiently(session, stack) : lockStack(kernel, directory)
  const stage = { kernel, options, terminal }
  let rounds = 0
  const read = () => {
    rounds++
    const current = readCurrent(kernel, { bpffs, stack })
    return { current, recovery: planRecovery(current, { removesStack: true }) }
  }
  const { situation, exitCode } = await recover(read, stage)
  if (situation.recovery) return exitCode
  const unconfirmed = unconfirmedAt(situation.current.record, kernel.sinceBoot())
  // Awaited here: the lock and the session end with this function.
  if (unconfirmed?.left === 0) return (await takeBackOverdue(session, stage, { stack, unconfirmed })) ?? exitCode
  if (unconfirmed) say(stage, unconfirmedDocument(stack, unconfirmed), renderUnconfirmed(stack, unconfirmed))
  else if (rounds === 1) say(stage, { type: 'nothing', stack }, `Nothing to recover: ${stack} is whole.\n`)
  return exitCode
}
