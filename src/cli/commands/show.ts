import { type CurrentState, checkDirectory, emptyGraph, listStacks, readCurrent } from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { paintOf } from '../say.ts'
import { openSession } from '../session.ts'
import { noSuchStack, stackNamed } from '../stacks.ts'
import type { Terminal } from '../terminal.ts'
import { renderStack } from '../views/show.ts'
import { stackDocument } from '../views/show-document.ts'

/** Shows one live stack, or all of a bpffs. */
export async function show({ operand, options }: Invocation, terminal: Terminal): Promise<ExitCode> {
  using session = await openSession(options)
  const { kernel, bpffs } = session
  const mounts = kernel.bpffs.mounts()
  checkDirectory(kernel, { path: bpffs, mounts })
  const named = operand === undefined ? undefined : stackNamed(operand)
  if (named !== undefined && kernel.bpffs.stat(`${bpffs}/${named}`) === undefined)
    throw noSuchStack(session, named, 'show')
  const names = named === undefined ? listStacks(kernel, bpffs) : [named]
  // A stack at a time, so that one at most is in memory; printed when all could be read.
  const read = (stack: string): CurrentState => readCurrent(kernel, { bpffs, stack, graph: emptyGraph, mounts })
  if (options.json) {
    const documents = names.map((name) => JSON.stringify(stackDocument(read(name))))
    terminal.write('{"type":"stacks","stacks":[')
    // Piece by piece: a copy of the whole would be the largest thing in memory.
    for (const [i, document] of documents.entries()) terminal.write(i === 0 ? document : `,${document}`)
    terminal.write(']}\n')
  } else {
    const paint = paintOf({ terminal, options })
    const texts = names.map((name) => renderStack(read(name), paint))
    terminal.write(texts.length === 0 ? `No stacks on ${bpffs}.\n` : texts.join('\n'))
  }
  return exitCodes.success
}
