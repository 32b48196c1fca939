import { release } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Fd, Kernel } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { assemble, exit, loadReference, mov } from '../support/assembler.ts'
import { key, mapOf, xdp } from '../support/kernel-requests.ts'
import { canTestLinux, openTestHost } from '../support/linux.ts'

const isSince = (major: number, minor: number): boolean => {
  const [here = 0, minorHere = 0] = release().split('.').map(Number)
  return here > major || (here === major && minorHere >= minor)
}

const failing = (fields: object): unknown => expect.objectContaining({ name: 'KernelError', ...fields })

describe.skipIf(!canTestLinux)('the Linux kernel', () => {
  const host = openTestHost()
  let kernel: Kernel
  beforeAll(() => {
    kernel = openLinuxKernel()
  })
  afterAll(() => {
    kernel?.close()
    host[Symbol.dispose]()
  })

  test('says who it is', () => {
    expect(kernel.identity).toMatchObject({
      kind: 'linux',
      release: release(),
      bootId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    expect(kernel.identity.possibleCpus).toBeGreaterThanOrEqual(1)
  })

  // Why the plan compares them: state/array-members. Older kernels let such programs call one another.
  test.skipIf(!isSince(6, 17))('takes programs of one cgroup storage into an array, or of none after one', async () => {
    const storage = () => kernel.createMap(mapOf({ type: 'cgroup_storage', keySize: 8, valueSize: 8, maxEntries: 0 }))
    const array = () => kernel.createMap(mapOf({ type: 'prog_array', maxEntries: 2, valueSize: 4 }))
    const load = async (...maps: Fd<'map'>[]) =>
      await kernel.loadProgram({
        name: 'egress',
        load: { type: 'cgroup_skb', attachType: 'cgroup_inet_egress', flags: 0, license: 'GPL' },
        instructions: assemble([...maps.flatMap(() => loadReference(1)), mov(0, 1), exit]),
        references: maps.map((map) => ({ instruction: 0, kind: 'map', map, offset: 0 })),
      })
    using first = storage()
    using second = storage()
    using one = await load(first)
    using other = await load(second)
    using none = await load()
    using stored = array()
    kernel.update(stored, key(0), one)
    kernel.update(stored, key(1), none)
    expect(() => kernel.update(stored, key(1), other)).toThrow(failing({ errno: 'EINVAL' }))
    using plain = array()
    kernel.update(plain, key(0), none)
    expect(() => kernel.update(plain, key(1), one)).toThrow(failing({ errno: 'EINVAL' }))
  })

  describe('maps', () => {
    test('are made, pinned, opened and described', () => {
      using map = kernel.createMap(mapOf({}, 'a-name/that is long'))
      const path = `${host.bpffs}/numbers`
      kernel.pin(map, path)
      const { shape } = mapOf()
      const { type, ...numbers } = shape
      const expected = { kind: 'map', name: 'a_name_that_is_', type, typeNumber: 2, shape: numbers, btfId: 0 }
      expect(kernel.describePin(path)).toMatchObject(expected)
      expect(kernel.describePin(path)).not.toHaveProperty('frozen')
      using again = kernel.openPin(path)
      expect(again.kind).toBe('map')
      expect(kernel.describe(again)).toMatchObject({ ...expected, frozen: false })
      expect(kernel.describe(again, { frozen: false })).not.toHaveProperty('frozen')
      kernel.bpffs.unpin(path)
    })

    test('hold what is written, under each mode', () => {
      using map = kernel.createMap(mapOf({ type: 'hash', maxEntries: 2 }))
      const value = new Uint8Array(8).fill(7)
      expect(kernel.lookup(map, key(1))).toBeUndefined()
      expect(() => kernel.update(map, key(1), value, 'replace')).toThrow(failing({ errno: 'ENOENT' }))
      kernel.update(map, key(1), value, 'create')
      expect(() => kernel.update(map, key(1), value, 'create')).toThrow(failing({ errno: 'EEXIST', code: 'K017' }))
      kernel.update(map, key(9), value)
      expect(kernel.lookup(map, key(1))).toEqual(value)
      expect([...kernel.keys(map)].map((found) => found[0]).sort()).toEqual([1, 9])
      expect(() => kernel.update(map, key(3), value)).toThrow(failing({ errno: 'E2BIG' }))
      expect(kernel.remove(map, key(1))).toBe(true)
      expect(kernel.remove(map, key(1))).toBe(false)
      expect([...kernel.keys(map)]).toHaveLength(1)
    })

    test('listing the keys ends, also while each is deleted', () => {
      using map = kernel.createMap(mapOf({ type: 'hash', maxEntries: 100 }))
      for (let i = 0; i < 100; i++) kernel.update(map, key(i), new Uint8Array(8))
      let steps = 0
      for (const found of kernel.keys(map)) {
        kernel.remove(map, found)
        kernel.update(map, found, new Uint8Array(8))
        steps++
      }
      expect(steps).toBeLessThanOrEqual(100)
    })

    test('per-CPU values come and go as one slot per possible CPU', () => {
      using map = kernel.createMap(mapOf({ type: 'percpu_array', valueSize: 4 }))
      const value = new Uint8Array(8 * kernel.identity.possibleCpus).map((_, i) => (i % 8 < 4 ? i + 1 : 0))
      kernel.update(map, key(0), value)
      expect(kernel.lookup(map, key(0))).toEqual(value)
    })

    test.each([
      ['a key', key(0).subarray(0, 3), new Uint8Array(8)],
      ['a longer key', new Uint8Array(5), new Uint8Array(8)],
      ['a value', key(0), new Uint8Array(7)],
      ['a longer value', key(0), new Uint8Array(9)],
    ])('%s of another size is refused before the kernel reads it', (_, wrongKey, value) => {
      using map = kernel.createMap(mapOf())
      expect(() => kernel.update(map, wrongKey, value)).toThrow(failing({ code: 'K106', errno: 'EINVAL' }))
      if (wrongKey.length !== 4) {
        expect(() => kernel.lookup(map, wrongKey)).toThrow(failing({ code: 'K106' }))
        expect(() => kernel.remove(map, wrongKey)).toThrow(failing({ code: 'K106' }))
      }
    })

    test('frozen: no more writes, and said so', () => {
      using map = kernel.createMap(mapOf())
      kernel.freeze(map)
      expect(kernel.describe(map)).toMatchObject({ frozen: true })
      expect(() => kernel.update(map, key(0), new Uint8Array(8))).toThrow(failing({ errno: 'EPERM', code: 'K013' }))
    })

    test('hold programs and maps by descriptor, and give their ids', async () => {
      using array = kernel.createMap(mapOf({ type: 'prog_array', valueSize: 4 }))
      using program = await kernel.loadProgram(xdp())
      kernel.update(array, key(1), program)
      expect(kernel.lookup(array, key(1))).toEqual(key(kernel.describe(program).id))
      using inner = kernel.createMap(mapOf())
      using outer = kernel.createMap({ ...mapOf({ type: 'array_of_maps', valueSize: 4 }), inner })
      kernel.update(outer, key(0), inner)
      expect(kernel.lookup(outer, key(0))).toEqual(key(kernel.describe(inner).id))
    })

    test('a refusal names what was asked for', () => {
      const create = (): unknown => kernel.createMap(mapOf({ type: 'hash', maxEntries: 0xffff_ffff }, 'flows'))
      expect(create).toThrow(failing({ command: 'BPF_MAP_CREATE', target: 'flows' }))
      expect(create).toThrow(/^cannot create map flows: .*4294967295 entries.* \(BPF_MAP_CREATE: E(2BIG|NOMEM)\)$/)
      expect(() => kernel.createMap(mapOf({ keySize: 3 }))).toThrow(failing({ errno: 'EINVAL', code: 'K022' }))
    })
  })

  describe('BTF', () => {
    /** BTF of one type, `int`: header, type, strings. */
    const intBtf = (): Uint8Array => {
      const words = Uint32Array.of(0x0001eb9f, 24, 0, 16, 16, 5, 1, 0x0100_0000, 4, 32)
      return Buffer.concat([new Uint8Array(words.buffer), Buffer.from('\0int\0')])
    }

    test('describes the keys and values of a map', () => {
      using fd = kernel.loadBtf(intBtf())
      using map = kernel.createMap({ ...mapOf({ valueSize: 4 }), btf: { fd, keyTypeId: 1, valueTypeId: 1 } })
      expect(kernel.describe(map)).toMatchObject({ keyTypeId: 1, valueTypeId: 1, btfId: expect.any(Number) })
      expect(kernel.describe(map)).not.toMatchObject({ btfId: 0 })
    })

    test.each([
      ['a type of map that refuses it', { type: 'prog_array', maxEntries: 1, valueSize: 4 }],
      ['a type of map that refuses it', { type: 'devmap', maxEntries: 1, valueSize: 4 }],
      ['a queue', { type: 'queue', keySize: 0, valueSize: 4 }],
      ['a key that the kernel does not like there', { type: 'lpm_trie', keySize: 8, flags: 1, valueSize: 4 }],
    ] as const)('does not stand in the way of %s', (_, shape) => {
      using fd = kernel.loadBtf(intBtf())
      using map = kernel.createMap({ ...mapOf(shape), btf: { fd, keyTypeId: 1, valueTypeId: 1 } })
      expect(kernel.describe(map)).toMatchObject({ type: shape.type })
    })

    test('that is damaged is refused', () => {
      expect(() => kernel.loadBtf(intBtf().subarray(0, 30))).toThrow(
        failing({ command: 'BPF_BTF_LOAD', errno: 'EINVAL', message: expect.stringMatching(/refused it: .*section/i) }),
      )
    })
  })

  test('a program array of which the last pin and descriptor go is emptied: the fact that pinfold exists for', async () => {
    const path = `${host.bpffs}/calls`
    using program = await kernel.loadProgram(xdp())
    let caller: Fd<'program'>
    let id: number
    {
      using array = kernel.createMap(mapOf({ type: 'prog_array', valueSize: 4 }))
      kernel.pin(array, path)
      kernel.update(array, key(0), program)
      id = kernel.describe(array).id
      const reference = { instruction: 0, kind: 'map', map: array, offset: 0 } as const
      const instructions = assemble([...loadReference(2), mov(0, 2), exit])
      caller = await kernel.loadProgram(xdp({ name: 'caller', instructions, references: [reference] }))
    }
    using _caller = caller
    const filled = (): boolean => {
      using array = kernel.openById('map', id)
      return kernel.lookup(array, key(0)) !== undefined
    }
    expect(filled()).toBe(true)
    kernel.bpffs.unpin(path)
    await expect.poll(filled).toBe(false)
  })

  test('ids ascend and contain what lives', () => {
    using map = kernel.createMap(mapOf())
    const { id } = kernel.describe(map)
    const ids = kernel.ids('map')
    expect(ids).toContain(id)
    expect(ids).toEqual([...ids].sort((a, b) => a - b))
    map[Symbol.dispose]()
    expect(() => kernel.openById('map', id)).toThrow(failing({ command: 'BPF_MAP_GET_FD_BY_ID', errno: 'ENOENT' }))
  })

  test('descriptors are counted, closed once, and not used after that', () => {
    const before = kernel.openDescriptors()
    const map = kernel.createMap(mapOf())
    expect(kernel.openDescriptors()).toBe(before + 1)
    map[Symbol.dispose]()
    map[Symbol.dispose]()
    expect(kernel.openDescriptors()).toBe(before)
    expect(() => kernel.describe(map)).toThrow(/closed/)
  })

  test('closing a kernel closes what it left open', () => {
    const other = openLinuxKernel()
    const id = other.describe(other.createMap(mapOf())).id
    other.close()
    expect(other.openDescriptors()).toBe(0)
    expect(() => kernel.openById('map', id)).toThrow(failing({ errno: 'ENOENT' }))
  })

  test('many descriptors open at once are no problem', () => {
    const maps = Array.from({ length: 600 }, () => kernel.createMap(mapOf()))
    expect(new Set(maps.map((map) => map.number)).size).toBe(600)
    for (const map of maps) map[Symbol.dispose]()
  })
})
