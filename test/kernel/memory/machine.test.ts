import { describe, expect, test } from 'vitest'
import type { Fd } from '../../../src/kernel/kernel.ts'
import { ProcessKilledError } from '../../../src/kernel/memory/machine.ts'
import { openMemoryKernel, openMemoryMachine } from '../../../src/kernel/memory/memory-kernel.ts'
import type { MemoryProcess } from '../../../src/kernel/memory/process-kernel.ts'
import { KernelError } from '../../../src/model/errors.ts'
import type { LinkTarget } from '../../../src/model/link-spec.ts'
import { tailCall } from '../../contract/assembly.ts'
import { errnoOf, idOf, load, makeMap, u32 } from '../../contract/test-world.ts'

const root = '/sys/fs/bpf'
const raw: LinkTarget = { kind: 'raw_tracepoint', name: 'sched_switch' }

/** A running caller with a pinned link, and a callee in slot 0 of its array; nothing else is pinned. */
async function chain(
  kernel: MemoryProcess,
): Promise<{ array: Fd<'map'>; arrayId: number; caller: number; callee: number }> {
  const array = makeMap(kernel, { type: 'prog_array' }, 'tail_calls')
  const caller = await load(kernel, tailCall(array), { type: 'raw_tracepoint' }, 'caller')
  const callee = await load(kernel, undefined, { type: 'raw_tracepoint' }, 'callee')
  kernel.update(array, u32(0), callee)
  kernel.pin(kernel.createLink({ program: caller, target: raw }), `${root}/link`)
  return { array, arrayId: idOf(kernel, array), caller: idOf(kernel, caller), callee: idOf(kernel, callee) }
}

describe('a process that is killed', () => {
  test('loses every descriptor at once, so that an array without a pin is emptied under its caller', async () => {
    const machine = openMemoryMachine()
    const kernel = machine.open()
    const { arrayId, caller, callee } = await chain(kernel)
    expect(machine.inspect.tailCalls(caller)).toEqual([{ caller, array: arrayId, slot: 0, callee }])
    kernel.kill()
    expect(machine.inspect.running()).toEqual([caller])
    expect(machine.inspect.tailCalls(caller)).toEqual([])
    expect(machine.inspect.ids('program', 'callee')).toEqual([])
    expect(machine.inspect.reachableArrays()).toMatchObject([{ id: arrayId, holders: [] }])
  })

  test('leaves the slots of a pinned array as they are', async () => {
    const machine = openMemoryMachine()
    const kernel = machine.open()
    const { array, arrayId, callee } = await chain(kernel)
    kernel.pin(array, `${root}/array`)
    expect(machine.inspect.holders(arrayId)).toEqual([`${root}/array`, `process 1 fd ${array.number}`])
    kernel.kill()
    expect(machine.inspect.holders(arrayId)).toEqual([`${root}/array`])
    expect(machine.inspect.slots(arrayId)).toEqual(new Map([[0, callee]]))
  })

  test('makes no further call, and gives its locks to the next', () => {
    const machine = openMemoryMachine()
    const [first, second] = [machine.open(), machine.open()]
    first.bpffs.makeDirectory(`${root}/edge`)
    first.bpffs.lock(`${root}/edge`)
    const map = makeMap(first)
    expect(second.bpffs.lock(`${root}/edge`)).toBeUndefined()
    first.kill()
    expect(second.bpffs.lock(`${root}/edge`)).toBeDefined()
    for (const call of [
      () => first.bpffs.makeDirectory(`${root}/more`),
      () => first.bpffs.stat(root),
      () => first.lookup(map, u32(0)),
      () => first.ids('map'),
    ]) {
      expect(call).toThrow(ProcessKilledError)
    }
    expect(second.bpffs.stat(`${root}/more`)).toBeUndefined()
  })
})

describe('the deferred clear', () => {
  test('erases a slot that is filled again at once; one that is filled after a look stays', async () => {
    const machine = openMemoryMachine()
    const kernel = machine.open()
    const { array, arrayId, callee } = await chain(kernel)
    array[Symbol.dispose]()
    const again = kernel.openById('map', arrayId)
    kernel.pin(again, `${root}/rescued`)
    const program = kernel.openById('program', callee)
    kernel.update(again, u32(0), program)
    expect(kernel.lookup(again, u32(0))).toBeUndefined()
    kernel.update(again, u32(0), program)
    expect(kernel.lookup(again, u32(0))).toEqual(u32(callee))
  })

  test('runs when it is told to', async () => {
    const machine = openMemoryMachine()
    const kernel = machine.open()
    const { array, arrayId, callee } = await chain(kernel)
    array[Symbol.dispose]()
    machine.settle()
    const again = kernel.openById('map', arrayId)
    kernel.update(again, u32(0), kernel.openById('program', callee))
    expect(kernel.lookup(again, u32(0))).toEqual(u32(callee))
  })
})

