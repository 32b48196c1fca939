import type { DebugInfo } from '../../model/program-spec.ts'
import type { SourceLine } from '../../model/verifier.ts'
import type { BtfTypes } from '../btf/btf-types.ts'

const columnBits = 10

/** Where an instruction was compiled from: `state.bpf.c:12`. Undefined without line information. */
export function sourceLine(debug: DebugInfo | undefined, types: BtfTypes, instruction: number): string | undefined {
  const line = debug && lineOf(debug, types, instruction)
  return line && `${line.file}:${line.number}`
}

/** The line that an instruction was compiled from, by the last record at or before it. Throws an ObjectError for damaged texts. */
export function lineOf(debug: DebugInfo, types: BtfTypes, instruction: number): SourceLine | undefined {
  const { lines, lineSize } = debug
  if (lineSize === 0) return undefined
  const view = new DataView(lines.buffer, lines.byteOffset, lines.length)
  const word = (at: number): number => view.getUint32(at, types.byteOrder === 'little')
  let found: number | undefined
  for (let at = 0; at + lineSize <= lines.length && word(at) <= instruction; at += lineSize) found = at
  if (found === undefined) return undefined
  const place = word(found + 12)
  return {
    // clang writes the path as it was given to it.
    file: types.text(word(found + 4)).replace(/^\.\//, ''),
    number: place >>> columnBits,
    column: place & (2 ** columnBits - 1),
    text: types.text(word(found + 8)).trim(),
  }
}
