import { addressOf, type Ref } from '../model/address.ts'
import { KernelError, PinfoldError, PlanError } from '../model/errors.ts'
import type { HeldByLink, Operation } from '../plan/step.ts'
import { unreachable } from '../util/unreachable.ts'
import { applyCodes, staleCodes } from './codes.ts'
import type { Problem } from './event.ts'

/** An error as data; what is no error of pinfold's is a defect, P300. */
export function describeProblem(error: unknown): Problem {
  if (!(error instanceof PinfoldError))
    return { code: applyCodes.defect.code, message: String((error as Error)?.message ?? error) }
  return {
    code: error.code,
    message: error.message,
    ...(error.hint !== undefined && { hint: error.hint }),
    ...(error instanceof KernelError && error.verifier && { verifier: error.verifier }),
    ...(error instanceof KernelError && error.log && { log: error.log }),
  }
}

/** The same with the sentence `cannot <what the operation does>: <what went wrong>`, whoever worded the error first. */
export function describeFailure(operation: Operation, error: unknown): Problem {
  const problem = describeProblem(error)
  return { ...problem, message: `cannot ${phraseOf(operation)}: ${problem.message.replace(/^cannot .*?: /s, '')}` }
}

/** True when the world is not what the plan was made for: planning again is the answer. */
export const isStale = (error: unknown): boolean =>
  (error instanceof PlanError && staleCodes.has(error.code)) ||
  // The link's device, cgroup or namespace went away.
  isErrno(error, 'ENOLINK')

/** True for a KernelError with this errno. */
export const isErrno = (error: unknown, ...names: readonly string[]): boolean =>
  error instanceof KernelError && names.includes(error.errno)

/** What an operation does, in the infinitive: `load program.ingress`, `pin map.flows at next/maps/flows`. */
export function phraseOf(operation: Operation): string {
  switch (operation.kind) {
    case 'make-directory':
      return `create the directory ${operation.path}`
    case 'write-record':
      return operation.startsClock ? 'start the time to confirm' : `write the record ${operation.path}`
    case 'link-pin':
      return `pin ${nameFor(operation.target)} at ${operation.to}`
    case 'open-map':
      return `open ${nameFor(operation.target)} at ${operation.path}`
    case 'create-map':
      return `create ${nameFor(operation.target)}`
    case 'pin':
      return `pin ${nameFor(operation.target)} at ${operation.path}`
    case 'write-entries':
      return `write the entries of ${nameFor(operation.target)}`
    case 'snapshot-map':
      return `copy the entries of ${nameFor(operation.target)}`
    case 'merge-map':
      return `carry over what was written to ${nameFor(operation.target)} meanwhile`
    case 'write-data':
      return `write the initial data of ${nameFor(operation.target)}`
    case 'freeze':
      return `freeze ${nameFor(operation.target)}`
    case 'load-program':
      return `load ${nameFor(operation.target)}`
    case 'fill-slot':
      return `fill slot ${operation.index} of ${nameFor(operation.array)} with ${nameFor(operation.program)}`
    case 'write-members':
      return `write the members of ${nameFor(operation.target)}`
    case 'set-inner':
      return `set map ${operation.index} of ${nameFor(operation.outer)}`
    case 'check-slots':
      return `verify the slots of ${nameFor(operation.array)}`
    case 'set-ownership':
      return `set owner and mode of ${operation.path}`
    case 'set-entry':
      return `set entry ${operation.key} of ${nameFor(operation.target)}`
    case 'replace-slot':
      return `${operation.after === undefined ? 'empty' : 'replace'} slot ${operation.index} of ${nameFor(operation.array)}`
    case 'update-link':
      return `switch ${nameFor(operation.target)} to ${nameFor(operation.program)}`
    case 'create-link':
      return `attach ${nameFor(operation.target)}`
    case 'detach-link':
      return `detach ${nameFor(operation.target)}`
    case 'exchange':
      return `exchange ${operation.a} and ${operation.b}`
    case 'rename':
      return `rename ${operation.from} to ${operation.to}`
    case 'release':
      return `close ${nameFor(operation.target)}`
    case 'drain':
      return `wait until no packet is inside a replaced program${operation.sleep ? `, and ${operation.sleep / 1000} s for those that may sleep` : ''}`
    case 'unpin':
      return `unpin ${operation.path}`
    case 'await-unused':
      return `remove ${nameFor(operation.target)} at ${operation.path}`
    case 'remove-directory':
      return `remove the directory ${operation.path}`
    case 'rescue-array':
      return `rescue ${nameFor(operation.array)} at ${operation.path}`
    default:
      return unreachable(operation)
  }
}

/** An address for people, `program #12` for somebody else's. */
export function nameFor(held: Ref | HeldByLink): string {
  if (held.startsWith('#')) return `program ${held}`
  return held.startsWith('map#') ? `map ${held.slice('map'.length)}` : addressOf(held as Ref)
}
