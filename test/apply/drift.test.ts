import { describe, expect, test } from 'vitest'
import type { Fd, Kernel } from '../../src/kernel/kernel.ts'
import { type MemoryMachine, openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import type { MapId } from '../../src/model/ids.ts'
import { findDrift } from '../../src/plan/drift.ts'
import { hasChanges } from '../../src/plan/make-plan.ts'
import { readTraces } from '../../src/state/read-traces.ts'
import { document } from '../cli/views/samples.ts'
import { outer } from '../crash/scenarios.ts'
import { checkDocument } from '../support/printed.ts'
import { applyStack, bpffs, currentOf, forgetIn, planFor, run } from './runs.ts'
import { map, shape, stackOf } from './stack.ts'

async function machineWith(...states: readonly ReturnType<typeof stackOf>[]): Promise<MemoryMachine> {
  const machine = openMemoryMachine()
  for (const state of states) await applyStack(machine.open(), state)
  return machine
}

describe('owner and mode', () => {
  const chmod = (machine: MemoryMachine, path: string, mode: number): void =>
    machine.open().bpffs.setOwnership(`${bpffs}/edge${path}`, { mode })
  const rows = [
    ['of the directory of a stack that is closed', {}, '', 0o750, ['']],
    ['below it, where nobody else gets', {}, '/live/maps', 0o755, []],
    ['below the directory of a stack that is open', { ownership: { mode: 0o750 } }, '/live/maps', 0o755, ['live/maps']],
  ] as const
  test.each(rows)('%s', async (_, options, path, mode, found) => {
    const wanted = stackOf(options)
    const machine = await machineWith(wanted)
    expect(findDrift(currentOf(machine.open(), wanted))).toEqual([])
    chmod(machine, path, mode)
    const drift = findDrift(currentOf(machine.open(), wanted))
    expect(drift.map(({ path: at }) => at)).toEqual(found)
    const plan = planFor(machine.open(), wanted)
    expect(plan.ownership).toBe(found.length > 0 ? 'drift' : undefined)
    await applyStack(machine.open(), wanted)
    expect(findDrift(currentOf(machine.open(), wanted))).toEqual([])
    expect(hasChanges(planFor(machine.open(), wanted))).toBe(false)
  })
})

describe('in a map of maps', () => {
  const wanted = stackOf({ more: outer('red', 'blue'), history: 1 })
  const openMap = (kernel: Kernel, path: string) => kernel.openPin(path) as Fd<'map'>
  const [red, word] = [`${bpffs}/edge/live/maps/red`, (value: number) => new Uint8Array([value, 0, 0, 0])]

  test.each(['removed', 'replaced'])('a map whose pin somebody %s gets it back, with its entries', async (how) => {
    const machine = await machineWith(wanted)
    const kernel = machine.open()
    {
      using held = openMap(kernel, red)
      kernel.update(held, word(1), new Uint8Array([7, 0, 0, 0, 0, 0, 0, 0]))
    }
    kernel.bpffs.unpin(red)
    if (how === 'replaced') {
      using other = kernel.createMap({ name: 'other', shape: shape({ type: 'array', maxEntries: 2 }) })
      kernel.pin(other, red)
    }
    const kind = how === 'removed' ? 'lost' : 'replaced'
    expect(findDrift(currentOf(kernel, wanted))).toMatchObject([{ kind, address: 'map.red' }])
    await applyStack(kernel, wanted)
    using again = openMap(kernel, red)
    expect([...(kernel.lookup(again, word(1)) ?? [])]).toEqual([7, 0, 0, 0, 0, 0, 0, 0])
    expect(hasChanges(planFor(machine.open(), wanted))).toBe(false)
    // There is nothing to go back to: that generation lacks the map.
    expect(kernel.bpffs.list(`${bpffs}/edge`).map(({ name }) => name)).toEqual(['live'])
  })

  test('somebody else’s map in the place of one makes way for it, and comes back when that fails', async () => {
    const machine = await machineWith(wanted)
    const kernel = machine.open()
    using place = openMap(kernel, `${bpffs}/edge/live/maps/outer`)
    using theirs = kernel.createMap({ name: 'theirs', shape: shape({ type: 'array', maxEntries: 2 }) })
    kernel.update(place, word(0), theirs)
    const plan = planFor(kernel, wanted)
    const id = kernel.describe(theirs).id
    expect(plan.steps).toContainEqual(expect.objectContaining({ kind: 'set-inner', before: `map#${id}` }))
    checkDocument(JSON.parse(JSON.stringify(document(plan))), 'a plan')
    const broken = plan.steps.map((step) => (step.kind === 'exchange' ? { ...step, b: 'nowhere' } : step))
    expect((await run(kernel, { ...plan, steps: broken }, wanted)).outcome).toMatchObject({ result: 'rolled-back' })
    expect(kernel.lookup(place, word(0))).toEqual(word(id))
    await applyStack(kernel, wanted)
    expect(hasChanges(planFor(machine.open(), wanted))).toBe(false)
  })
})

test('a map of others that its owner no longer pins is told, and who has it open', async () => {
  const machine = openMemoryMachine()
  const owner = machine.open()
  using theirs = owner.createMap({ name: 'theirs', shape: shape() })
  owner.pin(theirs, `${bpffs}/theirs`)
  const id = owner.describe(theirs).id as MapId
  const foreign = map('flows', { owner: 'foreign', foreignPath: `${bpffs}/theirs`, live: { id, pins: [] } })
  const wanted = stackOf({ without: ['map.flows'], more: [foreign] })
  await applyStack(machine.open(), wanted)
  owner.bpffs.unpin(`${bpffs}/theirs`)
  const kernel = machine.open()
  const current = currentOf(kernel, { ...wanted, resources: new Map() })
  const drift = findDrift(current)
  expect(drift).toEqual([
    {
      kind: 'replaced',
      address: 'map.flows',
      path: `${bpffs}/theirs`,
      because: [{ attribute: 'pin', before: `#${id}`, after: undefined }],
    },
  ])
  const [traces = []] = readTraces(kernel, current, { drift, now: 0 })
  expect(traces[0]).toMatchObject({ object: { kind: 'map', id, name: 'theirs' }, holders: [{ process: 1 }] })
})

test('what is forgotten of a stack that drifted leaves the drift as it is', async () => {
  const wanted = stackOf()
  const machine = await machineWith(wanted)
  machine.open().bpffs.unpin(`${bpffs}/edge/live/programs/v6`)
  const before = findDrift(currentOf(machine.open(), wanted))
  expect(before).toMatchObject([{ kind: 'lost', address: 'program.v6' }])
  await forgetIn(machine.open(), wanted, ['link.eth0'])
  expect(findDrift(currentOf(machine.open(), wanted))).toEqual(before)
  expect(machine.inspect.pins().get(`${bpffs}/forgotten/edge/links/eth0`)).toMatchObject({ kind: 'link' })
})
