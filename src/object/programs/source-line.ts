import type { DebugInfo } from '../../model/program-spec.ts'
import type { BtfTypes } from '../btf/btf-types.ts'

const columnBits = 10

/** Where an instruction was compiled from: `state.bpf.c:12`. Undefined without line information. */
export function sourceLine(debug: DebugInfo | undefined, types: BtfTypes, instruction: number): string | undefined {
  if (!debug || debug.lineSize === 0) return undefined
  const { lines, lineSize } = debug
  const view = new DataView(lines.buffer, lines.byteOffset, lines.length)
  const little = types.byteOrder === 'little'
  let found: string | undefined
  for (let at = 0; at + lineSize <= lines.length; at += lineSize) {
    if (view.getUint32(at, little) > instruction) break
    found = `${types.text(view.getUint32(at + 4, little))}:${view.getUint32(at + 12, little) >>> columnBits}`
  }
  return found
}
