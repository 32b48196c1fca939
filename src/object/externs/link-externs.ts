import type { ExternUse, PoisonedInstruction } from '../../model/program-spec.ts'
import type { LinkProblem } from '../link/link-problem.ts'
import type { LinkTarget } from '../link/link-target.ts'
import type { ObjectFile } from '../object-file.ts'
import type { Instructions } from '../programs/instructions.ts'
import { bindCall, bindLoad } from './bind-extern.ts'
import { findExtern } from './find-extern.ts'

/** A program's uses of the kernel, to be put into its instructions. */
export interface ExternLinking {
  readonly uses: readonly ExternUse[]
  readonly object: ObjectFile
  readonly target: LinkTarget
  /** Changed in place. */
  readonly instructions: Instructions
}

export interface LinkedExterns {
  readonly problems: readonly LinkProblem[]
  /** Names of the kernel modules that the instructions refer to, by their place in this list, from 1 on. */
  readonly modules: readonly string[]
  /** Calls of weak functions that this kernel does not have. */
  readonly poisoned: readonly PoisonedInstruction[]
}

/**
 * Puts the ids and addresses of the kernel's functions and variables into instructions. What is weak and missing becomes
 * address 0, or a call that the verifier refuses where it can be reached.
 */
export function linkExterns({ uses, object, target, instructions }: ExternLinking): LinkedExterns {
  const modules: string[] = []
  const problems = new Map<string, LinkProblem>()
  const poisoned: PoisonedInstruction[] = []
  for (const { instruction: at, use, name } of uses) {
    const extern = object.externs.get(name)
    if (!extern || extern.kind === 'config') continue
    const found = findExtern(extern, { object, target })
    const site = { instructions, at, modules }
    if (found.kind === 'problem') problems.set(name, found.problem)
    else if (use === 'call') bindCall(site, extern, found)
    else bindLoad(site, found)
    if (found.kind === 'missing' && use === 'call')
      poisoned.push({ instruction: at, missing: `there is no kernel function ${name}` })
  }
  return { problems: [...problems.values()], modules, poisoned }
}
