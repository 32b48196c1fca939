import { listStacks } from '../index.ts'
import { nearest } from '../util/nearest.ts'
import type { Session } from './command-session.ts'
import { UsageError } from './usage-error.ts'

/** The name of a stack as a user gave it; what could not be one never becomes a part of a path. */
export function stackNamed(name: string): string {
  if (/^[^./\p{Cc}]+$/u.test(name) && Buffer.byteLength(name) <= 255) return name
  throw new UsageError(`cannot use "${name}": it is not the name of a stack`, {
    code: 'C115',
    hint: 'a name has no dot and no slash; pinfold show lists the stacks of a bpffs',
  })
}

/** The error for a stack that is not on this bpffs, with the name that may have been meant. */
export function noSuchStack({ kernel, bpffs }: Session, stack: string, verb: string): UsageError {
  const stacks = listStacks(kernel, bpffs, { withoutRecord: true })
  const near = nearest(stack, stacks)
  const known = stacks.length > 0 ? `stacks there: ${stacks.join(', ')}` : `there is no stack on ${bpffs}`
  return new UsageError(`cannot ${verb} ${stack}: there is no such stack on ${bpffs}`, {
    code: 'C111',
    hint: near ? `did you mean ${near}?` : known,
  })
}
