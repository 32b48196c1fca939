import { availableParallelism } from 'node:os'
import type { Fd, Kernel } from '../kernel/kernel.ts'
import { addressOf, type MapAddress, type ProgramAddress } from '../model/address.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import type { LoadAttributes } from '../model/program-spec.ts'
import type { AttachType, ProgramType } from '../model/program-types.ts'
import type { DesiredState } from '../model/state.ts'
import { planDryRun } from '../plan/dry-run.ts'
import type { ProgramRef, Step } from '../plan/step.ts'
import type { Milliseconds } from '../util/measure.ts'
import { Btf } from './btf.ts'
import type { Problem } from './event.ts'
import { execute } from './execute.ts'
import type { ApplyOptions, Execution } from './execution.ts'
import { Handles } from './handles.ts'
import { loadProgram } from './load-program.ts'
import { describeFailure } from './problem.ts'
import { ProgramLoads } from './program-loads.ts'
import { wantedProgram } from './wanted.ts'

/** What the verifier says of one program. */
export type Judgement = Candidate &
  (({ readonly result: 'accepted' } & Accepted) | ({ readonly result: 'refused' } & Refused))

interface Candidate {
  readonly address: ProgramAddress
  readonly type: ProgramType
  readonly attachType?: AttachType
  /** 8-byte slots as they are given to the kernel, subprograms included. */
  readonly instructions: number
  /** Milliseconds from the start of its load to the end; several may run at the same time. */
  readonly ms: Milliseconds
}

/** What the kernel tells of a program that it took. */
interface Accepted {
  /** 16 hexadecimal digits. */
  readonly tag: string
  /** That the verifier looked at, each way through the program counted; 0 before Linux 5.16. */
  readonly verifiedInstructions: number
  /** Bytes of machine code; 0 where the kernel interprets, or does not tell. */
  readonly jitedSize: number
}

interface Refused {
  readonly problem: Problem
}

/** What a dry run found beside its judgements on programs. */
export interface Verification {
  /** Maps that the kernel refused; the programs that use them are refused, too. */
  readonly problems: readonly Problem[]
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Creates the maps of a state and loads its programs as apply does, several at a time, and lets everything go again: nothing
 * is pinned or attached. Yields the judgement on each program, in the order of an apply, and goes on after a refusal.
 */
export async function* verify(
  kernel: Kernel,
  state: DesiredState,
  options: Pick<ApplyOptions, 'parallelLoads' | 'verifierLog'> = {},
): AsyncGenerator<Judgement, Verification> {
  const { desired, plan } = planDryRun(state)
  const diagnostics: Diagnostic[] = []
  using handles = new Handles(kernel, plan.existing)
  using btf = new Btf(kernel, desired.btf, (diagnostic) => diagnostics.push(diagnostic))
  await using loads = new ProgramLoads({
    goesOn: true,
    steps: plan.steps,
    limit: options.parallelLoads ?? Math.min(4, availableParallelism()),
    load: (target) => loadProgram({ kernel, desired, handles, btf, log: options.verifierLog }, target),
  })
  const shared = { patience: 0, diagnostics, lingering: new Set<number>(), migrated: new Map() }
  return yield* carryOut({ kernel, plan, desired, handles, btf, loads, ...shared }, diagnostics)
}

async function* carryOut(run: Execution, diagnostics: readonly Diagnostic[]): AsyncGenerator<Judgement, Verification> {
  const refused: RefusedParts = { maps: new Map(), programs: new Map() }
  for (const step of run.plan.steps) {
    if (step.kind !== 'load-program') await prepare(run, step, refused.maps)
    else {
      const judgement = await judge(run, step, refused)
      if (judgement.result === 'refused') refused.programs.set(judgement.address, judgement.problem)
      yield judgement
    }
  }
  return { problems: [...refused.maps.values()], diagnostics }
}

/** What others cannot use. */
interface RefusedParts {
  readonly maps: Map<MapAddress, Problem>
  readonly programs: Map<ProgramAddress, Problem>
}

async function prepare(run: Execution, step: Step, refused: RefusedParts['maps']): Promise<void> {
  const map = 'target' in step ? (addressOf(step.target) as MapAddress) : undefined
  if (map === undefined || refused.has(map)) return
  try {
    await execute(run, step)
  } catch (error) {
    refused.set(map, describeFailure(step, error))
  }
}

async function judge(
  run: Execution,
  step: Step & { readonly kind: 'load-program'; readonly target: ProgramRef },
  refused: RefusedParts,
): Promise<Judgement> {
  const { target } = step
  const { address, load, code, maps } = wantedProgram(run.desired, target)
  if (!load || !code) throw new Error(`unreachable: ${address} of a manifest has no code`)
  const candidate = {
    address,
    type: load.type,
    ...(load.attachType && { attachType: load.attachType }),
    instructions: code.instructions.length / 8,
  }
  const problem = missingMap(address, maps, refused.maps) ?? missingProgram(address, load, refused.programs)
  if (problem) return { ...candidate, ms: 0, result: 'refused', problem }
  try {
    const program = await run.loads.take(target)
    const isNeeded = isExtended(run.desired, address)
    if (isNeeded) run.handles.put(target, program)
    using _unneeded = isNeeded ? undefined : program
    return { ...candidate, ms: run.loads.durationOf(target) ?? 0, result: 'accepted', ...describe(run.kernel, program) }
  } catch (error) {
    const ms = run.loads.durationOf(target) ?? 0
    return { ...candidate, ms, result: 'refused', problem: describeFailure(step, error) }
  }
}

/** What others extend or trace stays open until the end. */
const isExtended = (desired: Execution['desired'], address: ProgramAddress): boolean =>
  [...(desired?.resources.values() ?? [])].some((it) => it.kind === 'program' && it.load?.attachProgram === address)

function missingMap(
  address: ProgramAddress,
  maps: readonly string[],
  refused: RefusedParts['maps'],
): Problem | undefined {
  const map = [...refused.keys()].find((it) => maps.includes(it))
  const problem = map && refused.get(map)
  return problem && { ...problem, message: `cannot load ${address}: ${map}, which it uses, cannot be created` }
}

function missingProgram(
  address: ProgramAddress,
  { attachProgram }: LoadAttributes,
  refused: RefusedParts['programs'],
): Problem | undefined {
  const problem = refused.get(attachProgram as ProgramAddress)
  if (!problem) return undefined
  const message = `cannot load ${address}: ${attachProgram}, of which it extends or traces a function, is refused`
  return { code: problem.code, message, ...(problem.hint !== undefined && { hint: problem.hint }) }
}

function describe(kernel: Kernel, program: Fd<'program'>): Accepted {
  const info = kernel.describe(program)
  if (info.kind !== 'program') throw new Error(`unreachable: a program that is a ${info.kind}`)
  const { tag, verifiedInstructions, jitedSize } = info
  return { tag, verifiedInstructions, jitedSize }
}
