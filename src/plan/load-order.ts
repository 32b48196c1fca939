import type { Address } from '../model/address.ts'
import type { DesiredState } from '../model/state.ts'
import type { Change } from './change.ts'

/** The changes with each program behind the one of the stack that it extends or traces; otherwise as they came. */
export function inLoadOrder(changes: readonly Change[], desired: DesiredState): readonly Change[] {
  return [...changes].sort((a, b) => depthOf(a.address, desired) - depthOf(b.address, desired))
}

/** 0 for a program that extends none. A circle, which the kernel refuses anyway, ends at the number of programs. */
function depthOf(address: Address, { resources }: DesiredState): number {
  let depth = 0
  for (let at = resources.get(address); at?.kind === 'program' && depth < resources.size; depth++) {
    const target = at.load?.attachProgram
    if (target === undefined) break
    at = resources.get(target as Address)
  }
  return depth
}
