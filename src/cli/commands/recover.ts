import { checkDirectory, lockStack, planRecovery, readCurrent } from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import { recover } from '../converge.ts'
import type { ExitCode } from '../exit-codes.ts'
import { readManifest } from '../read-manifest.ts'
import { say } from '../say.ts'
import { openSession } from '../session.ts'
import { noSuchStack, stackNamed } from '../stacks.ts'
import type { Terminal } from '../terminal.ts'

/** Finishes or takes back what a killed command left, as the next apply would first, and does nothing else. */
export async function recoverStack({ operand, options }: Invocation, terminal: Terminal): Promise<ExitCode> {
  const stack = operand === undefined ? readManifest(options, terminal).manifest.name : stackNamed(operand)
  using session = await openSession(options)
  const { kernel, bpffs } = session
  const directory = `${bpffs}/${stack}`
  checkDirectory(kernel, { path: directory })
  if (kernel.bpffs.stat(directory) === undefined) throw noSuchStack(session, stack, 'recover')
  using _lock = lockStack(kernel, directory)
  const stage = { kernel, options, terminal }
  let rounds = 0
  const read = () => {
    rounds++
    return { recovery: planRecovery(readCurrent(kernel, { bpffs, stack }), { removesStack: true }) }
  }
  const { situation, exitCode } = await recover(read, stage)
  if (!situation.recovery && rounds === 1)
    say(stage, { type: 'nothing', stack }, `Nothing to recover: ${stack} is whole.\n`)
  return exitCode
}
