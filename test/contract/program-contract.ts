import { expect, test } from 'vitest'
import type { LoadAttributes } from '../../src/model/program-spec.ts'
import { programLoad, returnConstant, tailCall, useMaps, useValue } from './assembly.ts'
import { answersSince, canExchange, hasAdders } from './older-kernels.ts'
import { errnoOfLoad, eventually, idOf, isAlive, load, makeMap, type TestWorld } from './test-world.ts'

/** What BPF_PROG_LOAD answers to load attributes. */
const loads: readonly (readonly [string, Partial<LoadAttributes>, string])[] = [
  ['xdp', { type: 'xdp' }, 'ok'],
  ['xdp with its attach type', { type: 'xdp', attachType: 'xdp' }, 'ok'],
  ['xdp for devmaps', { type: 'xdp', attachType: 'xdp_devmap' }, 'ok'],
  ['cgroup_skb of egress', { type: 'cgroup_skb', attachType: 'cgroup_inet_egress' }, 'ok'],
  ['cgroup_skb of another hook', { type: 'cgroup_skb', attachType: 'cgroup_device' }, 'EINVAL'],
  ['cgroup_sock_addr without attach type', { type: 'cgroup_sock_addr' }, 'EINVAL'],
  ['cgroup_sock_addr of connect', { type: 'cgroup_sock_addr', attachType: 'cgroup_inet4_connect' }, 'ok'],
  ['cgroup_sock without attach type', { type: 'cgroup_sock' }, 'ok'],
  ['cgroup_sockopt without attach type', { type: 'cgroup_sockopt' }, 'EINVAL'],
  ['sk_lookup without attach type', { type: 'sk_lookup' }, 'EINVAL'],
  ['sk_lookup', { type: 'sk_lookup', attachType: 'sk_lookup' }, 'ok'],
  ['raw_tracepoint', { type: 'raw_tracepoint' }, 'ok'],
  ['tracepoint', { type: 'tracepoint' }, 'ok'],
  ['socket_filter', { type: 'socket_filter' }, 'ok'],
  ['sched_cls', { type: 'sched_cls' }, 'ok'],
]

/** Loading, describing, living. */
export function programContract(world: () => TestWorld): void {
  test.each(loads)('loading a program of type %s', async (_, attributes, errno) => {
    expect(await errnoOfLoad(load(world().kernel, returnConstant(1), attributes))).toBe(errno)
  })

  test('a program is described as it was loaded', async () => {
    const { kernel } = world()
    using map = makeMap(kernel, { type: 'hash' })
    using other = makeMap(kernel)
    using program = await load(kernel, useMaps([map, other, map]), {}, 'a-name-that-is-too-long')
    expect(kernel.describe(program)).toMatchObject({
      kind: 'program',
      name: 'a_name_that_is_',
      type: 'xdp',
      typeNumber: 6,
      mapIds: [idOf(kernel, map), idOf(kernel, other)],
      uid: 0,
      gplCompatible: true,
      btfId: 0,
    })
  })

  test('a map that is bound to a program is one of its maps, and lives as long', async () => {
    const { kernel } = world()
    const map = makeMap(kernel)
    const id = idOf(kernel, map)
    const program = await kernel.loadProgram({ ...programLoad('bound', returnConstant(1)), bound: [map] })
    expect(kernel.describe(program)).toMatchObject({ mapIds: [id] })
    map[Symbol.dispose]()
    expect(isAlive(kernel, 'map', id)).toBe(true)
    program[Symbol.dispose]()
    expect(await eventually(false, () => isAlive(kernel, 'map', id))).toBe(false)
  })

  test('the licence decides what is GPL compatible', async () => {
    const { kernel } = world()
    const compatible = async (license: string): Promise<unknown> => {
      using program = await load(kernel, undefined, { license })
      const info = kernel.describe(program)
      return info.kind === 'program' && info.gplCompatible
    }
    expect([await compatible('Dual BSD/GPL'), await compatible('MIT')]).toEqual([true, false])
  })

  test('a program array refuses nobody whose attributes agree, flags included', async () => {
    const { kernel } = world()
    using array = makeMap(kernel, { type: 'prog_array' })
    const flagged = (): Promise<string> => errnoOfLoad(load(kernel, tailCall(array), { flags: frags }))
    if (!answersSince(kernel, '5.18')) return expect(await flagged()).toBe('EINVAL')
    using _ = await load(kernel, tailCall(array), { flags: frags })
    expect(await errnoOfLoad(load(kernel, tailCall(array)))).toBe('EINVAL')
    expect(await flagged()).toBe('ok')
  })

  test('what is skipped on older kernels is there on newer ones', async () => {
    const { kernel, bpffs } = world()
    expect(canExchange(kernel, bpffs)).toBe(answersSince(kernel, '5.16'))
    expect(await hasAdders(kernel)).toBe(answersSince(kernel, '5.14'))
  })

  test('code without instructions is refused', async () => {
    const { kernel } = world()
    const empty = { instructions: new Uint8Array(0), references: [] }
    expect(await errnoOfLoad(kernel.loadProgram(programLoad('p', empty)))).toBe('E2BIG')
  })

  test('the address of a value is that of a one-entry array, and lies within it', async () => {
    const { kernel } = world()
    using data = makeMap(kernel, { maxEntries: 1, valueSize: 16 })
    using larger = makeMap(kernel, { maxEntries: 2 })
    using hash = makeMap(kernel, { type: 'hash', maxEntries: 1 })
    expect(await errnoOfLoad(load(kernel, useValue(data, 12)))).toBe('ok')
    expect(await errnoOfLoad(load(kernel, useValue(data, 16)))).toBe('EINVAL')
    expect(await errnoOfLoad(load(kernel, useValue(larger, 0)))).toBe('ENOTSUPP')
    expect(await errnoOfLoad(load(kernel, useValue(hash, 0)))).toBe('EINVAL')
  })

  test('equal code has an equal tag, whichever map it uses', async () => {
    const { kernel } = world()
    using first = makeMap(kernel, { maxEntries: 1 })
    using second = makeMap(kernel, { maxEntries: 1, valueSize: 8 })
    const codes = [useMaps([first]), useMaps([second]), useValue(first, 0), useValue(second, 4), useMaps([first], 1)]
    const tags: string[] = []
    for (const code of codes) {
      using program = await load(kernel, code)
      const info = kernel.describe(program)
      if (info.kind === 'program') tags.push(info.tag)
    }
    expect(new Set(tags.map((tag) => tag.length))).toEqual(new Set([16]))
    expect([tags[0] === tags[1], tags[2] === tags[3], tags[0] === tags[2], tags[0] === tags[4]]).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  test('a program goes with its last descriptor; ids are listed in order and never used again', async () => {
    const { kernel } = world()
    using program = await load(kernel)
    const id = idOf(kernel, program)
    const ids = kernel.ids('program')
    expect(ids).toContain(id)
    expect(ids).toEqual([...ids].sort((a, b) => a - b))
    program[Symbol.dispose]()
    expect(await eventually(false, () => isAlive(kernel, 'program', id))).toBe(false)
    using next = await load(kernel)
    expect(idOf(kernel, next)).toBeGreaterThan(id)
  })

  test('the clock counts milliseconds since boot, the same for every process', async () => {
    const { kernel } = world()
    const other = world().open()
    const before = kernel.sinceBoot()
    await new Promise((done) => setTimeout(done, 50))
    const between = other.sinceBoot() - before
    expect(between).toBeGreaterThanOrEqual(30)
    expect(kernel.sinceBoot() - before).toBeGreaterThanOrEqual(between)
    other.close()
  })
}

const frags = 0x20
