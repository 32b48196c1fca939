import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { Script } from 'node:vm'
import type * as entry from './start.ts'

/**
 * Loads everything but the starter: one script beside it, with V8's cache of what it compiled for a command when it was built
 * (scripts/cache-cli.mjs). Without a cache, or where it was made by another V8, the code is compiled anew: 30 ms
 * instead of 7.
 */
export function loadCommands(command?: string): typeof entry {
  if (command === 'show') setFlagsFromString(showFlag)
  const directory = dirname(fileURLToPath(import.meta.url))
  const filename = join(directory, 'commands.js')
  const own = /^[a-z]+$/.test(command ?? '') ? readCache(join(directory, `${command}.cache`)) : undefined
  const cachedData = own ?? readCache(join(directory, 'commands.cache'))
  // The bundle is ASCII: V8 keeps such a text as it is.
  const script = new Script(readFileSync(filename, 'latin1'), { filename, ...(cachedData && { cachedData }) })
  const module = { exports: {} }
  script.runInThisContext()(module.exports, createRequire(filename), module, filename, directory)
  return module.exports as typeof entry
}

/**
 * Several threads for each collection keep those that ask the kernel from the processors: 30 ms of 230 for 20,000 pins, where there are two.
 * Only before the code is loaded, and scripts/cache-cli.mjs makes that cache under the same flag: V8 takes no other.
 */
const showFlag = '--no-parallel-scavenge'

function readCache(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}
