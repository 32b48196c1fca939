import { vi } from 'vitest'
import type { ApplyEvent, Outcome } from '../../src/apply/event.ts'
import type { ApplyOptions } from '../../src/apply/execution.ts'
import { eventDocument } from '../../src/cli/documents.ts'
import type { Kernel } from '../../src/kernel/kernel.ts'
import { ProcessKilledError } from '../../src/kernel/memory/machine.ts'
import { KernelError } from '../../src/model/errors.ts'
import type { CurrentState, DesiredState } from '../../src/model/state.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { withoutFailures } from '../apply/failing.ts'
import { document } from '../cli/views/samples.ts'
import { expectPredicted, observe } from './predicted.ts'
import { checkDocument } from './printed.ts'

type Apply = typeof import('../../src/apply/apply.ts')

// Listed in `setupFiles` of vitest.config.ts: whenever any test applies a plan to its end, the kernel must hold what the plan
// predicted. And the plan and every event fit the schemas.

vi.mock('../../src/apply/apply.ts', async (importOriginal) => {
  const original = await importOriginal<Apply>()
  return { ...original, apply: observed(original.apply) }
})

const observed = (apply: Apply['apply']): Apply['apply'] =>
  async function* (
    kernel: Kernel,
    plan: Plan,
    desired: DesiredState | undefined,
    options?: ApplyOptions,
  ): AsyncGenerator<ApplyEvent, Outcome> {
    const own = withoutFailures(kernel)
    const before = look(own, plan, desired, KernelError)
    const leftOut = new Set<number>()
    checkDocument(asPrinted(document(plan)), 'a plan')
    const outcome = yield* watched(apply(kernel, plan, desired, options), leftOut)
    const isDone = outcome.result === 'done' || outcome.result === 'done-kept'
    const after = before && isDone && look(own, plan, desired)
    // What is left out somebody uses of whom the plan could not know.
    const steps = plan.steps.filter((_, index) => !leftOut.has(index))
    if (after) expectPredicted({ ...plan, steps }, desired, { before, after })
    return outcome
  }

/** As a reader gets it. */
const asPrinted = (printed: object): unknown => JSON.parse(JSON.stringify(printed))

/** Passes events on, and remembers the steps that were left out. */
async function* watched(
  running: AsyncGenerator<ApplyEvent, Outcome>,
  leftOut: Set<number>,
): AsyncGenerator<ApplyEvent, Outcome> {
  try {
    for (;;) {
      const { done, value } = await running.next()
      if (done) return value
      if (value.type === 'step-left-out') leftOut.add(value.index)
      checkDocument(asPrinted(eventDocument(value)), 'an event')
      yield value
    }
  } finally {
    // A caller that stops iterating ends the apply, too.
    await running.return(undefined as never)
  }
}

/** Undefined for a process that was killed, and for the errors that a test may ask for. */
function look(
  kernel: Kernel,
  plan: Plan,
  desired: DesiredState | undefined,
  expected: typeof KernelError | typeof ProcessKilledError = ProcessKilledError,
): CurrentState | undefined {
  try {
    return observe(kernel, plan, desired)
  } catch (error) {
    if (error instanceof ProcessKilledError || error instanceof expected) return undefined
    throw error
  }
}
