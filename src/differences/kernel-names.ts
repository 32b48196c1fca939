import type { ExternUse } from '../model/program-spec.ts'
import type { DisassembledLine } from '../object/disassembly/disassemble.ts'

/** Puts a name where a line has the id of a function or variable of the kernel. */
export type NameOfKernel = (line: DisassembledLine) => DisassembledLine

const id = /(?:kfunc|btf)\[[^\]]*\]/

/**
 * Learns the names of the kernel's functions and variables from new code, which has them in its object. Ids are those of the
 * running kernel, on which the old code was loaded, too.
 */
export function namesIn(lines: readonly DisassembledLine[], externs: readonly ExternUse[] = []): NameOfKernel {
  const uses = new Map(externs.map((use) => [use.instruction, use]))
  const names = new Map<string, string>()
  for (const { instruction, text } of lines) {
    const use = uses.get(instruction)
    const [found] = (use && id.exec(text)) ?? []
    if (use && found !== undefined) names.set(found, use.use === 'call' ? use.name : `&${use.name}`)
  }
  if (names.size === 0) return (line) => line
  return (line) => ({ ...line, text: line.text.replace(id, (found) => names.get(found) ?? found) })
}
