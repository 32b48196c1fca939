import { whyUnreadable } from './file-reason.ts'
import { readBytes } from './read-bytes.ts'
import { UsageError } from './usage-error.ts'

/** The bytes of an object file that the command line names; UsageError (C113) where it cannot be read. */
export function readObjectFile(file: string): Uint8Array {
  try {
    return readBytes(file)
  } catch (cause) {
    throw new UsageError(`cannot read ${file}: ${whyUnreadable(cause)}`, {
      code: 'C113',
      hint: 'name an object file of clang',
      cause,
    })
  }
}
