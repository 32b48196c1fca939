import { readObject } from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { readObjectFile } from '../read-object-file.ts'
import { paintOf, say } from '../say.ts'
import type { Terminal } from '../terminal.ts'
import { objectDocument, renderObject } from '../views/inspect.ts'

/** Shows what an object file declares, without a kernel. */
export function inspect({ operand = '', options }: Invocation, terminal: Terminal): ExitCode {
  const object = readObject(readObjectFile(operand), operand)
  const stage = { terminal, options }
  say(stage, objectDocument(object), renderObject(object, paintOf(stage)))
  return exitCodes.success
}
