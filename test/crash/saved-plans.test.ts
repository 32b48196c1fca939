import { describe, expect, test } from 'vitest'
import { lockStack } from '../../src/apply/lock.ts'
import { differenceBetween } from '../../src/cli/saved/plan-difference.ts'
import { planDocument } from '../../src/cli/views/plan-document.ts'
import type { Kernel } from '../../src/kernel/kernel.ts'
import { type MemoryMachine, openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import { recordMapName } from '../../src/kernel/record-map.ts'
import { type PlanStamp, planUseOf } from '../../src/kernel/used-map.ts'
import type { DesiredState } from '../../src/model/state.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { bpffs, currentOf, planFor, type Run, recoverOnly, run } from '../apply/runs.ts'
import { expectPredicted, observe } from '../support/predicted.ts'
import { resolve, type Scenario, scenarios } from './scenarios.ts'
import { act, beginning, ended, expectFinished, expectHeld } from './worlds.ts'

const usedOf = ({ stack }: { readonly stack: string }): string => `${bpffs}/${stack}/used`
const stamp: PlanStamp = { nonce: '0123456789abcdef0123456789abcdef', time: 1_790_000_000_000 }
const applied = scenarios.filter(({ to }) => to)

describe.each(applied)('$name, by a saved plan', (scenario) => {
  test('ends as by the manifest, and as the JSON of the plan predicts', async () => {
    const snapshot = await beginning(scenario)
    const usual = openMemoryMachine(snapshot)
    await act(usual.open(), scenario)
    const machine = openMemoryMachine(snapshot)
    const kernel = machine.open()
    const desired = wished(scenario, kernel)
    await recoverOnly(kernel, desired)
    const saved = save(planFor(kernel, desired))
    const before = currentOf(kernel, desired)
    const { outcome } = await applySaved(kernel, saved, desired)
    expect(outcome).toMatchObject(ended(scenario) as object)
    const after = observe(kernel, saved.plan, desired)
    // The document has no record, which the plan that is made anew has.
    const { record } = saved
    expectPredicted({ ...saved.plan, ...(record && { record }) }, desired, { before, after })
    expect(viewOf(machine)).toEqual(viewOf(usual))
    expect(planUseOf(kernel, usedOf(desired), stamp)).toBe('used')
  })
})

const killed = applied.filter(({ name }) =>
  ['a new stack', 'two hooks switched', 'a map migrated', 'pins elsewhere that move on'].includes(name),
)

test.each(killed)('killed before any operation, a saved plan that has begun is used: $name', async (scenario) => {
  const snapshot = await beginning(scenario)
  const untouched = viewOf(openMemoryMachine(snapshot))
  let fatal = 0
  for (let isDone = false; !isDone; ) {
    // The mark is made at the beginning; what a kill later on leaves is known from crash.test.ts.
    fatal += fatal < 20 ? 1 : 5
    const machine = openMemoryMachine(snapshot)
    const kernel = machine.open()
    let call = 0
    machine.beforeCall(() => void (++call === fatal && kernel.kill()))
    const desired = wished(scenario, machine.open())
    await recoverOnly(kernel, desired)
      .then(() => applySaved(kernel, save(planFor(kernel, desired)), desired))
      .catch(() => undefined)
    machine.beforeCall(undefined)
    isDone = call < fatal
    if (isDone) continue
    const at = `killed at ${fatal}`
    const hasBegun = JSON.stringify(viewOf(machine)) !== JSON.stringify(untouched)
    if (hasBegun) expect(planUseOf(machine.open(), usedOf(desired), stamp), at).toBe('used')
    expectHeld(machine, scenario, at)
    await expectSpent(machine, scenario, at)
    await act(machine.open(), scenario)
    if (machine.open().bpffs.stat(usedOf(desired))) machine.open().bpffs.unpin(usedOf(desired))
    expectFinished(machine, scenario, at)
  }
  expect(fatal).toBeGreaterThan(25)
})

/** Once it is used, its apply is refused and changes nothing, also after a recovery. */
async function expectSpent(machine: MemoryMachine, scenario: Scenario, at: string): Promise<void> {
  const kernel = machine.open()
  const desired = wished(scenario, kernel)
  if (planUseOf(kernel, usedOf(desired), stamp) === 'unused') return
  await recoverOnly(kernel, desired)
  const before = JSON.stringify(viewOf(machine))
  const { outcome } = await applySaved(kernel, save(planFor(kernel, desired)), desired)
  expect(outcome, at).toMatchObject({ result: 'stale', problem: { code: 'P312' } })
  expect(JSON.stringify(viewOf(machine)), at).toBe(before)
}

const wished = ({ to }: Scenario, kernel: Kernel): DesiredState => {
  if (!to) throw new Error('the scenario wants nothing')
  return resolve(to, kernel)
}

interface SavedPlan {
  /** As it comes out of the file. */
  readonly plan: Plan
  readonly record: Plan['record']
}

function save(plan: Plan): SavedPlan {
  const identity = openMemoryMachine().open().identity
  const host = { kind: identity.kind, release: '', machine: '', bootId: '', name: '', id: '' }
  const { nonce } = stamp
  const envelope = { tool: '', time: '', nonce, host, bpffs, variables: [], objects: [], adopt: false }
  return { plan: JSON.parse(JSON.stringify(planDocument(plan, { identity, envelope }))), record: plan.record }
}

/** As the command does: makes the plan anew, and applies it if it is the same. */
async function applySaved(kernel: Kernel, { plan }: SavedPlan, desired: DesiredState): Promise<Run> {
  using _lock = lockStack(kernel, plan.directory, { create: true })
  const anew = planFor(kernel, desired)
  expect(differenceBetween(plan, anew)).toBeUndefined()
  return await run(kernel, anew, desired, { use: stamp })
}

/** All that lasts, with objects named after their first pin: ids differ with the map of used plans. Records are compared as predicted. */
function viewOf({ inspect, snapshot }: MemoryMachine): unknown {
  const pins = [...inspect.pins()].filter(([path]) => !path.endsWith('/used')).sort(([a], [b]) => (a < b ? -1 : 1))
  const names = new Map<string, string>()
  for (const [path, { kind, id }] of pins) if (!names.has(`${kind}#${id}`)) names.set(`${kind}#${id}`, path)
  const nameOf = (kind: string, id: number): string => names.get(`${kind}#${id}`) ?? 'somebody'
  return {
    pins: pins.map(([path, { kind, id }]) => [path, kind, nameOf(kind, id)]),
    links: inspect.links().map(({ pins, target, severed, programId }) => {
      const map = target?.kind === 'struct_ops' && nameOf('map', target.mapId)
      return [pins, map || target, severed, nameOf('program', programId)]
    }),
    maps: snapshot()
      .maps.filter(({ id }) => names.has(`map#${id}`))
      .map(({ id, name, shape, frozen, entries }) => {
        // How long a record is depends on the moment that it may hold.
        if (name === recordMapName) return [nameOf('map', id)]
        return [nameOf('map', id), shape, frozen, holdsIds(shape.type) ? [] : entries]
      })
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    slots: inspect
      .reachableArrays()
      .map(({ id, slots }) => [
        nameOf('map', id),
        [...slots].map(([index, program]) => [index, nameOf('program', program)]),
      ]),
  }
}

const holdsIds = (type: string): boolean => ['prog_array', 'array_of_maps', 'hash_of_maps', 'struct_ops'].includes(type)
