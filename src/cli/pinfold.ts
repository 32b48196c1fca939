// The starter: answers --version at once, and loads everything else on demand. scripts/bundle-cli.mjs makes it executable.
import { writeSync } from 'node:fs'
import { keepIgnoringHangUp } from './hang-up.ts'
import { loadCommands } from './load-commands.ts'
import { readVersion } from './version.ts'

/** Ends with the command; for those who load this file instead of starting it (scripts/demo.mjs). */
export const finished: Promise<void> = run(process.argv.slice(2))

async function run(words: readonly string[]): Promise<void> {
  keepIgnoringHangUp()
  const [first] = words
  const asks = (...names: readonly string[]): boolean =>
    first !== undefined && names.includes(first) && words.length === 1
  const asksVersion = asks('--version', '-v', 'version')
  if (asksVersion && isWritten(`${readVersion()}\n`)) return
  const commands = loadCommands(first)
  if (asksVersion) await commands.startVersion()
  else if (first === undefined || asks('--help', '-h', 'help')) await commands.startHelp(first === undefined ? 1 : 0)
  else await commands.start()
  commands.letGoOfTerminals()
  // All is written and closed. Left to itself V8 first takes every object apart, some milliseconds for many.
  process.exit()
}

/** What cannot be written at once is for those who know what to do about it. */
function isWritten(text: string): boolean {
  try {
    return writeSync(1, text) === text.length
  } catch {
    return false
  }
}
