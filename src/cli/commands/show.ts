import {
  type CurrentState,
  checkDirectory,
  emptyGraph,
  listStacks,
  type Mounts,
  readCurrent,
  readTreesAhead,
} from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import type { Session } from '../command-session.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { paintOf, type Speaker } from '../say.ts'
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
  const texts = await readTexts(session, { names, mounts, render: rendererOf({ options, terminal }) })
  if (!options.json) terminal.write(texts.length === 0 ? `No stacks on ${bpffs}.\n` : texts.join('\n'))
  else {
    terminal.write('{"type":"stacks","stacks":[')
    // Piece by piece: a copy of the whole would be the largest thing in memory.
    for (const [i, document] of texts.entries()) terminal.write(i === 0 ? document : `,${document}`)
    terminal.write(']}\n')
  }
  return exitCodes.success
}

interface Reading {
  readonly names: readonly string[]
  readonly mounts: Mounts
  readonly render: (stack: CurrentState) => string
}

/** A stack at a time, so that one at most is in memory; the kernel is asked about the next one meanwhile. */
async function readTexts({ kernel, bpffs }: Session, { names, mounts, render }: Reading): Promise<string[]> {
  const askAbout = async (name: string | undefined): Promise<void> => {
    if (name !== undefined) await readTreesAhead(kernel, `${bpffs}/${name}`)
  }
  const texts: string[] = []
  let asked = askAbout(names[0])
  for (const [i, stack] of names.entries()) {
    await asked
    asked = askAbout(names[i + 1])
    texts.push(render(readCurrent(kernel, { bpffs, stack, graph: emptyGraph, mounts })))
  }
  return texts
}

function rendererOf(speaker: Speaker): Reading['render'] {
  const paint = paintOf(speaker)
  return speaker.options.json ? (stack) => JSON.stringify(stackDocument(stack)) : (stack) => renderStack(stack, paint)
}
