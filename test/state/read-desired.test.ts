import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { openMemoryKernel } from '../../src/kernel/memory/memory-kernel.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import type { Machine } from '../../src/model/machine.ts'
import type { MapShape } from '../../src/model/map-spec.ts'
import { readObject } from '../../src/object/read.ts'
import { readDesired } from '../../src/state/read-desired.ts'
import { bytesOf, libxdpPaths } from '../object/fixtures.ts'
import { addresses, linkIn, mapIn, mistakes, programIn, readManifest, sentences } from './read-fixture.ts'

const object = (name: string): string => `objects: { main: { file: ${name}.bpf.o } }\n`
const values = `${object('static-values')}programs: { entry: {}, on_first: {}, on_third: {} }\n`

describe('programs', () => {
  test('are found by function and loaded as their section says', () => {
    const state = readManifest(`${object('maps')}programs: { mine: { function: uses_two } }\n`)
    expect(programIn(state, 'mine')).toMatchObject({
      name: 'uses_two',
      object: 'main',
      load: { type: 'xdp', attachType: 'xdp', license: 'Dual MIT/GPL' },
    })
  })

  test('take type, attach type and sleepable from the manifest', () => {
    const text = `${object('unsupported')}programs: { has_no_type: { type: xdp, attachType: xdp_devmap, sleepable: true } }\n`
    const load = { type: 'xdp', attachType: 'xdp_devmap', flags: 1 << 4 }
    expect(programIn(readManifest(text), 'has_no_type').load).toMatchObject(load)
  })

  test('refer to maps by address, in the order of first use', () => {
    const { code, maps } = programIn(readManifest(values), 'entry')
    expect(maps).toEqual(['map.by_index', 'map.by_key', 'map.jumps'])
    expect(new Set(code?.references.map((reference) => reference.map))).toEqual(new Set(maps))
  })
})

describe('maps', () => {
  test('are those that declared programs use and what these hold', () => {
    const state = readManifest(values)
    expect(addresses(state).filter((address) => address.startsWith('map.'))).toEqual([
      'map.jumps',
      'map.blue',
      'map.green',
      'map.by_index',
      'map.by_key',
    ])
  })

  test('of several objects are one where they are equal: an array is then shared by the programs of each', () => {
    const text = `objects: { one: { file: static-values.bpf.o }, two: { file: static-values.bpf.o } }\nprograms:\n  entry: { object: one }\n  second: { object: two, function: entry }\n  on_first: { object: one }\n  on_third: { object: one }\nmaps: { jumps: { slots: { 0: on_first, 2: on_third } } }\n`
    const state = readManifest(text)
    expect(programIn(state, 'second')).toMatchObject({ object: 'two', maps: programIn(state, 'entry').maps })
    expect(programIn(state, 'second').maps).toContain('map.jumps')
    expect(addresses(state).filter((address) => address === 'map.jumps')).toHaveLength(1)
  })

  test('that no program uses exist when the manifest lists them', () => {
    const text = `${object('maps')}maps: { a_queue: {} }\nprograms: { uses_two: {} }\n`
    expect(addresses(readManifest(text))).toEqual(['map.a_hash', 'map.an_array', 'map.a_queue', 'program.uses_two'])
  })

  test('of a map of maps and of an iterator exist when they are only named there', () => {
    const text = `${object('static-values')}maps: { by_index: { inner: { 0: green } } }\nprograms: { on_first: {} }\n`
    expect(addresses(readManifest(text))).toContain('map.green')
  })

  test('start with the static contents of the object', () => {
    const state = readManifest(values)
    expect(mapIn(state, 'jumps').contents).toEqual({ kind: 'slots', slots: slots({ 0: 'on_first', 2: 'on_third' }) })
    const inner = new Map([
      [1, 'map.blue'],
      [2, 'map.green'],
    ])
    expect(mapIn(state, 'by_index').contents).toEqual({ kind: 'inner', slots: inner })
    expect(mapIn(state, 'by_index').shape.inner).toMatchObject({ type: 'array', maxEntries: 1 })
  })

  test('hold what the manifest says instead, where it says something', () => {
    const text = `${values}maps: { jumps: { slots: { 3: on_third, 1: null } } }\n`
    expect(mapIn(readManifest(text), 'jumps').contents).toEqual({ kind: 'slots', slots: slots({ 3: 'on_third' }) })
  })

  test('hold whatever comes where nobody says anything', () => {
    const state = readManifest(`${object('maps')}maps: { a_prog_array: {} }\nprograms: { uses_two: {} }\n`)
    expect([mapIn(state, 'a_hash').contents.kind, mapIn(state, 'a_prog_array').contents.kind]).toEqual([
      'runtime',
      'runtime',
    ])
  })

  test('have the policy of the manifest', () => {
    const text = `${object('maps')}maps: { a_hash: { onChange: replace, maxEntries: 99, pin: false } }\nprograms: { uses_two: {} }\n`
    expect(mapIn(readManifest(text), 'a_hash')).toMatchObject({
      onChange: 'replace',
      pinned: false,
      shape: { maxEntries: 99 },
      at: { line: 4 },
    })
    const migrated = text.replace('onChange: replace', 'onChange: migrate, merge: sum, onLossy: truncate')
    expect(mapIn(readManifest(migrated), 'a_hash')).toMatchObject({
      onChange: 'migrate',
      merge: 'sum',
      onLossy: 'truncate',
    })
    expect(mapIn(readManifest(text), 'an_array')).toMatchObject({ onChange: 'refuse', pinned: true })
  })

  test('for perf events have an entry for each possible CPU where the object leaves it open', () => {
    const text = `${object('maps')}maps: { a_perf_event_array: {} }\nprograms: { uses_two: {} }\n`
    const state = readManifest(text, { machine: { possibleCpus: 12 } })
    expect(mapIn(state, 'a_perf_event_array').shape.maxEntries).toBe(12)
  })
})

