import { describe, expect, test } from 'vitest'
import { openMemoryKernel } from '../../src/kernel/memory/memory-kernel.ts'
import { map } from '../support/builders.ts'
import { mistakes, readManifest, sentences } from './read-fixture.ts'

// Lines 1 and 2 are `version` and `name`.
const object = (name: string): string => `objects: { main: { file: ${name}.bpf.o } }\n`
const maps = `${object('maps')}programs: { uses_two: {} }\n`
const values = `${object('static-values')}programs: { entry: {}, on_first: {}, on_third: {} }\n`

/** Each with its position: the manifest's text, then what is found. */
const cases: readonly (readonly [what: string, text: string, found: readonly string[]])[] = [
  ['a missing object file', 'objects: { main: { file: nowhere.bpf.o } }\n', ['M201 3:26']],
  ['a file that is no object', 'objects: { main: { file: maps.bpf.c } }\n', [expect.stringMatching(/^O\d+ 3:26$/)]],
  ['an object for the other byte order', object('big-endian-maps'), ['O202 3:26']],
  ['an unknown program', `${object('maps')}programs: { uses_tow: {} }\n`, ['M202 4:13']],
  ['a program in two objects', `${twice('maps')}programs: { uses_two: {} }\n`, ['M203 4:13']],
  ['a program without a type', `${object('unsupported')}programs: { has_no_type: {} }\n`, ['M205 4:13']],
  [
    'an iterator without a target',
    `${object('unsupported')}programs: { is_fine: { type: tracing, attachType: trace_iter } }\n`,
    ['M206 4:13'],
  ],
  ['a function that nothing defines', `${object('undefined')}programs: { calls_nobody: {} }\n`, ['O205 4:13']],
  ['a map of an unknown type', `${object('unsupported')}programs: { has_unknown_map: {} }\n`, ['O201 4:13']],
  ['a move of what is still declared', `${maps}moved: [{ from: map.a_hash, to: map.an_array }]\n`, ['M242 5:17']],
  ['a move to what nobody declares', `${maps}moved: [{ from: map.old, to: map.a_hush }]\n`, ['M242 5:30']],
  ['a pin elsewhere of an unknown map', `${maps}pins: { /x/m: map.a_hush }\n`, ['M240 5:15']],
  [
    'a pin elsewhere of an unpinned map',
    `${maps}maps: { a_hash: { pin: false } }\npins: { /x/m: map.a_hash }\n`,
    ['M241 6:15'],
  ],
  ['an unknown map', `${maps}maps: { a_hush: {} }\n`, ['M210 5:9']],
  ['a ring buffer of a bad size', `${maps}maps: { a_ringbuf: { maxEntries: 5000 } }\n`, ['M211 5:34']],
  ['a size for a storage map', `${maps}maps: { an_sk_storage: { maxEntries: 5 } }\n`, ['M211 5:38']],
  ['a value size for a ring buffer', `${maps}maps: { a_ringbuf: { valueSize: 8 } }\n`, ['M211 5:33']],
  ['slots of a hash', `${maps}maps: { a_hash: { slots: { 0: uses_two } } }\n`, ['M212 5:19']],
  ['inner maps of a hash', `${maps}maps: { a_hash: { inner: { 0: an_array } } }\n`, ['M212 5:19']],
  ['entries of a program array', `${maps}maps: { a_prog_array: { entries: { 0: 1 } } }\n`, ['M212 5:25']],
  ['globals of a hash', `${maps}maps: { a_hash: { globals: carry } }\n`, ['M212 5:28']],
  ['entries of a queue', `${maps}maps: { a_queue: { entries: { 0: 1 } } }\n`, ['M212 5:20']],
  ['entries of a perf event array', `${maps}maps: { a_perf_event_array: { entries: { 0: 1 } } }\n`, ['M217 5:31']],
  ['a slot out of range', `${values}maps: { jumps: { slots: { 4: on_first } } }\n`, ['M213 5:30']],
  ['an index out of range', `${maps}maps: { an_array: { entries: { 16: {} } } }\n`, ['M213 5:32']],
  ['too many entries', `${maps}maps: { a_percpu_array: { entries: { 0: 1, 1: 1 } } }\n`, ['M213 5:27', 'M213 5:44']],
  ['a value that does not fit', `${maps}maps: { a_percpu_hash: { entries: { 1: 2, 3: -1 } } }\n`, ['M215 5:46']],
  ['a key that does not fit', `${maps}maps: { a_percpu_hash: { entries: { x: 2 } } }\n`, ['M215 5:37']],
  [
    'a field of a value that does not fit',
    `${maps}maps:\n  a_hash:\n    entries:\n      - key: {}\n        value:\n          packets: 1\n          balance: x\n`,
    ['M215 11:20'],
  ],
  ['one key in two spellings', `${maps}maps: { a_percpu_hash: { entries: { 1: 2, '0x01': 3 } } }\n`, ['M215 5:43']],
  [
    'a global that does not exist',
    'objects: { main: { file: data.bpf.o, globals: { sample_rat: 1 } } }\nprograms: { reads_all: {} }\n',
    ['O050 3:61'],
  ],
  [
    'a field of a global that does not fit',
    'objects:\n  main:\n    file: data.bpf.o\n    globals:\n      limits:\n        low: -1\nprograms: { reads_all: {} }\n',
    ['O051 8:14'],
  ],
  [
    'a program in a static slot that is not declared',
    `${object('static-values')}programs: { entry: {}, on_first: {} }\n`,
    ['M214 4:1'],
  ],
  ['an unknown inner map', `${values}maps: { by_index: { inner: { 0: grey } } }\n`, ['M216 5:33']],
  ['an inner map unlike the template', `${values}maps: { by_index: { inner: { 0: jumps } } }\n`, ['M216 5:33']],
  ['a foreign map that is not there', `${maps}maps: { a_hash: { pinned: /sys/fs/bpf/x } }\n`, ['M220 5:27']],
  ['a foreign map that is not on a bpffs', `${maps}maps: { a_hash: { pinned: /tmp/x } }\n`, ['M220 5:27']],
  ['a link that nobody places', `${maps}links: { a: { program: uses_two } }\n`, ['M230 5:10']],
  [
    'a program that does not fit its hook',
    `${maps}links: { a: { program: uses_two, attach: { tcx: { interface: lo, direction: egress } } } }\n`,
    ['M231 5:34'],
  ],
  [
    'a program that no link attaches',
    `${object('maps')}programs: { uses_two: { type: kprobe } }\nlinks: { a: { program: uses_two } }\n`,
    ['M231 5:10'],
  ],
  ['an interface that does not exist', link('xdp: { interface: eth9 }'), ['M232 5:62']],
  ['a network namespace that does not exist', link('netns: { path: /run/netns/x }'), ['M234 5:59']],
  ['a cgroup that does not exist', link('cgroup: { path: /x }'), ['M233 5:60']],
  ['a tracepoint that does not exist', link('tracepoint: { category: a, name: b }'), ['M235 5:34']],
]

