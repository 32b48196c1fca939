import type { Code, PoisonedInstruction, ProgramSpec } from '../../model/program-spec.ts'
import { relocateCode } from '../core/relocate-code.ts'
import { linkExterns } from '../externs/link-externs.ts'
import type { ObjectFile } from '../object-file.ts'
import { Instructions } from '../programs/instructions.ts'
import { sourceLine } from '../programs/source-line.ts'
import type { LinkProblem } from './link-problem.ts'
import type { LinkTarget } from './link-target.ts'
import { withOlderHelpers } from './older-helpers.ts'

/** A program for one kernel. */
export interface LinkedProgram {
  /** As the kernel gets it; as compiled where nothing is known of the kernel. */
  readonly code: Code
  /** Where it uses what the kernel does not have: no harm as long as these are never reached. */
  readonly poisoned: readonly PoisonedInstruction[]
  /** Names of the kernel modules whose BTF it is loaded with; absent: none. */
  readonly modules?: readonly string[]
  /** Why it cannot be linked: then `code` is not to be loaded. */
  readonly problems: readonly LinkProblem[]
}

/** Adapts a program to a kernel: pure, and the same for the same bytes. Throws an ObjectError for damaged BTF. */
export function linkProgram(program: ProgramSpec, object: ObjectFile, target: LinkTarget): LinkedProgram {
  const relocated = relocate(program, object, target)
  const { externs: uses } = program
  if (uses.length === 0 || !target.machine) return relocated
  const instructions = new Instructions(relocated.code.instructions.slice(), object.byteOrder)
  const { problems, modules, poisoned } = linkExterns({ uses, object, target, instructions })
  return {
    ...relocated,
    code: { ...relocated.code, instructions: instructions.bytes },
    poisoned: [...relocated.poisoned, ...poisoned.map((one) => withSource(one, program, object))],
    problems: [...relocated.problems, ...problems],
    ...(modules.length > 0 ? { modules } : {}),
  }
}

function relocate(program: ProgramSpec, object: ObjectFile, target: LinkTarget): LinkedProgram {
  const { relocations, debug } = program
  const { btf, byteOrder } = object
  const code = withOlderHelpers(program.code, byteOrder, target.machine?.release)
  if (relocations.length === 0 || !btf || target.isUnknown) return { code, poisoned: [], problems: [] }
  const resolutions = target.resolve(object)
  if (!resolutions) return { code, poisoned: [], problems: [withoutBtf] }
  const { instructions, poisoned, failures } = relocateCode(code.instructions, { byteOrder, relocations, resolutions })
  return {
    code: { ...code, instructions },
    poisoned: poisoned.map((one) => withSource(one, program, object)),
    problems: failures.map(({ kind, what, instruction }) => {
      const source = sourceLine(debug, btf.types, instruction)
      const place = source === undefined ? `instruction ${instruction}` : source
      return { code: kind === 'ambiguous' ? 'O212' : 'O211', what: `${what} (${place}, for ${target.name})` }
    }),
  }
}

function withSource(poisoned: PoisonedInstruction, { debug }: ProgramSpec, { btf }: ObjectFile): PoisonedInstruction {
  const source = btf && sourceLine(debug, btf.types, poisoned.instruction)
  return source === undefined ? poisoned : { ...poisoned, source }
}

const withoutBtf: LinkProblem = {
  code: 'O210',
  what: 'it has CO-RE relocations, and this kernel does not describe its types',
  hint: "name a file with this kernel's BTF by --btf, or build the kernel with CONFIG_DEBUG_INFO_BTF",
}
