import { expect, test } from 'vitest'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import { hasChanges } from '../../src/plan/make-plan.ts'
import { ownView } from '../crash/worlds.ts'
import { applyStack, bpffs, destroyStack, planFor } from './runs.ts'
import { stackOf } from './stack.ts'

test('a new stack is pinned, filled and attached, and nothing stays open', async () => {
  const machine = openMemoryMachine()
  const kernel = machine.open()
  const { outcome, events } = await applyStack(kernel, stackOf())
  expect(outcome).toEqual({ result: 'done', generation: 1, left: [], diagnostics: [] })
  expect(kernel.openDescriptors()).toBe(0)
  const [array] = machine.inspect.reachableArrays()
  expect(array).toMatchObject({ name: 'calls', holders: [`${bpffs}/edge/live/maps/calls`] })
  expect(array?.slots.size).toBe(2)
  expect([...machine.inspect.pins().keys()].filter((path) => !path.startsWith(`${bpffs}/edge/live/`))).toEqual([])
  expect(events.filter((event) => event.type === 'step-started').length).toBe(
    events.filter((event) => event.type === 'step-finished').length,
  )
})

test('a second apply finds nothing to do: no generation, and no operation but the lock', async () => {
  const machine = openMemoryMachine()
  const wanted = stackOf({ history: 2, ownership: { mode: 0o750 }, pins: { [`${bpffs}/x_flows`]: 'map.flows' } })
  await applyStack(machine.open(), wanted)
  expect(hasChanges(planFor(machine.open(), wanted))).toBe(false)
  const before = ownView(machine)
  const done: string[] = []
  machine.beforeCall((operation) => void done.push(operation))
  const { outcome } = await applyStack(machine.open(), wanted)
  machine.beforeCall(undefined)
  expect(outcome).toEqual({ result: 'done', generation: 1, left: [], diagnostics: [] })
  expect(done).toEqual(['makeDirectory', 'lock'])
  expect(ownView(machine)).toEqual(before)
})

test('a changed callee gives a new array, the same link runs new code, and the old generation is gone', async () => {
  const machine = openMemoryMachine()
  const kernel = machine.open()
  await applyStack(kernel, stackOf())
  const [before] = machine.inspect.links()
  const { outcome } = await applyStack(kernel, stackOf({ verdicts: { v4: 1 } }))
  expect(outcome).toMatchObject({ result: 'done', generation: 2, left: [] })
  const [after] = machine.inspect.links()
  expect(after?.id).toBe(before?.id)
  expect(after?.programId).not.toBe(before?.programId)
  expect(machine.inspect.ids('map', 'calls').length).toBe(1)
  expect(machine.inspect.ids('program').length).toBe(3)
  expect(machine.inspect.reachableArrays()[0]?.slots.size).toBe(2)
  expect(kernel.openDescriptors()).toBe(0)
})

test('destroy leaves nothing of the stack', async () => {
  const machine = openMemoryMachine()
  const kernel = machine.open()
  await applyStack(kernel, stackOf())
  const { outcome } = await destroyStack(kernel, stackOf())
  expect(outcome).toMatchObject({ result: 'done', left: [] })
  expect(kernel.bpffs.stat(`${bpffs}/edge`)).toBeUndefined()
  expect(machine.inspect.pins().size).toBe(0)
  for (const kind of ['map', 'program', 'link'] as const) expect(machine.inspect.ids(kind)).toEqual([])
})
