import { dirname } from 'node:path'
import type { Kernel } from '../kernel/kernel.ts'
import { KernelError, PlanError } from '../model/errors.ts'
import { asidePath, type OuterPin, type PinnedObject, stagedPath } from '../model/outer-pin.ts'
import type { StackRecord } from '../model/record.ts'
import type { DesiredState } from '../model/state.ts'
import { checkDirectory, stackAround } from './check-directory.ts'

/** Which paths are looked at, and who may own the directories on the way. */
export interface OuterQuestion {
  /** Records of the stack's trees. */
  readonly records: readonly (StackRecord | undefined)[]
  readonly wanted: DesiredState | undefined
  readonly owners: readonly number[]
}

/** Reads what lies at every path outside of the stack's directory that is recorded or wanted, sorted. */
export function readOuterPins(kernel: Kernel, question: OuterQuestion): readonly OuterPin[] {
  const recorded = question.records.flatMap((record) => Object.keys(record?.pins ?? {}))
  const paths = new Set([...recorded, ...(question.wanted?.pins?.keys() ?? [])])
  return [...paths].sort().map((path) => readOuterPin(kernel, path, question.owners))
}

function readOuterPin(kernel: Kernel, path: string, owners: readonly number[]): OuterPin {
  const found = readPin(kernel, path)
  const staged = readPin(kernel, stagedPath(path))
  const aside = readPin(kernel, asidePath(path))
  const taken = [found, staged, aside].find((it) => typeof it === 'string')
  const problem = placeProblem(kernel, path, owners) ?? (typeof taken === 'string' ? { what: taken } : undefined)
  const objects = { found: objectIn(found), staged: objectIn(staged), aside: objectIn(aside) }
  const missing = problem ? [] : missingAbove(kernel, path)
  return { path, ...objects, ...(missing.length > 0 && { missing }), ...(problem && { problem }) }
}

const objectIn = (found: PinnedObject | string | undefined): PinnedObject | undefined =>
  typeof found === 'string' ? undefined : found

/** What is pinned there, or a clause that says what else is. */
function readPin(kernel: Kernel, path: string): PinnedObject | string | undefined {
  try {
    const stat = kernel.bpffs.stat(path)
    if (!stat) return undefined
    if (stat.kind !== 'pin') return `a ${stat.kind === 'symlink' ? 'symbolic link' : stat.kind} is there`
    const { kind, id } = kernel.describePin(path)
    return { kind, id }
  } catch (error) {
    // Any other refusal must not look like a path with nothing of ours at it.
    if (!(error instanceof KernelError) || !told.has(error.errno)) throw error
    return error.errno === 'ENOENT' ? undefined : error.message
  }
}

/** What says what is there: nothing, or no pin. */
const told: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EINVAL', 'ELOOP'])

function placeProblem(kernel: Kernel, path: string, owners: readonly number[]): OuterPin['problem'] {
  const directory = dirname(path)
  try {
    checkDirectory(kernel, { path: directory, owners })
  } catch (error) {
    if (error instanceof PlanError)
      return { what: error.message.replace(/^cannot /, 'pinfold cannot '), ...hintOf(error) }
    throw error
  }
  const stack = stackAround(kernel, directory)
  return stack === undefined ? undefined : { what: `it is inside the stack ${stack}` }
}

/** Directories above a path that do not exist, parents first; the root of a mount always does. */
function missingAbove(kernel: Kernel, path: string): string[] {
  const directory = dirname(path)
  return kernel.bpffs.stat(directory) === undefined ? [...missingAbove(kernel, directory), directory] : []
}

const hintOf = ({ hint }: PlanError): { readonly hint?: string } => (hint === undefined ? {} : { hint })
