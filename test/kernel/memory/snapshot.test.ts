import { expect, test } from 'vitest'
import type { Fd } from '../../../src/kernel/kernel.ts'
import { openMemoryMachine } from '../../../src/kernel/memory/memory-kernel.ts'
import { tailCall } from '../../contract/assembly.ts'
import { errnoOf, idOf, load, makeMap, u32 } from '../../contract/test-world.ts'

const root = '/sys/fs/bpf'
const throughJson = (data: unknown): unknown => JSON.parse(JSON.stringify(data))

test('a restored machine holds what was pinned, with contents, names and numbers', async () => {
  const before = openMemoryMachine()
  const kernel = before.open()
  const array = makeMap(kernel, { type: 'prog_array' })
  const caller = await load(kernel, tailCall(array))
  const callee = await load(kernel)
  kernel.update(array, u32(0), callee)
  kernel.bpffs.makeDirectory(`${root}/edge`)
  kernel.pin(array, `${root}/edge/array`)
  const target = { kind: 'xdp', interface: 'eth0', ifindex: kernel.interfaceIndex('eth0') ?? 0 } as const
  kernel.pin(kernel.createLink({ program: caller, target }), `${root}/edge/link`)
  const ids = [idOf(kernel, array), idOf(kernel, caller), idOf(kernel, callee)] as const

  const after = openMemoryMachine(throughJson(before.snapshot()))
  const again = after.open()
  expect(after.inspect.pins()).toEqual(before.inspect.pins())
  expect(after.inspect.links()).toEqual(before.inspect.links())
  expect(after.inspect.slots(ids[0])).toEqual(new Map([[0, ids[2]]]))
  expect(again.bpffs.stat(`${root}/edge`)).toEqual(kernel.bpffs.stat(`${root}/edge`))
  expect(again.interfaceIndex('eth0')).toBe(target.ifindex)
  using next = makeMap(again)
  expect(idOf(again, next)).toBeGreaterThan(ids[0])
  again.bpffs.unpin(`${root}/edge/link`)
  again.bpffs.unpin(`${root}/edge/array`)
  expect(after.inspect.ids('program')).toEqual([])
})

test('what only a process held is not in it: arrays are emptied, objects gone; the machine itself is untouched', async () => {
  const before = openMemoryMachine()
  const kernel = before.open()
  const array = makeMap(kernel, { type: 'prog_array' })
  const caller = await load(kernel, tailCall(array))
  kernel.update(array, u32(0), caller)
  kernel.pin(caller, `${root}/caller`)
  makeMap(kernel, {}, 'loose')
  const snapshot = throughJson(before.snapshot())
  expect(before.inspect.slots(idOf(kernel, array)).size).toBe(1)
  expect(before.inspect.ids('map')).toHaveLength(2)

  const after = openMemoryMachine(snapshot)
  expect(after.inspect.ids('map')).toEqual([idOf(kernel, array)])
  expect(after.inspect.slots(idOf(kernel, array)).size).toBe(0)
  expect(after.inspect.ids('program')).toEqual([idOf(kernel, caller)])
})

test('a cycle that nobody holds is gone', async () => {
  const machine = openMemoryMachine()
  const kernel = machine.open()
  const array = makeMap(kernel, { type: 'prog_array' })
  const program = await load(kernel, tailCall(array))
  kernel.update(array, u32(0), program)
  expect(openMemoryMachine(machine.snapshot()).inspect.ids('map')).toEqual([])
})

test('a snapshot of a snapshot is the same', async () => {
  const machine = openMemoryMachine()
  const kernel = machine.open()
  const map = makeMap(kernel, { type: 'hash' })
  kernel.update(map, u32(3), u32(4))
  kernel.pin(map, `${root}/m`)
  kernel.freeze(map)
  const first = machine.snapshot()
  const restored = openMemoryMachine(throughJson(first))
  expect(restored.snapshot()).toEqual(first)
  using pinned = restored.open().openPin(`${root}/m`) as Fd<'map'>
  expect(pinned.kind).toBe('map')
})

test('other data is refused', () => {
  for (const data of [null, [], 'x', {}, { version: 2 }]) expect(errnoOf(() => openMemoryMachine(data))).toBe('EINVAL')
})
