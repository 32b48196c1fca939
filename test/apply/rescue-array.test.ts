import { expect, test } from 'vitest'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { applyStack, bpffs, run } from './runs.ts'
import { stackOf } from './stack.ts'

/** A machine whose array has just lost its last pin: the kernel's clear is queued and has not run. */
async function justLost() {
  const machine = openMemoryMachine()
  const kernel = machine.open()
  await applyStack(kernel, stackOf())
  const [array] = machine.inspect.reachableArrays()
  if (!array) throw new Error('the stack has no array')
  kernel.bpffs.unpin(`${bpffs}/edge/live/maps/calls`)
  const slots = Object.fromEntries([...array.slots].map(([index, id]) => [index, `#${id}` as const]))
  const plan: Plan = {
    version: 1,
    action: 'repair',
    stack: 'edge',
    directory: `${bpffs}/edge`,
    generation: { from: 1, to: 1 },
    changes: [],
    steps: [{ phase: 'retire', kind: 'rescue-array', array: 'live:map.calls', path: 'live/maps/calls', slots }],
    existing: { 'live:map.calls': array.id },
    preconditions: [],
    ledger: { arrays: [], rows: [] },
    diagnostics: [],
  }
  return { machine, kernel, array, plan }
}

test('pins first, and fills again what a late clear of the kernel erases', async () => {
  const { machine, kernel, array, plan } = await justLost()
  const other = machine.open()
  const operations: string[] = []
  machine.beforeCall((operation) => {
    operations.push(operation)
    if (operation !== 'waitForReaders' || operations.filter((it) => it === operation).length > 1) return
    using map = other.openById('map', array.id)
    for (const index of array.slots.keys()) other.remove(map, new Uint8Array([index, 0, 0, 0]))
  })
  const { outcome } = await run(kernel, plan)
  machine.beforeCall(undefined)
  expect(outcome.result).toBe('done')
  expect(operations[0]).toBe('pin')
  kernel.close()
  expect(machine.inspect.reachableArrays()).toEqual([array])
})

test('a slot that holds another program is left alone, and told; the pin stays', async () => {
  const { machine, kernel, array, plan } = await justLost()
  const [first = 0, second = 0] = array.slots.values()
  machine.settle()
  {
    using map = kernel.openById('map', array.id)
    using other = kernel.openById('program', second)
    kernel.pin(map, `${bpffs}/edge/live/maps/calls`)
    kernel.update(map, new Uint8Array(4), other)
  }
  const { outcome } = await run(kernel, plan)
  expect(outcome).toMatchObject({ result: 'incomplete', problem: { code: 'P311' }, finish: 'apply' })
  expect(outcome.problem?.message).toMatch(/slot 0 does not keep its program/)
  const held = machine.inspect.reachableArrays()[0]
  expect({ holders: held?.holders, slots: [...(held?.slots.values() ?? [])] }).toEqual({
    holders: [`${bpffs}/edge/live/maps/calls`],
    slots: [second, second],
  })
  expect(first).not.toBe(second)
})

test('a pin of something else at its path is not touched', async () => {
  const { kernel, machine, plan } = await justLost()
  kernel.bpffs.link(`${bpffs}/edge/live/maps/flows`, `${bpffs}/edge/live/maps/calls`)
  const { outcome } = await run(kernel, plan)
  expect(outcome).toMatchObject({ result: 'incomplete' })
  expect(machine.inspect.pins().get(`${bpffs}/edge/live/maps/calls`)).toEqual(
    machine.inspect.pins().get(`${bpffs}/edge/live/maps/flows`),
  )
})