describe('entries', () => {
  const entries = (map: string, text: string): unknown =>
    mapIn(readManifest(`${object('maps')}maps: { ${map}: { entries: ${text} } }\nprograms: { uses_two: {} }\n`), map)
      .contents

  test('are encoded by BTF and sorted by key', () => {
    expect(entries('a_percpu_hash', '{ 2: 5, 1: 4 }')).toEqual({
      kind: 'entries',
      entries: [
        { key: '01000000', value: '0400000000000000' },
        { key: '02000000', value: '0500000000000000' },
      ],
    })
  })

  test('of an LPM trie take networks', () => {
    expect(entries('an_lpm_trie', '{ 10.0.0.0/8: 7 }')).toMatchObject({
      entries: [{ key: '080000000a000000', value: '07000000' }],
    })
  })
})

test('the types of a Bloom filter go with it, though it has no key', () => {
  const state = readManifest('objects: { main: { file: maps.bpf.o } }\nmaps: { a_bloom_filter: {}, a_ringbuf: {} }\n')
  expect(mapIn(state, 'a_bloom_filter').btf).toEqual({ object: 'main', keyTypeId: 0, valueTypeId: expect.any(Number) })
  expect(mapIn(state, 'a_ringbuf').btf).toBeUndefined()
})

describe('data sections', () => {
  const data = `objects: { main: { file: data.bpf.o, globals: { sample_rate: 3, counter: 9 } } }\nprograms: { reads_all: {} }\n`

  test('have their object file in front of the name that the kernel gets, but for those with a name of their own', () => {
    const state = readManifest(data)
    expect(mapIn(state, 'rodata').name).toBe('data.rodata')
    expect(mapIn(state, 'rodata_named').name).toBe('.rodata.named')
    const long = readManifest('objects: { main: { file: without-btf.bpf.o } }\nprograms: { reads_all: {} }\n')
    expect(['rodata', 'data', 'bss'].map((name) => mapIn(long, name).name)).toEqual([
      'without-.rodata',
      'without-.data',
      'without-.bss',
    ])
  })

  test('are named without their dot and start with the globals of the manifest', () => {
    const state = readManifest(data)
    expect(addresses(state)).toEqual(
      expect.arrayContaining(['map.bss', 'map.data', 'map.data_tables', 'map.rodata_named']),
    )
    expect(mapIn(state, 'rodata').contents).toMatchObject({ kind: 'data', frozen: true })
    expect(mapIn(state, 'data').contents).toMatchObject({ kind: 'data', frozen: false })
    const initial = (name: string): string => (mapIn(state, name).contents as { initial: string }).initial
    expect(initial('rodata')).toContain('03000000')
    expect(initial('data')).toContain('0900000000000000')
  })

  test('of several objects have the object in front of their names', () => {
    const text = `objects: { one: { file: data.bpf.o }, two: { file: data.bpf.o } }\nprograms: { reads_all: { object: one } }\n`
    expect(addresses(readManifest(text))).toContain('map.one_rodata')
  })
})

describe('foreign maps', () => {
  const shape: MapShape = { type: 'hash', keySize: 8, valueSize: 24, maxEntries: 16, flags: 0, mapExtra: 0 }
  const pinned = '/sys/fs/bpf/other'

  test('are opened and have their id already', () => {
    const kernel = openMemoryKernel()
    const wanted = mapIn(readManifest(`${object('maps')}programs: { uses_two: {} }\n`), 'a_hash').shape
    using fd = kernel.createMap({ name: 'flows', shape: { ...shape, ...wanted } })
    kernel.pin(fd, pinned)
    const text = `${object('maps')}maps: { a_hash: { pinned: ${pinned} } }\nprograms: { uses_two: {} }\n`
    expect(mapIn(readManifest(text, { kernel }), 'a_hash')).toMatchObject({
      owner: 'foreign',
      foreignPath: pinned,
      live: { id: kernel.describe(fd).id, pins: [] },
    })
    expect(kernel.openDescriptors()).toBe(1)
  })
})

