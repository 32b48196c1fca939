import { writeFileSync } from 'node:fs'
import { whyUnwritable } from './file-reason.ts'
import { UsageError } from './usage-error.ts'

/** Writes a file that must not exist yet; UsageError (C180, C181). */
export function writeNewFile(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'EEXIST') {
      throw new UsageError(`cannot write ${file}: it is there already`, {
        code: 'C180',
        hint: 'name another file, or move that one away: nothing is overwritten',
        cause,
      })
    }
    throw new UsageError(`cannot write ${file}: ${whyUnwritable(cause)}`, {
      code: 'C181',
      hint: 'name a file in a directory that exists',
      cause,
    })
  }
}
