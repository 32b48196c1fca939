import { describe, expect, test } from 'vitest'
import type { Fd, Kernel } from '../../src/kernel/kernel.ts'
import { type MemoryMachine, openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import type { Snapshot } from '../../src/kernel/memory/snapshot.ts'
import { findDrift } from '../../src/plan/drift.ts'
import { hasChanges } from '../../src/plan/make-plan.ts'
import { planRecovery } from '../../src/plan/recover.ts'
import { readCurrent } from '../../src/state/read-current.ts'
import { bpffs, planFor, recoverOnly } from '../apply/runs.ts'
import { map, stackOf } from '../apply/stack.ts'
import { type Scenario, scenarios } from './scenarios.ts'
import { act, beginning, countCalls, ended, expectFinished, expectHeld } from './worlds.ts'

describe.each(scenarios)('$name', (scenario) => {
  test('ends as wanted when nothing goes wrong, and holds every array at every instant', async () => {
    const machine = openMemoryMachine(await beginning(scenario))
    machine.beforeCall((operation) => expectHeld(machine, scenario, `before ${operation}`))
    const { outcome } = await act(machine.open(), scenario)
    machine.beforeCall(undefined)
    expect(outcome).toMatchObject(ended(scenario) as object)
    expectFinished(machine, scenario, 'undisturbed')
  })

  test('killed before any operation, it leaves every array held, and the next run finishes', async () => {
    await killEverywhere(scenario, await beginning(scenario))
  })
})

/** Kills a run before each of its operations in turn. */
async function killEverywhere(scenario: Scenario, snapshot: Snapshot): Promise<void> {
  const calls = await countCalls(snapshot, scenario)
  expect(calls).toBeGreaterThan(10)
  for (let fatal = 1; fatal <= calls; fatal++) {
    const machine = openMemoryMachine(snapshot)
    const kernel = machine.open()
    let call = 0
    let at = ''
    machine.beforeCall((operation, target) => {
      if (++call !== fatal) return
      at = `killed at ${fatal}: ${operation} ${target}`
      kernel.kill()
    })
    await act(kernel, scenario).catch(() => undefined)
    machine.beforeCall(undefined)
    expectHeld(machine, scenario, at)
    const again = machine.open()
    const { outcome } = await act(again, scenario).catch((error) => Promise.reject(new Error(at, { cause: error })))
    expect(outcome, at).toMatchObject(ended(scenario) as object)
    expectHeld(machine, scenario, `after ${at}`)
    expectFinished(machine, scenario, at)
  }
}

const renamed = [
  'a changed callee',
  'two hooks switched',
  'pins elsewhere that move on',
  'objects that are moved, one of them changed too',
]

test.each(scenarios.filter(({ name }) => renamed.includes(name)))(
  'the same where bpffs cannot exchange, before Linux 5.16: $name',
  async (scenario) => {
    const snapshot = await beginning(scenario, { withoutExchange: true })
    await killEverywhere(scenario, snapshot)
    const machine = openMemoryMachine(snapshot)
    expect((await act(machine.open(), scenario)).outcome).toMatchObject({ result: 'done', left: [] })
    expectFinished(machine, scenario, 'undisturbed')
  },
)

test('another version, with other pins elsewhere and other names, can follow an apply that was killed', async () => {
  const between = scenarios.filter(({ name }) => /^(pins elsewhere that come|objects that are moved)/.test(name))
  const others = scenarios.filter(({ name }) =>
    /^(a new stack|a new stack with pins elsewhere|a changed callee in place)$/.test(name),
  )
  expect([between.length, others.length]).toEqual([2, 3])
  for (const scenario of between) {
    const snapshot = await beginning(scenario)
    const calls = await countCalls(snapshot, scenario)
    for (let fatal = 1; fatal <= calls; fatal++) {
      const killed = (await killedAt(fatal, snapshot, scenario)).snapshot()
      for (const { to, name } of others) {
        const at = `${scenario.name}, killed at ${fatal}, then ${name}`
        const next = openMemoryMachine(killed)
        const follower = { name: at, ...(to && { to }) }
        const { outcome } = await act(next.open(), follower).catch((error) =>
          Promise.reject(new Error(at, { cause: error })),
        )
        expect(outcome, at).toMatchObject({ result: 'done', left: [] })
        expectFinished(next, follower, at)
      }
    }
  }
})

test('a recovery finishes under the names that the interrupted apply gave, whatever the next manifest moves', async () => {
  const scenario = scenarios.find(({ name }) => name === 'a map migrated')
  if (!scenario) throw new Error('the scenario has another name')
  const moved = [{ from: 'map.flows', to: 'map.streams' }] as const
  const moving = stackOf({ without: ['map.flows'], more: [map('streams')], moved })
  const snapshot = await beginning(scenario)
  const calls = await countCalls(snapshot, scenario)
  for (let fatal = 1; fatal <= calls; fatal++) {
    const machine = await killedAt(fatal, snapshot, scenario)
    await recoverOnly(machine.open(), moving)
    const current = readCurrent(machine.open(), { bpffs, stack: 'edge' })
    expect(planRecovery(current), `killed at ${fatal}`).toBeUndefined()
    expect([...current.resources.keys()], `killed at ${fatal}`).toContain('map.flows')
  }
})

test.each([
  { name: 'first apply', to: stackOf() },
  { name: 'destroy', from: stackOf() },
])(
  'a $name that was killed before a record was there, or after, is no drift, and a recovery leaves nothing',
  async (scenario) => {
    const snapshot = await beginning(scenario)
    const calls = await countCalls(snapshot, scenario)
    let bare = 0
    for (let fatal = 1; fatal <= calls; fatal++) {
      const machine = await killedAt(fatal, snapshot, scenario)
      const left = readCurrent(machine.open(), { bpffs, stack: 'edge' })
      if (left.trees.length !== 1 || left.trees[0]?.record) continue
      bare++
      if (left.trees[0]?.name === 'next') expect(findDrift(left), `killed at ${fatal}`).toEqual([])
      await recoverOnly(machine.open(), stackOf())
      expect(readCurrent(machine.open(), { bpffs, stack: 'edge' }).trees, `killed at ${fatal}`).toEqual([])
    }
    expect(bare).toBeGreaterThan(2)
  },
)

async function killedAt(fatal: number, snapshot: Snapshot, scenario: Scenario): Promise<MemoryMachine> {
  const machine = openMemoryMachine(snapshot)
  const kernel = machine.open()
  let call = 0
  machine.beforeCall(() => void (++call === fatal && kernel.kill()))
  await act(kernel, scenario).catch(() => undefined)
  machine.beforeCall(undefined)
  return machine
}

test('a recovery takes back every entry that the killed apply had written, and no other', async () => {
  const [from, to] = [
    { '01000000': '0100000000000000', '02000000': '0200000000000000' },
    { '01000000': '0900000000000000', '03000000': '0300000000000000', '04000000': '0400000000000000' },
  ].map((allow) => stackOf({ allow, verdicts: { v4: allow['03000000'] ? 1 : 2 } }))
  const start = openMemoryMachine(await beginning({ name: 'entries', ...(from && { from }) }))
  // Nobody declares this one, and the next version is to find it as it is.
  writeAllowed(start.open(), { key: 4, value: 4 })
  const snapshot = start.snapshot()
  const scenario = { name: 'entries', ...(to && { to }) }
  const before = allowed(start.open())
  const calls = await countCalls(snapshot, scenario)
  let isTakenBack = 0
  for (let fatal = 1; fatal <= calls; fatal++) {
    const machine = openMemoryMachine(snapshot)
    const kernel = machine.open()
    let call = 0
    machine.beforeCall(() => void (++call === fatal && kernel.kill()))
    await act(kernel, scenario).catch(() => undefined)
    machine.beforeCall(undefined)
    const isWritten = allowed(machine.open()).join() !== before.join()
    await recoverOnly(machine.open(), stackOf())
    const { generation } = readCurrent(machine.open(), { bpffs, stack: 'edge' })
    const after = ['1=9', '3=3', '4=4']
    expect(allowed(machine.open()), `killed at ${fatal}`).toEqual(generation === 1 ? before : after)
    if (isWritten && generation === 1) isTakenBack++
  }
  expect(isTakenBack).toBeGreaterThan(2)
})

const inPlace = (slots: Readonly<Record<number, 'v4' | 'v6'>>) => stackOf({ slots, onSlotChange: 'in-place' })

test.each([
  ['filled', inPlace({ 0: 'v4', 1: 'v6' }), inPlace({ 0: 'v4', 1: 'v6', 2: 'v4' })],
  ['emptied', inPlace({ 0: 'v4', 1: 'v6', 2: 'v4' }), inPlace({ 0: 'v4', 1: 'v6' })],
  ['given to another', inPlace({ 0: 'v4', 1: 'v6', 2: 'v4' }), inPlace({ 0: 'v4', 1: 'v6', 2: 'v6' })],
])('a recovery takes back a slot that the killed apply had %s in place', async (_, from, to) => {
  const snapshot = await beginning({ name: 'slots', from })
  const scenario = { name: 'slots', to }
  const calls = await countCalls(snapshot, scenario)
  for (let fatal = 1; fatal <= calls; fatal++) {
    const machine = openMemoryMachine(snapshot)
    const kernel = machine.open()
    let call = 0
    machine.beforeCall(() => void (++call === fatal && kernel.kill()))
    await act(kernel, scenario).catch(() => undefined)
    machine.beforeCall(undefined)
    await recoverOnly(machine.open(), from)
    const { generation } = readCurrent(machine.open(), { bpffs, stack: 'edge' })
    expect(hasChanges(planFor(machine.open(), generation === 1 ? from : to)), `killed at ${fatal}`).toBe(false)
  }
})

/** The map of the stack in which entries are declared. */
const openAllowed = (kernel: Kernel): Fd<'map'> => kernel.openPin(`${bpffs}/edge/live/maps/allow`) as Fd<'map'>

function writeAllowed(kernel: Kernel, { key, value }: { readonly key: number; readonly value: number }): void {
  using map = openAllowed(kernel)
  kernel.update(map, new Uint8Array([key, 0, 0, 0]), new Uint8Array([value, 0, 0, 0, 0, 0, 0, 0]))
}

function allowed(kernel: Kernel): readonly string[] {
  using map = openAllowed(kernel)
  return [...kernel.keys(map)].map((key) => `${key[0]}=${kernel.lookup(map, key)?.[0]}`).sort()
}

test('a destroy that was killed can be followed by an apply', async () => {
  const destroy = { name: 'destroy', from: stackOf() }
  const snapshot = await beginning(destroy)
  const calls = await countCalls(snapshot, destroy)
  for (let fatal = 1; fatal <= calls; fatal++) {
    const machine = await killedAt(fatal, snapshot, destroy)
    const at = `destroy killed at ${fatal}`
    expectHeld(machine, destroy, at)
    const apply = { name: 'apply', to: stackOf() }
    const { outcome } = await act(machine.open(), apply).catch((error) =>
      Promise.reject(new Error(at, { cause: error })),
    )
    expect(outcome, at).toMatchObject({ result: 'done', left: [] })
    expectFinished(machine, apply, at)
  }
})

test('killed a second time while the first crash is recovered, every array is still held, and the third run finishes', async () => {
  const twice = scenarios.filter(({ name }) =>
    ['two hooks switched', 'a slot less', 'pins elsewhere that move on'].includes(name),
  )
  for (const scenario of twice) {
    const snapshot = await beginning(scenario)
    const calls = await countCalls(snapshot, scenario)
    for (let first = 3; first <= calls; first += 5) {
      for (let second = 1 + (first % 7); second <= calls; second += 7) {
        const machine = openMemoryMachine(snapshot)
        for (const fatal of [first, second]) {
          const kernel = machine.open()
          let call = 0
          machine.beforeCall(() => void (++call === fatal && kernel.kill()))
          await act(kernel, scenario).catch(() => undefined)
          kernel.kill()
          machine.beforeCall(undefined)
          expectHeld(machine, scenario, `killed at ${first} and ${second}`)
        }
        await act(machine.open(), scenario)
        expectFinished(machine, scenario, `killed at ${first} and ${second}`)
      }
    }
  }
})
