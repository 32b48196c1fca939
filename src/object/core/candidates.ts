import type { BtfType } from '../btf/decode-type.ts'
import type { KernelTypes } from '../kernel-btf/kernel-types.ts'
import type { Candidate } from './match-access.ts'

/** Where types of a kernel are looked for. */
export interface TargetTypes {
  readonly main: KernelTypes
  /** Only asked where `main` has none. */
  readonly modules: () => Iterable<KernelTypes>
}

/** Types of the kernel with the same kind and, flavours aside, the same name; none for a type without a name. */
export function findCandidates({ main, modules }: TargetTypes, local: BtfType): readonly Candidate[] {
  const found = candidatesIn(main, local)
  if (found.length > 0) return found
  return [...modules()].flatMap((types) => candidatesIn(types, local))
}

function candidatesIn(types: KernelTypes, local: BtfType): readonly Candidate[] {
  const name = 'name' in local ? local.name : ''
  return types.sameEssence(local.kind, name).map((id) => ({ types, id }))
}
