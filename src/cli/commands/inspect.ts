import { readObject } from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { readBytes } from '../read-bytes.ts'
import { paintOf, say } from '../say.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'
import { objectDocument, renderObject } from '../views/inspect.ts'

/** Shows what an object file declares, without a kernel. */
export function inspect({ operand = '', options }: Invocation, terminal: Terminal): ExitCode {
  const object = readObject(readObjectFile(operand), operand)
  const stage = { terminal, options }
  say(stage, objectDocument(object), renderObject(object, paintOf(stage)))
  return exitCodes.success
}

function readObjectFile(file: string): Uint8Array {
  try {
    return readBytes(file)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const what = code === 'ENOENT' ? 'there is no such file' : message
    throw new UsageError(`cannot read ${file}: ${what}`, { code: 'C113', hint: 'name an object file of clang', cause })
  }
}