const machine = { interfaces: ['lo'], namespaces: [], cgroups: [], tracepoints: [] }

test.each(cases)('%s is complained about where it stands', (_, text, found) => {
  expect(mistakes(text, { machine })).toEqual(found)
})

test('all mistakes are found at once, in the order of the manifest', () => {
  const text = `${object('maps')}programs: { uses_tow: {}, uses_two: {} }\nmaps: { a_hush: {} }\nlinks: { a: { program: uses_two } }\n`
  expect(mistakes(text)).toEqual(['M202 4:13', 'M210 5:9', 'M230 6:10'])
})

test('an unreadable object is not followed by complaints about what it might hold', () => {
  const text = 'objects: { main: { file: nowhere.bpf.o } }\nprograms: { ingress: {} }\nmaps: { flows: {} }\n'
  expect(mistakes(text)).toEqual(['M201 3:26'])
})

describe('a foreign map', () => {
  const text = `${maps}maps: { a_hash: { pinned: /sys/fs/bpf/other } }\n`

  test('of another shape is refused with every field that differs', () => {
    const kernel = openMemoryKernel()
    using fd = kernel.createMap({ name: 'flows', shape: { ...map('flows').shape, keySize: 3, maxEntries: 7 } })
    kernel.pin(fd, '/sys/fs/bpf/other')
    expect(mistakes(text, { kernel })).toEqual(['M221 5:27'])
    expect(sentences(text, { kernel })).toMatch(/keySize is 3 .*valueSize is 8 .*maxEntries is 7 /)
  })

  test('has slots only if it is a program array, and only as many as it has room for', () => {
    const kernel = openMemoryKernel()
    using hash = kernel.createMap({ name: 'flows', shape: map('flows').shape })
    kernel.pin(hash, '/sys/fs/bpf/hash')
    using array = kernel.createMap({
      name: 'calls',
      shape: { ...map('calls').shape, type: 'prog_array', valueSize: 4, maxEntries: 2 },
    })
    kernel.pin(array, '/sys/fs/bpf/array')
    const of = (pinned: string, slots: string): string =>
      `${maps}maps: { theirs: { pinned: /sys/fs/bpf/${pinned}, slots: ${slots} } }\n`
    expect(mistakes(of('hash', '{ 0: uses_two }'), { kernel })).toEqual(['M212 5:45'])
    expect(mistakes(of('array', '{ 2: uses_two }'), { kernel })).toEqual([expect.stringMatching(/^M213 5:/)])
    const { resources } = readManifest(of('array', '{ 1: uses_two, 0: null }'), { kernel })
    expect(resources.get('map.theirs')).toMatchObject({
      owner: 'foreign',
      contents: { kind: 'slots', slots: new Map([[1, 'program.uses_two']]) },
    })
    // None of its own, so that what it had there before is taken out.
    const without = readManifest(`${maps}maps: { theirs: { pinned: /sys/fs/bpf/array } }\n`, { kernel })
    expect(without.resources.get('map.theirs')).toMatchObject({ contents: { kind: 'slots', slots: new Map() } })
  })

  test('must be a map, and not in the own directory of the stack', () => {
    const kernel = openMemoryKernel()
    kernel.bpffs.makeDirectory('/sys/fs/bpf/edge')
    using fd = kernel.createMap({ name: 'flows', shape: map('flows').shape })
    kernel.pin(fd, '/sys/fs/bpf/edge/flows')
    const own = `${maps}maps: { a_hash: { pinned: /sys/fs/bpf/edge/flows } }\n`
    expect(() => mistakes(own, { kernel })).toThrow('M022')
  })
})

