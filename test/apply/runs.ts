import { apply } from '../../src/apply/apply.ts'
import type { ApplyEvent, Outcome } from '../../src/apply/event.ts'
import type { ApplyOptions } from '../../src/apply/execution.ts'
import { lockStack } from '../../src/apply/lock.ts'
import type { Kernel } from '../../src/kernel/kernel.ts'
import type { Address } from '../../src/model/address.ts'
import { PlanError } from '../../src/model/errors.ts'
import type { CurrentState, DesiredState } from '../../src/model/state.ts'
import { makeDestroyPlan } from '../../src/plan/destroy.ts'
import { forgottenState, makeForgetPlan } from '../../src/plan/forget.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { planRecovery, type RecoveryOptions } from '../../src/plan/recover.ts'
import { formerState } from '../../src/plan/rollback.ts'
import { readCurrent } from '../../src/state/read-current.ts'

export const bpffs = '/sys/fs/bpf'

/** What an apply reported, and how it ended. */
export interface Run {
  readonly outcome: Outcome
  readonly events: readonly ApplyEvent[]
}

/** The tests' default: nobody waits for what does not come. More with PINFOLD_PATIENCE, where a kernel is slow to free. */
const impatient: ApplyOptions = { patience: Number(process.env['PINFOLD_PATIENCE'] ?? 20) }

export async function run(
  kernel: Kernel,
  plan: Plan,
  desired?: DesiredState,
  options: ApplyOptions = impatient,
): Promise<Run> {
  const events: ApplyEvent[] = []
  const applying = apply(kernel, plan, desired, { ...impatient, ...options })
  for (;;) {
    const next = await applying.next()
    if (next.done) return { outcome: next.value, events }
    events.push(next.value)
  }
}

/** Where a test's stack lies. */
export interface Place {
  readonly bpffs?: string
}

export const currentOf = (kernel: Kernel, desired: DesiredState, place: Place = {}): CurrentState =>
  readCurrent(kernel, { bpffs: place.bpffs ?? bpffs, stack: desired.stack }, desired)

export const planFor = (kernel: Kernel, desired: DesiredState, place: Place = {}): Plan =>
  makePlan(currentOf(kernel, desired, place), desired)

/** Recover, plan, apply, as the command does. Throws when the plan must not be applied. */
export async function applyStack(kernel: Kernel, desired: DesiredState, place: Place = {}): Promise<Run> {
  using _lock = lockStack(kernel, `${place.bpffs ?? bpffs}/${desired.stack}`, { create: true })
  await recoverStack(kernel, desired, place, { leavesUsed: true })
  const plan = planFor(kernel, desired, place)
  const errors = plan.diagnostics.filter((diagnostic) => diagnostic.severity === 'error')
  if (errors.length > 0)
    throw new PlanError(
      `cannot apply ${desired.stack}: ${JSON.stringify(errors)}`,
      { code: errors[0]?.code ?? '' },
      errors,
    )
  return await run(kernel, plan, desired)
}

/** Finishes what a crash left, until nothing is. */
async function recoverStack(
  kernel: Kernel,
  desired: DesiredState,
  place: Place = {},
  options: RecoveryOptions = {},
): Promise<readonly Run[]> {
  const runs: Run[] = []
  for (;;) {
    const plan = planRecovery(currentOf(kernel, desired, place), options)
    if (!plan || runs.length > 3) return runs
    runs.push(await run(kernel, plan))
  }
}

export async function destroyStack(kernel: Kernel, desired: DesiredState, place: Place = {}): Promise<Run> {
  using _lock = lockStack(kernel, `${place.bpffs ?? bpffs}/${desired.stack}`)
  await recoverStack(kernel, desired, place)
  return await run(kernel, makeDestroyPlan(currentOf(kernel, desired, place)))
}

/** What forget does: recover, then let these leave; nothing where they have left before. */
export async function forgetIn(
  kernel: Kernel,
  stack: DesiredState,
  addresses: readonly Address[],
  place: Place = {},
): Promise<Run> {
  using _lock = lockStack(kernel, `${place.bpffs ?? bpffs}/${stack.stack}`)
  await recoverStack(kernel, stack, place)
  const here = currentOf(kernel, stack, place)
  if (addresses.every((address) => !here.resources.has(address)))
    return { outcome: { result: 'done', generation: here.generation, left: [], diagnostics: [] }, events: [] }
  const wanted = forgottenState(here, { addresses })
  return await run(kernel, makeForgetPlan(currentOf(kernel, wanted, place), { addresses }), wanted)
}

/** What rollback does: recover, then make a former generation live again. */
export async function rollBack(
  kernel: Kernel,
  stack: DesiredState,
  generation?: number,
  place: Place = {},
): Promise<Run> {
  using _lock = lockStack(kernel, `${place.bpffs ?? bpffs}/${stack.stack}`)
  await recoverStack(kernel, stack, place)
  const former = formerState(currentOf(kernel, stack, place), generation)
  return await run(kernel, planFor(kernel, former, place), former)
}

/** Recovery alone, as every command does it first. */
export async function recoverOnly(kernel: Kernel, stack: DesiredState): Promise<void> {
  using _lock = lockStack(kernel, `${bpffs}/${stack.stack}`, { create: true })
  await recoverStack(kernel, stack)
}