describe('the hook before every call', () => {
  test('is told each operation that changes something, and none that only reads', async () => {
    const machine = openMemoryMachine()
    const kernel = machine.open()
    const told: string[] = []
    machine.beforeCall((operation, target) => told.push(`${operation} ${target}`))
    const map = makeMap(kernel)
    kernel.pin(map, `${root}/m`)
    kernel.lookup(map, u32(0))
    kernel.update(map, u32(0), u32(1))
    kernel.bpffs.rename(`${root}/m`, `${root}/n`)
    kernel.bpffs.list(root)
    kernel.describePin(`${root}/n`)
    expect(told).toEqual(['createMap m', `pin ${root}/m`, 'update m', `rename ${root}/m`])
    machine.beforeCall(undefined)
    kernel.bpffs.unpin(`${root}/n`)
    expect(told.length).toBe(4)
  })

  test('may refuse the call, which then changes nothing', () => {
    const machine = openMemoryMachine()
    const kernel = machine.open()
    const map = makeMap(kernel)
    machine.beforeCall(() => {
      throw new KernelError('cannot go on', { code: 'K012', command: 'BPF_OBJ_PIN', errno: 'ENOMEM' })
    })
    expect(errnoOf(() => kernel.pin(map, `${root}/m`))).toBe('ENOMEM')
    expect(kernel.bpffs.stat(`${root}/m`)).toBeUndefined()
  })

  test('may kill the process, and the call never happens', async () => {
    const machine = openMemoryMachine()
    const kernel = machine.open()
    machine.beforeCall((operation) => operation === 'loadProgram' && kernel.kill())
    await expect(load(kernel)).rejects.toThrow(ProcessKilledError)
    expect(machine.inspect.ids('program')).toEqual([])
  })
})

describe('the world outside', () => {
  test('a program that the machine rejects is refused with its log', async () => {
    const machine = openMemoryMachine()
    const kernel = machine.open()
    machine.rejectProgram('p', 'R1 invalid mem access')
    await expect(load(kernel)).rejects.toMatchObject({
      code: 'K100',
      errno: 'EINVAL',
      verifier: { reason: 'R1 invalid mem access' },
    })
    machine.rejectProgram('p', undefined)
    await expect(load(kernel)).resolves.toBeDefined()
  })

  test('every name exists and keeps its number; a list or a removal ends that', () => {
    const machine = openMemoryMachine()
    const kernel = machine.open()
    const eth0 = kernel.interfaceIndex('eth0')
    expect([kernel.interfaceIndex('lo'), eth0, kernel.interfaceIndex('eth0')]).toEqual([1, 2, 2])
    machine.removeInterface('eth0')
    expect([kernel.interfaceIndex('eth0'), kernel.interfaceName(2)]).toEqual([undefined, undefined])
    expect(machine.addInterface('eth0')).toBe(3)
    const strict = openMemoryKernel({ interfaces: ['eth1'], tracepoints: ['sched/sched_switch'] })
    expect([strict.interfaceIndex('eth0'), strict.interfaceIndex('eth1')]).toEqual([undefined, 2])
    expect(strict.hasTracepoint('sched', 'other')).toBe(false)
  })

  test('a bpffs is there only where it is mounted', () => {
    const kernel = openMemoryKernel({ mounts: [] })
    const map = makeMap(kernel)
    expect(kernel.bpffs.mountOf(`${root}/edge`)).toBeUndefined()
    expect(errnoOf(() => kernel.pin(map, `${root}/m`))).toBe('EPERM')
    kernel.bpffs.mount(root)
    kernel.pin(map, `${root}/m`)
    expect(kernel.bpffs.mountOf(`${root}/edge`)).toEqual({ mountPoint: root })
  })

  test('an attachment without a link keeps its program, blocks the interface and is told', async () => {
    const machine = openMemoryMachine()
    const kernel = machine.open()
    const target: LinkTarget = { kind: 'xdp', interface: 'eth0', ifindex: kernel.interfaceIndex('eth0') ?? 0 }
    const program = await load(kernel)
    const id = idOf(kernel, program)
    machine.attachWithoutLink(target, id)
    expect(errnoOf(() => kernel.createLink({ program, target }))).toBe('EBUSY')
    program[Symbol.dispose]()
    expect([kernel.attachedWithoutLink(target), machine.inspect.running()]).toEqual([[id], [id]])
    machine.detachWithoutLink(target, id)
    expect(kernel.ids('program')).toEqual([])
  })

  test('a sockmap releases its programs at its own last user', async () => {
    const machine = openMemoryMachine()
    const kernel = machine.open()
    const template = makeMap(kernel, { type: 'sockmap' })
    const outer = kernel.createMap({
      name: 'outer',
      shape: { type: 'array_of_maps', keySize: 4, valueSize: 4, maxEntries: 1, flags: 0, mapExtra: 0 },
      inner: template,
    })
    const program = await load(kernel, undefined, { type: 'sk_skb' })
    kernel.update(outer, u32(0), template)
    machine.attachToSockmap(idOf(kernel, template), idOf(kernel, program))
    program[Symbol.dispose]()
    expect(machine.inspect.ids('program')).toHaveLength(1)
    template[Symbol.dispose]()
    expect(machine.inspect.ids('map')).toHaveLength(2)
    expect(machine.inspect.ids('program')).toEqual([])
  })
})
