import { asksFor, type Invocation, parseArguments } from './arguments.ts'
import type { CommandName } from './command-table.ts'
import { readInOneDirection } from './direction.ts'
import { type ExitCode, exitCodes, staleErrors } from './exit-codes.ts'
import { printDocument } from './say.ts'
import { painter, type Terminal } from './terminal.ts'

/** A command: does its work on a terminal and says how the process ends. */
export type Command = (invocation: Invocation, terminal: Terminal) => ExitCode | Promise<ExitCode>

/** Each is loaded when it is asked for, as are help and the words for errors. */
const commands: Readonly<Record<CommandName, () => Promise<Command>>> = {
  validate: async () => (await import('./commands/validate.ts')).validate,
  plan: async () => (await import('./commands/plan.ts')).plan,
  apply: async () => (await import('./commands/apply.ts')).applyManifest,
  confirm: async () => (await import('./commands/confirm.ts')).confirm,
  doctor: async () => (await import('./commands/doctor.ts')).doctor,
  recover: async () => (await import('./commands/recover.ts')).recoverStack,
  rollback: async () => (await import('./commands/rollback.ts')).rollback,
  show: async () => (await import('./commands/show.ts')).show,
  destroy: async () => (await import('./commands/destroy.ts')).destroy,
  forget: async () => (await import('./commands/forget.ts')).forget,
  verify: async () => (await import('./commands/verify.ts')).verifyAll,
  inspect: async () => (await import('./commands/inspect.ts')).inspect,
  explain: async () => (await import('./commands/explain.ts')).explain,
  import: async () => (await import('./commands/import.ts')).importStack,
  init: async () => (await import('./commands/init.ts')).init,
  snapshot: async () => (await import('./commands/snapshot.ts')).snapshot,
}

/** Runs one command line; every error becomes a sentence on standard error (a document on standard output with --json). */
export async function main(words: readonly string[], streams: Terminal): Promise<ExitCode> {
  const terminal = readInOneDirection(streams)
  try {
    const invocation = parseArguments(words)
    if (invocation.options.help) {
      const { renderHelp } = await import('./help.ts')
      terminal.write(renderHelp(invocation.command))
      return exitCodes.success
    }
    const command = await commands[invocation.command]()
    return await command(invocation, terminal)
  } catch (error) {
    return await report(error, words, terminal)
  }
}

async function report(error: unknown, words: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const { errorDocument, renderError } = await import('./views/error.ts')
  if (asksFor('markdown', words)) {
    const { renderErrorMarkdown } = await import('./views/markdown/error.ts')
    terminal.write(renderErrorMarkdown(error))
  }
  if (asksFor('json', words)) printDocument(terminal, errorDocument(error))
  else terminal.warn(renderError(error, painter(terminal.color && !words.includes('--no-color'))))
  if (terminal.environment['PINFOLD_DEBUG'] && error instanceof Error) {
    const { originalStack } = await import('./original-stack.ts')
    terminal.warn(`${originalStack(error)}\n`)
  }
  return exitCodeOf(error)
}

function exitCodeOf(error: unknown): ExitCode {
  const isStale = error instanceof Error && 'code' in error && staleErrors.has(error.code as string)
  return isStale ? exitCodes.stale : exitCodes.error
}
