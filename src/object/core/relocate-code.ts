import type { CoreRelocation, PlacedRelocation } from '../../model/program-spec.ts'
import type { ByteOrder } from '../cursor.ts'
import { Instructions } from '../programs/instructions.ts'
import { CoreFailure } from './core-failure.ts'
import { patch } from './patch.ts'
import type { Resolution } from './resolve-relocations.ts'

/** A program's code with its relocations done. */
export interface RelocatedCode {
  readonly instructions: Uint8Array
  /** Instructions that must not be reached, and what the kernel lacks for each of them. */
  readonly poisoned: readonly { readonly instruction: number; readonly missing: string }[]
  readonly failures: readonly RelocationFailure[]
}

/** A relocation for which the whole program is refused. */
export interface RelocationFailure {
  readonly instruction: number
  readonly kind: 'failed' | 'ambiguous'
  /** `field pid of struct task_struct: ...`. */
  readonly what: string
}

/** What code is relocated with. */
export interface RelocationPlan {
  readonly byteOrder: ByteOrder
  readonly relocations: readonly PlacedRelocation[]
  readonly resolutions: ReadonlyMap<CoreRelocation, Resolution>
}

/** Applies what was decided to a copy of the instructions. */
export function relocateCode(
  compiled: Uint8Array,
  { byteOrder, relocations, resolutions }: RelocationPlan,
): RelocatedCode {
  const code = new Instructions(compiled.slice(), byteOrder)
  const poisoned: { instruction: number; missing: string }[] = []
  const failures: RelocationFailure[] = []
  for (const { instruction, relocation } of relocations) {
    const outcome = apply(code, instruction, resolutions.get(relocation))
    if (outcome && 'missing' in outcome) poisoned.push({ instruction, missing: outcome.missing })
    else if (outcome) failures.push({ instruction, ...outcome })
  }
  return { instructions: code.bytes, poisoned, failures }
}

type Outcome = { readonly missing: string } | Omit<RelocationFailure, 'instruction'> | undefined

function apply(code: Instructions, index: number, resolution: Resolution | undefined): Outcome {
  if (!resolution) return undefined
  if (resolution.kind !== 'decided') return resolution
  const { subject, verdict, missing } = resolution
  try {
    return patch(code, index, verdict) ? { missing: missing ?? `${subject} has another size` } : undefined
  } catch (error) {
    if (error instanceof CoreFailure) return { kind: 'failed', what: `${subject}: ${error.message}` }
    throw error
  }
}