describe('maps of one name in several objects', () => {
  const both = `${twice('maps', 'static-values')}`

  test('are one map when they are equal', () => {
    const text = `${twice('maps', 'maps')}programs: { a: { function: uses_two, object: one }, b: { function: uses_two, object: two } }\n`
    expect(mistakes(text)).toEqual([])
  })

  test('do not matter where only one is used', () => {
    expect(mistakes(`${both}programs: { uses_two: {} }\n`)).toEqual([])
  })
})

function twice(first: string, second = first): string {
  return `objects: { one: { file: ${first}.bpf.o }, two: { file: ${second}.bpf.o } }\n`
}

function link(attach: string): string {
  return `${maps}links: { a: { program: uses_two, attach: { ${attach} } } }\n`
}

test('a foreign map that is trusted is not looked up', () => {
  const foreign = (pinned: string): string => `${maps}maps: { a_hash: { pinned: ${pinned} } }\n`
  expect(mistakes(foreign('/sys/fs/bpf/x'), { trustsForeign: true })).toEqual([])
  expect(readManifest(foreign('/sys/fs/bpf/x'), { trustsForeign: true }).resources.get('map.a_hash')).toMatchObject({
    owner: 'foreign',
    foreignPath: '/sys/fs/bpf/x',
    shape: { type: 'hash' },
  })
})
