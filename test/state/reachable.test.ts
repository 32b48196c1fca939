import { expect, test } from 'vitest'
import type { Kernel } from '../../src/kernel/kernel.ts'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import { mapAddress, programAddress } from '../../src/model/address.ts'
import { KernelError } from '../../src/model/errors.ts'
import type { MapId, ProgramId } from '../../src/model/ids.ts'
import type { LinkTarget } from '../../src/model/link-spec.ts'
import { readGraph } from '../../src/state/reachable.ts'
import { array, desired, link, map, program } from '../support/builders.ts'
import { word, writeStack } from './write-stack.ts'

const bpffs = '/sys/fs/bpf'

test('links are roots, and edges lead from programs over arrays and outer maps', async () => {
  const kernel = machine().open()
  const outer = {
    shape: {
      type: 'array_of_maps',
      keySize: 4,
      valueSize: 4,
      maxEntries: 9,
      flags: 0,
      mapExtra: 0,
      inner: map('x').shape,
    },
    contents: { kind: 'inner', slots: new Map([[5, mapAddress('inner')]]) },
  } as const
  const resources = [
    map('inner'),
    map('outer', outer),
    array('calls', { 1: 'handler', 6: 'handler' }),
    program('handler'),
    program('main', ['calls', 'outer']),
    link('eth0', 'main', { target: xdp }),
  ]
  const { ids } = await writeStack(kernel, bpffs, desired(...resources))
  const id = (name: string): number => ids.get(name as 'map.x') ?? 0
  const graph = readGraph(kernel)
  expect(graph.roots).toEqual([{ program: id('program.main'), via: 'link #1 (xdp eth0)', link: id('link.eth0') }])
  expect(graph.programs.get(id('program.main') as ProgramId)?.maps).toEqual([id('map.calls'), id('map.outer')])
  const held = graph.maps.get(id('map.calls') as MapId)?.programs
  expect([...(held ?? [])]).toEqual([
    [1, id('program.handler')],
    [6, id('program.handler')],
  ])
  expect(graph.maps.get(id('map.outer') as MapId)?.inner).toEqual([id('map.inner')])
  expect(kernel.openDescriptors()).toBe(0)
})

test('a program attached without a link is a root, at the targets that are asked for', async () => {
  const box = machine()
  const kernel = box.open()
  const { ids } = await writeStack(kernel, bpffs, desired(program('main')))
  const main = ids.get(programAddress('main')) ?? 0
  box.attachWithoutLink(xdp, main)
  expect(readGraph(kernel).roots).toEqual([])
  const { roots } = readGraph(kernel, { targets: [xdp, { ...xdp, interface: 'the same' } as typeof xdp] })
  expect(roots.map((root) => [root.program, root.link])).toEqual([[main, undefined]])
})

test('a link whose device is gone is a severed root: it keeps its program', async () => {
  const box = machine()
  const kernel = box.open()
  const target = { ...xdp, ifindex: kernel.interfaceIndex('eth0') ?? 0 } as typeof xdp
  const { ids } = await writeStack(kernel, bpffs, desired(program('main'), link('eth0', 'main', { target })))
  expect(readGraph(kernel).roots.map((root) => 'severed' in root)).toEqual([false])
  box.removeInterface('eth0')
  expect(readGraph(kernel).roots).toMatchObject([{ program: ids.get(programAddress('main')), severed: true }])
})

test('a link that another process is just making is left out', async () => {
  const box = machine()
  const kernel = box.open()
  await writeStack(kernel, bpffs, desired(program('main'), link('eth0', 'main')))
  const busy: Kernel = { ...kernel, openById: refusing('openById', 'EAGAIN').openById }
  expect(readGraph(kernel).roots.length).toBe(1)
  expect(readGraph(busy).roots).toEqual([])
})

test('a target that is gone has nothing attached to it', () => {
  const gone = refusing('attachedWithoutLink', 'ENOENT')
  expect(readGraph(gone, { targets: [xdp] }).roots).toEqual([])
  expect(() => readGraph(refusing('attachedWithoutLink', 'EPERM'), { targets: [xdp] })).toThrow(KernelError)
})

test('an object that vanishes while the graph is read is left out', async () => {
  const kernel = machine().open()
  await writeStack(kernel, bpffs, desired(map('flows'), array('calls', {}), program('main', ['calls'])))
  const vanished: Kernel = { ...kernel, ids: (kind) => [...kernel.ids(kind), 4_000_000] }
  expect(readGraph(vanished)).toEqual(readGraph(kernel))
})

test('a program in the value of a devmap is found', async () => {
  const kernel = machine().open()
  const { ids } = await writeStack(kernel, bpffs, desired(program('main')))
  const main = ids.get(programAddress('main')) ?? 0
  const shape = { type: 'devmap', keySize: 4, valueSize: 8, maxEntries: 2, flags: 0, mapExtra: 0 } as const
  using devmap = kernel.createMap({ name: 'ports', shape })
  const value = new Uint8Array([...word(7), ...word(main)])
  const carrying: Kernel = {
    ...kernel,
    keys: () => [word(0), word(1)],
    lookup: (_, key) => (key[0] === 1 ? value : undefined),
  }
  const { id } = kernel.describe(devmap)
  expect(readGraph(carrying).maps.get(id as MapId)?.programs).toEqual(new Map([[1, main]]))
})

test('what has been read before is not asked again', async () => {
  const kernel = machine().open()
  await writeStack(kernel, bpffs, desired(map('flows'), program('main', ['flows'])))
  const infos = { map: new Map(), program: new Map(), link: new Map() }
  for (const kind of ['map', 'program'] as const) {
    for (const id of kernel.ids(kind)) {
      using fd = kernel.openById(kind, id)
      infos[kind].set(id, kernel.describe(fd))
    }
  }
  const expected = readGraph(kernel)
  expect(readGraph({ ...kernel, openById: () => fail() }, { known: infos })).toEqual(expected)
})

test('without the right to list objects the error says which right', () => {
  const error = caught(() => readGraph(refusing('ids', 'EPERM')))
  expect(error).toMatchObject({ code: 'K201', errno: 'EPERM' })
  expect((error as KernelError).hint).toContain('CAP_SYS_ADMIN')
})

const xdp: LinkTarget = { kind: 'xdp', interface: 'eth0', ifindex: 2, mode: 'native' }

function machine(): ReturnType<typeof openMemoryMachine> {
  const box = openMemoryMachine(undefined, { interfaces: ['lo', 'eth0'] })
  expect(box.open().interfaceIndex('eth0')).toBe(2)
  return box
}

const refusing = (method: 'ids' | 'openById' | 'attachedWithoutLink', errno: string): Kernel => ({
  ...machine().open(),
  [method]: () => {
    throw new KernelError('cannot ask', { code: 'K001', command: 'bpf', errno })
  },
})

const fail = (): never => {
  throw new Error('asked again')
}

function caught(action: () => unknown): unknown {
  try {
    return action()
  } catch (error) {
    return error
  }
}
