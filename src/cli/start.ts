import { main } from './main.ts'
import { processTerminal } from './terminal.ts'

export { renderHelp } from './help.ts'

/** Runs pinfold as this process: its arguments, its streams, its exit code. */
export async function start(): Promise<void> {
  // A reader such as `head` may leave early; what was done stays done.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  const terminal = processTerminal()
  process.exitCode = await main(process.argv.slice(2), terminal)
  // What this process prints next is printed behind it.
  terminal.flush()
}
