import { listStacks } from '../index.ts'
import { nearest } from '../util/nearest.ts'
import type { Session } from './command-session.ts'
import { UsageError } from './usage-error.ts'

/** The error for a stack that is not on this bpffs, with the name that may have been meant. */
export function noSuchStack({ kernel, bpffs }: Session, stack: string, verb: string): UsageError {
  const stacks = listStacks(kernel, bpffs)
  const near = nearest(stack, stacks)
  const known = stacks.length > 0 ? `stacks there: ${stacks.join(', ')}` : `there is no stack on ${bpffs}`
  return new UsageError(`cannot ${verb} ${stack}: there is no such stack on ${bpffs}`, {
    code: 'C111',
    hint: near ? `did you mean ${near}?` : known,
  })
}
