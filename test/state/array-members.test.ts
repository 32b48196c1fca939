import { expect, test } from 'vitest'
import type { MapId } from '../../src/model/ids.ts'
import type { LoadAttributes } from '../../src/model/program-spec.ts'
import type { MapState, ProgramState } from '../../src/model/state.ts'
import { checkArrays } from '../../src/state/array-members.ts'
import { array, map, program } from '../support/builders.ts'

const with_ = (each: ProgramState, load: Partial<LoadAttributes>): ProgramState => ({
  ...each,
  load: { type: 'xdp', attachType: 'xdp', flags: 0, license: 'GPL', ...load },
})

const calls: MapState = array('calls', { 0: 'a', 5: 'b' })
const main = program('main', ['calls'])
const [a, b] = [program('a'), program('b')]

test('members and callers of one kind may share an array', () => {
  expect(checkArrays([calls], [main, a, b])).toEqual([])
})

test.each([
  ['type', { type: 'sched_cls' }],
  ['attach type', { attachType: 'xdp_devmap' }],
  ['sleepable', { flags: 1 << 4 }],
  ['frags', { flags: 1 << 5 }],
  ['kernel function', { attachTo: 'bpf_iter_task' }],
] as const)('a member of another %s is refused with both names', (_, load) => {
  const found = checkArrays([calls], [main, a, with_(b, load)])
  expect(found.map(({ code }) => code)).toEqual(['O203'])
  expect(found[0]?.detail).toContain('program.a')
  expect(found[0]?.detail).toContain('program.b')
  expect(found[0]?.detail).toContain('map.calls')
})

test('a caller of another type is refused', () => {
  const [found] = checkArrays([calls], [with_(main, { type: 'sched_cls' }), a, b])
  expect(found).toMatchObject({ code: 'O203', address: 'map.calls' })
})

test('callers must agree even where nothing is in the slots', () => {
  const runtime = { ...calls, contents: { kind: 'runtime' } } as const
  const other = with_(program('other', ['calls']), { type: 'sched_cls' })
  expect(checkArrays([runtime], [main, other])).toHaveLength(1)
})

test('no attach type and the first of the enumeration are the same to the kernel', () => {
  const { attachType: _, ...bare } = { ...a.load } as LoadAttributes
  const first = with_(b, { attachType: 'cgroup_inet_ingress' })
  expect(checkArrays([array('calls', { 0: 'a', 1: 'b' })], [{ ...a, load: bare }, first])).toEqual([])
})

test('somebody else’s array says what it takes: members and callers are compared with that', () => {
  const theirs = array('calls', { 0: 'a' }, { owner: 'foreign', live: { id: 7 as MapId, pins: [], ownerType: 'xdp' } })
  const caller = with_(program('caller', ['calls']), { type: 'sched_cls' })
  expect(checkArrays([theirs], [a])).toEqual([])
  expect(checkArrays([theirs], [with_(a, { type: 'sched_cls' })])).toMatchObject([{ code: 'O203' }])
  const runtime = { ...theirs, contents: { kind: 'runtime' } } as const
  expect(checkArrays([runtime], [caller])).toMatchObject([
    { code: 'O203', detail: expect.stringContaining('it takes xdp programs, and program.caller (sched_cls) calls it') },
  ])
})

test('members and callers use one cgroup storage; a member may do without', () => {
  const storage = (name: string) => map(name, { shape: { ...map(name).shape, type: 'cgroup_storage' } })
  const maps = [array('calls', { 0: 'member' }), storage('first'), storage('second')]
  const check = (caller: readonly string[], member: readonly string[]) =>
    checkArrays(maps, [program('caller', ['calls', ...caller]), program('member', member)]).map(({ code }) => code)
  expect(check([], [])).toEqual([])
  expect(check(['first'], ['first'])).toEqual([])
  expect(check(['first'], [])).toEqual([])
  expect(check(['first'], ['second'])).toEqual(['O203'])
  expect(check([], ['first'])).toEqual(['O203'])
})
