import { takeSnapshot } from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { whyUnwritable } from '../file-reason.ts'
import { replaceFile } from '../replace-file.ts'
import { printDocument, say } from '../say.ts'
import { openSession } from '../session.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'
import { readVersion } from '../version.ts'
import { renderSnapshot, snapshotSummary } from '../views/snapshot.ts'

/** Writes down what plans are made from: on standard output, or into a file. Reads only, and so needs no lock. */
export async function snapshot({ options }: Invocation, terminal: Terminal): Promise<ExitCode> {
  using session = await openSession(options)
  const taken = await takeSnapshot(session.kernel, {
    bpffs: session.bpffs,
    withBtf: options['with-btf'] ?? false,
    tool: `pinfold ${readVersion()}`,
    time: terminal.stamp().time,
  })
  if (options.out === undefined) {
    printDocument(terminal, taken)
    return exitCodes.success
  }
  const text = `${JSON.stringify(taken)}\n`
  write(options.out, text)
  const summary = snapshotSummary(taken, options.out, text.length)
  say({ terminal, options }, summary, renderSnapshot(summary))
  return exitCodes.success
}

/** Only for who took it: it holds what is in maps. */
function write(file: string, text: string): void {
  try {
    replaceFile(file, text)
  } catch (cause) {
    throw new UsageError(`cannot write the snapshot to ${file}: ${whyUnwritable(cause)}`, {
      code: 'C152',
      hint: 'name a file in a directory that exists and may be written to',
      cause,
    })
  }
}
