import type { CommandName } from './command-table.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { renderHelp } from './help.ts'
import { main } from './main.ts'
import { type ProcessTerminal, painter, processTerminal } from './terminal.ts'
import { readVersion } from './version.ts'

export { letGoOfTerminals } from './output.ts'

/** Runs pinfold as this process: its arguments, its streams, its exit code. */
export async function start(): Promise<void> {
  const terminal = processTerminal()
  const words = process.argv.slice(2)
  const exitCode = await main(words, terminal)
  // What this process prints next is printed behind it.
  terminal.flush()
  process.exitCode = terminal.failure ? await tellLost(terminal, { words, exitCode }) : exitCode
}

/** Prints what there is to say about pinfold itself; the exit code tells whether that was asked for. */
export const startHelp = (exitCode: ExitCode): Promise<void> => tell(renderHelp(), exitCode)

/** Prints the version. */
export const startVersion = (): Promise<void> => tell(`${readVersion()}\n`, exitCodes.success)

async function tell(text: string, exitCode: ExitCode): Promise<void> {
  const terminal = processTerminal()
  terminal.write(text)
  terminal.flush()
  process.exitCode = terminal.failure ? await tellLost(terminal, { words: [], exitCode }) : exitCode
}

interface Ending {
  readonly words: readonly string[]
  readonly exitCode: ExitCode
}

/** What was done is done, and its exit code says so; what was only to be told has failed. */
async function tellLost(terminal: ProcessTerminal, { words, exitCode }: Ending): Promise<ExitCode> {
  const { renderError } = await import('./views/error.ts')
  const { UsageError } = await import('./usage-error.ts')
  const { failure } = terminal
  const advice = full.has((failure as NodeJS.ErrnoException).code ?? '') ? 'make room where it goes; ' : ''
  const error = new UsageError(`cannot write all of the output: ${failure?.message}`, {
    code: 'C161',
    hint: `${advice}what the command did is done all the same`,
  })
  terminal.warn(renderError(error, painter(false)))
  return isChange(words) ? exitCode : exitCodes.error
}

function isChange(words: readonly string[]): boolean {
  const command = words.find((word) => !word.startsWith('-')) ?? ''
  const change = changes[command as CommandName]
  return typeof change === 'string' ? words.includes(change) : change
}

/** What says that there is no room. */
const full: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** Whether a command does something, or only tells; or the option with which it does. */
const changes: Readonly<Record<CommandName, boolean | '--repair'>> = {
  validate: false,
  plan: false,
  apply: true,
  confirm: true,
  doctor: '--repair',
  recover: true,
  rollback: true,
  show: false,
  destroy: true,
  forget: true,
  verify: false,
  inspect: false,
  explain: false,
  init: false,
  snapshot: false,
  import: true,
}
