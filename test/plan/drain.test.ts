import { describe, expect, test } from 'vitest'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import type { DesiredState } from '../../src/model/state.ts'
import { makeDestroyPlan } from '../../src/plan/destroy.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { formerState } from '../../src/plan/rollback.ts'
import type { Step } from '../../src/plan/step.ts'
import { applyStack, currentOf, planFor, run } from '../apply/runs.ts'
import { link, map, program, returning, shape, stackOf } from '../apply/stack.ts'
import { resolve, scenarios, type Wish } from '../crash/scenarios.ts'

/** Every plan that a scenario leads to: the change itself, its rollback, the end of the stack. */
async function plansOf(from: DesiredState | undefined, wish: Wish | undefined): Promise<readonly Plan[]> {
  const kernel = openMemoryMachine().open()
  // The scenarios know it as number 2.
  kernel.interfaceIndex('eth1')
  const keeping = (desired: DesiredState): DesiredState => ({ ...desired, history: 1 })
  if (from) expect((await applyStack(kernel, keeping(from))).outcome.result).toBe('done')
  const to = wish && resolve(wish, kernel)
  const change = to && planFor(kernel, to)
  const destroy = from && makeDestroyPlan(currentOf(kernel, from))
  if (!from || !to) return [change, destroy].filter((plan) => plan !== undefined)
  expect((await applyStack(kernel, keeping(to))).outcome.result).toBe('done')
  const former = formerState(currentOf(kernel, to))
  const rollback = planFor(kernel, { ...former, history: 0 })
  return [change, destroy, rollback].filter((plan) => plan !== undefined)
}

/** What takes something out of the way of packets: from then on a packet may be inside something that nobody reaches. */
const switches = (step: Step): boolean =>
  step.kind === 'update-link' ||
  step.kind === 'detach-link' ||
  step.kind === 'replace-slot' ||
  (step.kind === 'unpin' && step.path.includes('/links/'))

/** What a packet that is still inside may need. */
const removes = (step: Step): boolean => step.kind === 'unpin' && /\/(programs|maps)\//.test(step.path)

// One stack at a time.
const alone = scenarios.filter(({ further = [], to }) => further.length === 0 && typeof to !== 'function')

describe.each(alone)('$name', ({ from, to }) => {
  test('between the last switch and the first removal after it there is a grace period', async () => {
    const plans = await plansOf(from, to)
    expect(plans.length).toBeGreaterThan(0)
    for (const { steps } of plans) {
      for (const [index, step] of steps.entries()) {
        if (!removes(step)) continue
        const before = steps.slice(0, index)
        const switched = before.findLastIndex(switches)
        const drained = before.findLastIndex(({ kind }) => kind === 'drain')
        if (switched >= 0) expect(drained, JSON.stringify(step)).toBeGreaterThan(switched)
      }
    }
  })

  test('program arrays are what is removed last', async () => {
    for (const { steps } of await plansOf(from, to)) {
      for (const [index, step] of steps.entries()) {
        if (step.kind !== 'await-unused') continue
        const tree = step.path.split('/')[0]
        const later = steps.slice(index).filter((it) => it.kind === 'unpin' && it.path.startsWith(`${tree}/programs/`))
        expect(later).toEqual([])
      }
    }
  })
})

const sleepable = (flags: number, verdict: number): DesiredState =>
  stackOf({
    history: 0,
    more: [
      program('walk', {
        load: { type: 'tracing', attachType: 'trace_iter', flags, license: 'GPL', attachTo: 'bpf_iter_task' },
        code: returning(verdict, ['jumps']),
      }),
      program('hop', {
        load: { type: 'tracing', attachType: 'trace_iter', flags, license: 'GPL', attachTo: 'bpf_iter_task' },
        code: returning(verdict, []),
      }),
      map('jumps', {
        shape: shape({ type: 'prog_array', valueSize: 4, maxEntries: 1 }),
        contents: { kind: 'slots', slots: new Map([[0, 'program.hop']]) },
      }),
      link('walk', { program: 'program.walk', target: { kind: 'iter', target: 'task' } }),
    ],
  })

const drains = (plan: Plan) => plan.steps.flatMap((step) => (step.kind === 'drain' ? [step.sleep] : []))
const sleeps = 1 << 4

describe('a program that may sleep', () => {
  test('is waited for before an array that it uses is emptied, and the plan says so', async () => {
    const kernel = openMemoryMachine().open()
    await applyStack(kernel, { ...sleepable(sleeps, 0), drain: 250 })
    const plan = planFor(kernel, sleepable(sleeps, 1))
    expect(drains(plan)).toEqual([250])
    expect(plan.diagnostics).toMatchObject([
      { code: 'P108', address: 'program.walk', detail: expect.stringContaining('emptied 0.25 s after') },
      { code: 'P108', address: 'program.hop' },
    ])
    const started = performance.now()
    expect((await run(kernel, plan, sleepable(sleeps, 1))).outcome.result).toBe('done')
    expect(performance.now() - started).toBeGreaterThanOrEqual(245)
  })

  test('is given a second where nothing else is said, also when the stack is destroyed', async () => {
    const kernel = openMemoryMachine().open()
    await applyStack(kernel, sleepable(sleeps, 0))
    expect(drains(makeDestroyPlan(currentOf(kernel, sleepable(sleeps, 0))))).toEqual([1000])
  })

  test('is not waited for where nothing of its goes, and neither is one that does not sleep', async () => {
    const kernel = openMemoryMachine().open()
    await applyStack(kernel, sleepable(sleeps, 0))
    expect(drains(planFor(kernel, { ...sleepable(sleeps, 0), ownership: { mode: 0o750 } }))).toEqual([undefined])
    const other = openMemoryMachine().open()
    await applyStack(other, sleepable(0, 0))
    const plan = planFor(other, sleepable(0, 1))
    expect({ drains: drains(plan), codes: plan.diagnostics }).toEqual({ drains: [undefined], codes: [] })
  })
})

test.each([
  ['a cpumap', { shape: shape({ type: 'cpumap', valueSize: 8 }) }, 'packets queued in it'],
  ['a map with timers', { layout: { value: 'struct { struct bpf_timer t }' } }, 'old callbacks may fire'],
])('%s that goes is said to need longer than a grace period', async (_, change, words) => {
  const kernel = openMemoryMachine().open()
  await applyStack(kernel, stackOf({ more: [map('queue', change)] }))
  const said = planFor(kernel, stackOf()).diagnostics.filter(({ code }) => code === 'P108')
  expect(said).toMatchObject([{ address: 'map.queue', detail: expect.stringContaining(words) }])
})
