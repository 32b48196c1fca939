import { expect, test } from 'vitest'
import type { Fd, Kernel } from '../../../src/kernel/kernel.ts'
import { openMemoryKernel } from '../../../src/kernel/memory/memory-kernel.ts'
import type { MapShape } from '../../../src/model/map-spec.ts'
import { applyStack, bpffs, planFor, rollBack, run } from '../runs.ts'
import { map, shape, stackOf } from '../stack.ts'

const flows = (valueSize: 8 | 16, change: Partial<MapShape> = {}) =>
  map('flows', {
    shape: shape({ valueSize, ...change }),
    layout: { key: 'u32', value: valueSize === 8 ? 'struct 8{n:u64@0}' : 'struct 16{n:u64@0,more:u64@8}' },
    onChange: 'migrate',
  })

const first = stackOf({ more: [flows(8)], history: 1 })
const second = stackOf({ more: [flows(16)], history: 1 })

function liveMap(kernel: Kernel): Fd<'map'> {
  return kernel.openPin(`${bpffs}/edge/live/maps/flows`) as Fd<'map'>
}

const key = (number: number): Uint8Array => Uint8Array.of(number, 0, 0, 0)

function write(kernel: Kernel, numbers: readonly number[], size: number): void {
  using fd = liveMap(kernel)
  for (const number of numbers) kernel.update(fd, key(number), new Uint8Array(size).fill(number, 0, 1))
}

function contents(kernel: Kernel): (readonly [number, number])[] {
  using fd = liveMap(kernel)
  return [...kernel.keys(fd)].map((one) => [one[0] ?? 0, kernel.lookup(fd, one)?.[0] ?? 0] as const)
}

test('an apply tells what became of the entries of each map', async () => {
  const kernel = openMemoryKernel()
  await applyStack(kernel, first)
  write(kernel, [1, 2, 3], 8)
  const { outcome, events } = await applyStack(kernel, second)
  const counts = { copied: 3, merged: 0, conflicting: 0, dropped: 0 }
  expect(outcome).toMatchObject({ result: 'done', migrated: { 'map.flows': counts } })
  expect(events.filter((event) => event.type === 'migrated')).toEqual([
    { type: 'migrated', map: 'map.flows', ...counts },
  ])
  expect(contents(kernel).sort()).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
  ])
})

test('a map that grew beyond the room of the new one since it was planned stays, and everything is undone', async () => {
  const kernel = openMemoryKernel()
  await applyStack(kernel, first)
  const smaller = stackOf({ more: [flows(16, { maxEntries: 2 })], history: 1 })
  write(kernel, [1, 2], 8)
  const plan = planFor(kernel, smaller)
  expect(plan.diagnostics).toEqual([])
  write(kernel, [3], 8)
  const { outcome } = await run(kernel, plan, smaller)
  expect(outcome).toMatchObject({ result: 'nothing-changed', generation: 1, left: [] })
  expect(outcome.problem?.message).toMatch(/^cannot copy the entries of map\.flows: /)
  expect(kernel.bpffs.list(`${bpffs}/edge`)).toEqual([{ name: 'live', directory: true }])
  expect(contents(kernel)).toHaveLength(3)
  expect(kernel.openDescriptors()).toBe(0)
})

test('a rollback brings the former map back as it was when it was replaced', async () => {
  const kernel = openMemoryKernel()
  await applyStack(kernel, first)
  write(kernel, [1], 8)
  await applyStack(kernel, second)
  write(kernel, [2], 16)
  expect((await rollBack(kernel, second)).outcome.result).toBe('done')
  expect(contents(kernel)).toEqual([[1, 1]])
  expect((await rollBack(kernel, first)).outcome.result).toBe('done')
  expect(contents(kernel)).toEqual([
    [1, 1],
    [2, 2],
  ])
})
