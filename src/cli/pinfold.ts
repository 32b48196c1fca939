// The starter: answers --version at once, and loads everything else on demand. scripts/bundle-cli.mjs makes it executable.
import { keepIgnoringHangUp } from './hang-up.ts'
import { loadCommands } from './load-commands.ts'
import { readVersion } from './version.ts'

/** Ends with the command; for those who load this file instead of starting it (scripts/demo.mjs). */
export const finished: Promise<void> = run(process.argv.slice(2))

async function run([first, ...rest]: readonly string[]): Promise<void> {
  keepIgnoringHangUp()
  const asks = (...words: readonly string[]): boolean =>
    first !== undefined && words.includes(first) && rest.length === 0
  if (asks('--version', '-v', 'version')) console.log(readVersion())
  else {
    const commands = loadCommands(first)
    const isHelp = first === undefined || asks('--help', '-h', 'help')
    await (isHelp ? commands.startHelp(first === undefined ? 1 : 0) : commands.start())
    commands.letGoOfTerminals()
    // All is written and closed. Left to itself V8 first takes every object apart, some milliseconds for many.
    process.exit()
  }
}