/** A kernel that says nothing but what it lacks. */
const kernelWithout = (names: readonly string[]): Machine => ({
  release: '6.1.0-made',
  version: 0x60100,
  vmlinuxBtf: () => undefined,
  moduleNames: () => [],
  moduleBtf: () => undefined,
  config: () => undefined,
  symbols: () => undefined,
  symbolAddresses: () => new Map(),
  lacks: (name) => names.includes(name),
})

describe('links', () => {
  test('without a place are attached where the section says', () => {
    const text = `${object('unsupported')}programs: { is_fine: {} }\nlinks: { x: { program: is_fine, attach: { tcx: { interface: lo, direction: egress } } } }\n`
    expect(linkIn(readManifest(text), 'x')).toMatchObject({
      program: 'program.is_fine',
      target: { kind: 'tcx', ifindex: 1, direction: 'egress' },
      onReplace: 'overlap',
    })
  })

  test('that the kernel surely cannot make are complained about, with what they need', () => {
    const text = `${object('maps')}programs: { mine: { function: uses_two, type: sched_cls } }\nlinks: { x: { program: mine, attach: { tcx: { interface: lo, direction: egress } } } }\n`
    const without = (...names: readonly string[]) => ({ machine: { machine: kernelWithout(names) } })
    expect(mistakes(text, without('BPF_XDP'))).toEqual([])
    expect(mistakes(text, without('BPF_TCX_INGRESS', 'BPF_MAP_TYPE_HASH'))).toEqual(['M236 3:12', 'M236 5:10'])
    expect(sentences(text, without('BPF_TCX_INGRESS'))).toBe(
      'cannot attach link.x: tcx came with Linux 6.6, and this is 6.1.0-made, whose types have no BPF_TCX_INGRESS',
    )
  })

  test('of iterators say where those start, as far as such a one can be told', () => {
    const iterator = (target: string, start: string): string =>
      `${object('unsupported')}programs: { is_fine: { type: tracing, attachType: trace_iter, attachTarget: ${target} } }\nlinks: { x: { program: is_fine, attach: { iter: ${start} } } }\n`
    expect(linkIn(readManifest(iterator('task', '{ pid: 7 }')), 'x')).toMatchObject({
      target: { kind: 'iter', target: 'task', start: { kind: 'pid', number: 7 } },
    })
    expect(linkIn(readManifest(iterator('cgroup', '{ cgroup: { path: /sys/fs/cgroup/web } }')), 'x')).toMatchObject({
      target: { start: { kind: 'cgroup', path: '/sys/fs/cgroup/web', order: 'descendants_pre' } },
    })
    expect(() => readManifest(iterator('cgroup', '{}'))).toThrow('iterator cgroup starts at one, and none is named')
    expect(() => readManifest(iterator('task', '{ cgroup: { path: /sys/fs/cgroup/web } }'))).toThrow(
      'iterator task does not start at a cgroup',
    )
  })

  test('of every example are resolved', () => {
    const files = readdirSync('examples', { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.yaml'),
    )
    const targets = files.flatMap((file) => {
      const loaded = loadManifest(`examples/${file}`)
      const world = { kernel: openMemoryKernel(), readFile: bytesOf, bpffs: '/sys/fs/bpf' }
      return [...readDesired(loaded, world).resources.values()].flatMap((it) =>
        it.kind === 'link' ? [it.target.kind] : [],
      )
    })
    expect(new Set(targets)).toEqual(
      new Set(['xdp', 'tcx', 'cgroup', 'netns', 'tracepoint', 'raw_tracepoint', 'iter', 'struct_ops']),
    )
  })
})

test.skipIf(libxdpPaths.length === 0)('the objects of libxdp1 are all usable', () => {
  const usable = libxdpPaths.filter((path) => {
    const kernel = openMemoryKernel()
    const names = programNames(path)
    const text = `objects: { main: { file: ${path} } }\nprograms: { ${names.map((name) => `${name}: {}`).join(', ')} }\n`
    try {
      return readManifest(text, { kernel }).resources.size > 0
    } catch {
      return false
    }
  })
  expect(usable).toEqual(libxdpPaths)
})

test('the same manifest gives the same state', () => {
  const known = (): unknown => {
    const state = readManifest(values)
    return { ...state, digest: state.digest() }
  }
  expect(known()).toEqual(known())
})

const slots = (table: Record<number, string>): Map<number, string> =>
  new Map(Object.entries(table).map(([index, name]) => [Number(index), `program.${name}`]))

const programNames = (path: string): string[] => readObject(bytesOf(path), path).programs.map((program) => program.name)
