import { readBytes } from './read-bytes.ts'
import { UsageError } from './usage-error.ts'

/** The bytes of an object file that the command line names; UsageError (C113) where it cannot be read. */
export function readObjectFile(file: string): Uint8Array {
  try {
    return readBytes(file)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const what = code === 'ENOENT' ? 'there is no such file' : message
    throw new UsageError(`cannot read ${file}: ${what}`, { code: 'C113', hint: 'name an object file of clang', cause })
  }
}
