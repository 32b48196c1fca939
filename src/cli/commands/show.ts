import {
  type CurrentState,
  checkDirectory,
  emptyGraph,
  type Kernel,
  listStacks,
  type Mounts,
  readCurrent,
  readTreesAhead,
} from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import type { Session } from '../command-session.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { optimizeSmall } from '../optimize-later.ts'
import type { OptionValues } from '../option-table.ts'
import { paintOf, type Speaker } from '../say.ts'
import { openSession } from '../session.ts'
import { noSuchStack, stackNamed } from '../stacks.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'
import { renderStack } from '../views/show.ts'
import { stackDocument } from '../views/show-document.ts'

/** Shows one live stack, or all of a bpffs, or a saved plan: no stack has a name with a dot or a slash. */
export async function show({ operand, options }: Invocation, terminal: Terminal): Promise<ExitCode> {
  if (operand !== undefined && /[./]/.test(operand)) {
    return await (await import('../saved/show-plan.ts')).showPlan(operand, { options, terminal })
  }
  refusePlanOptions(options)
  using session = await openSession(options)
  const { kernel, bpffs } = session
  const mounts = kernel.bpffs.mounts()
  checkDirectory(kernel, { path: bpffs, mounts })
  const named = operand === undefined ? undefined : stackNamed(operand)
  if (named !== undefined && !holdsStack(kernel, `${bpffs}/${named}`)) throw noSuchStack(session, named, 'show')
  const names = named === undefined ? listStacks(kernel, bpffs, { withoutRecord: true }) : [named]
  optimizeSmall(names.length)
  // More threads than asked ahead with would take the processor from this one.
  process.env['UV_THREADPOOL_SIZE'] ??= '1'
  const texts = await readTexts(session, { names, mounts, render: rendererOf({ options, terminal }) })
  if (options.json)
    writeAll(terminal, { before: '{"type":"stacks","version":1,"stacks":[', texts, between: ',', after: ']}\n' })
  else if (texts.length === 0) terminal.write(`No stacks on ${bpffs}.\n`)
  else writeAll(terminal, { before: '', texts, between: '\n', after: '' })
  return exitCodes.success
}

interface Pieces {
  readonly before: string
  readonly texts: readonly Uint8Array[]
  readonly between: string
  readonly after: string
}

/** Piece by piece: a copy of the whole would be the largest thing in memory. */
function writeAll({ write }: Terminal, { before, texts, between, after }: Pieces): void {
  write(before)
  for (const [i, text] of texts.entries()) {
    if (i > 0) write(between)
    write(text)
  }
  write(after)
}

function refusePlanOptions({ steps, format }: OptionValues): void {
  if (!steps && format !== 'markdown') return
  throw new UsageError(`cannot use ${steps ? '--steps' : '--format markdown'} for a stack: only plans are shown so`, {
    code: 'C136',
    hint: 'name a saved plan: pinfold show plan.json',
  })
}

/** Where a stack was destroyed, its used plans may still be known. */
const holdsStack = (kernel: Kernel, directory: string): boolean =>
  kernel.bpffs.stat(directory) !== undefined && kernel.bpffs.list(directory).some(({ name }) => name !== 'used')

interface Reading {
  readonly names: readonly string[]
  readonly mounts: Mounts
  readonly render: (stack: CurrentState) => string
}

/** Stacks that the kernel is asked about while the one before them is rendered: with one, each waits for the other at times. */
const ahead = 2

/**
 * A stack at a time, so that few are in memory; the kernel is asked about the next ones meanwhile. What is rendered is kept as
 * bytes: texts would be copied whenever memory is collected.
 */
async function readTexts({ kernel, bpffs }: Session, { names, mounts, render }: Reading): Promise<Uint8Array[]> {
  const askAbout = async (name: string | undefined): Promise<void> => {
    if (name !== undefined) await readTreesAhead(kernel, `${bpffs}/${name}`)
  }
  const texts: Uint8Array[] = []
  const asked = names.slice(0, ahead).map(askAbout)
  for (const [i, stack] of names.entries()) {
    await asked[i]
    asked.push(askAbout(names[i + ahead]))
    texts.push(Buffer.from(render(readCurrent(kernel, { bpffs, stack, graph: emptyGraph, mounts }))))
  }
  return texts
}

function rendererOf(speaker: Speaker): Reading['render'] {
  const paint = paintOf(speaker)
  return speaker.options.json ? (stack) => JSON.stringify(stackDocument(stack)) : (stack) => renderStack(stack, paint)
}
