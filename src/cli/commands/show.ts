import { checkDirectory, emptyGraph, listStacks, readCurrent } from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { paintOf, say } from '../say.ts'
import { openSession } from '../session.ts'
import { noSuchStack, stackNamed } from '../stacks.ts'
import type { Terminal } from '../terminal.ts'
import { renderStacks } from '../views/show.ts'
import { stacksDocument } from '../views/show-document.ts'

/** Shows one live stack, or all of a bpffs. */
export async function show({ operand, options }: Invocation, terminal: Terminal): Promise<ExitCode> {
  using session = await openSession(options)
  const { kernel, bpffs } = session
  checkDirectory(kernel, { path: bpffs })
  const named = operand === undefined ? undefined : stackNamed(operand)
  if (named !== undefined && kernel.bpffs.stat(`${bpffs}/${named}`) === undefined)
    throw noSuchStack(session, named, 'show')
  const names = named === undefined ? listStacks(kernel, bpffs) : [named]
  const stacks = names.map((stack) => readCurrent(kernel, { bpffs, stack, graph: emptyGraph }))
  const stage = { terminal, options }
  if (options.json) say(stage, stacksDocument(stacks), '')
  else terminal.write(renderStacks(stacks, { bpffs, paint: paintOf(stage) }))
  return exitCodes.success
}
