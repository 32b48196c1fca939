import { describe, expect, test } from 'vitest'
import type { CheckedLink, Checkup } from '../../src/model/checkup.ts'
import type { CurrentState, Resource } from '../../src/model/state.ts'
import { examine } from '../../src/plan/doctor/examine.ts'
import { makeRepairPlan } from '../../src/plan/doctor/repair.ts'
import { makeRecord } from '../../src/plan/make-record.ts'
import { applied, array, desired, link, program } from '../support/builders.ts'

const resources: readonly Resource[] = [
  array('calls', { 0: 'callee' }),
  program('entry', ['calls']),
  program('callee'),
  link('eth0', 'entry'),
]

/** A stack as it was applied: the array is #10, entry #11, callee #12, the link #13. */
function stack(): CurrentState {
  const record = makeRecord(desired(...resources), 7)
  const current = applied(resources)
  return { ...current, record, trees: current.trees.map((tree) => ({ ...tree, record })) }
}

function checkup(change: Partial<Checkup> = {}): Checkup {
  const current = stack()
  const pins = current.trees.flatMap((tree) => tree.pins)
  return {
    stacks: [current],
    graph: current.graph,
    links: [{ id: 13, programId: 11, type: 'xdp', target: link('eth0', 'entry').target, severed: false } as never],
    pins: pins.flatMap((pin) =>
      'id' in pin && pin.kind !== 'record'
        ? [{ path: `${current.directory}/${pin.path}`, kind: pin.kind, id: pin.id }]
        : [],
    ) as Checkup['pins'],
    descriptors: new Map(),
    fleeting: [],
    known: new Map(),
    rescued: { directory: '/sys/fs/bpf/rescued', exists: false },
    now: 0,
    ...change,
  }
}

const codes = (seen: Checkup, options: Parameters<typeof examine>[1] = {}): string[] =>
  examine(seen, options).map(({ code }) => code)

const foreignLink = (change: Partial<CheckedLink>): CheckedLink =>
  ({ id: 99, programId: 98, type: 'tracing', target: undefined, severed: false, ...change }) as CheckedLink

test('a stack that is as it was applied has no finding', () => {
  expect(examine(checkup())).toEqual([])
})

describe('links of others', () => {
  test('that extend or trace a program of the stack are told', () => {
    const seen = checkup({ links: [...checkup().links, foreignLink({ onProgram: 12 as never })] })
    expect(examine(seen)).toMatchObject([
      { code: 'P508', severity: 'warning', stack: 'edge', address: 'program.callee' },
    ])
  })

  test('that trace the kernel, or programs that are no stack’s, are not', () => {
    expect(codes(checkup({ links: [foreignLink({}), foreignLink({ onProgram: 55 as never })] }))).toEqual([])
  })

  test('at an exclusive hook that the stack’s own link has must be in another network namespace', () => {
    const { target } = link('eth0', 'entry')
    const theirs = foreignLink({ type: 'xdp', target })
    expect(codes(checkup({ links: [...checkup().links, theirs] }))).toEqual([])
    expect(codes(checkup({ links: [theirs] }))).toEqual(['P507'])
  })
})

describe('an array of the stack', () => {
  const without = (path: string): Checkup['pins'] => checkup().pins.filter((pin) => !pin.path.endsWith(path))
  const emptied = (): Checkup['graph'] => {
    const { graph } = checkup()
    return { ...graph, maps: new Map([...graph.maps].map(([id, map]) => [id, { ...map, programs: new Map() }])) }
  }

  test('that lost its pin and its slots is rescued at its place, with the recorded programs', () => {
    const graph = emptied()
    const [live] = stack().trees
    const trees = live ? [{ ...live, pins: live.pins.filter((pin) => pin.kind !== 'map') }] : []
    const seen = checkup({ graph, pins: without('maps/calls'), stacks: [{ ...stack(), graph, trees }] })
    const findings = examine(seen)
    expect(findings).toMatchObject([
      {
        code: 'P501',
        severity: 'error',
        stack: 'edge',
        repair: { kind: 'rescue', array: 10, path: '/sys/fs/bpf/edge/live/maps/calls', slots: { 0: 12 } },
      },
    ])
    expect(makeRepairPlan(seen, findings, 'edge')).toMatchObject({
      action: 'repair',
      directory: '/sys/fs/bpf/edge',
      steps: [{ kind: 'rescue-array', array: 'live:map.calls', path: 'live/maps/calls', slots: { 0: '#12' } }],
      existing: { 'live:map.calls': 10 },
    })
    expect(makeRepairPlan(seen, findings)).toBeUndefined()
  })

  test('that lost its pin but is held by a process is pinned again before that one lets go', () => {
    const [live] = stack().trees
    const trees = live ? [{ ...live, pins: live.pins.filter((pin) => pin.kind !== 'map') }] : []
    const seen = checkup({
      pins: without('maps/calls'),
      descriptors: new Map([[10, [4711]]]),
      stacks: [{ ...stack(), trees }],
    })
    expect(examine(seen)).toMatchObject([
      { code: 'P503', detail: expect.stringContaining('held by process 4711 only'), repair: { kind: 'rescue' } },
    ])
  })

  test('that is held and misses a declared slot is told with the slot', () => {
    const graph = emptied()
    const seen = checkup({ graph, stacks: [{ ...stack(), graph }] })
    expect(examine(seen)).toMatchObject([{ code: 'P502', detail: expect.stringContaining('slot 0 (program.callee)') }])
  })
})

describe('an array that pinfold did not make', () => {
  const foreign = (slots: Readonly<Record<number, number>>): Checkup['graph'] => ({
    roots: [{ program: 31 as never, via: 'link #9', link: 9 as never }],
    programs: new Map(
      [
        { id: 31, name: 'entry', maps: [40, 41] },
        { id: 32, name: 'callee', maps: [41] },
        { id: 52, name: 'callee', maps: [61] },
      ].map((it) => [it.id, it]),
    ) as never,
    maps: new Map(
      [
        { id: 40, name: 'calls', type: 'prog_array', inner: [], programs: new Map(Object.entries(slots)) },
        { id: 41, name: 'shared', type: 'array', inner: [], programs: new Map() },
      ].map((it) => [it.id, it]),
    ) as never,
  })
  const seen = (slots: Readonly<Record<number, number>> = {}): Checkup =>
    checkup({
      graph: foreign(slots),
      stacks: [],
      links: [],
      known: new Map([
        ['program.entry', [31]],
        ['program.callee', [32, 52]],
      ]) as never,
    })
  const wanted = desired(...resources)

  test('is told when it is empty and nobody holds it, and without a manifest nothing can be done', () => {
    expect(examine(seen())).toMatchObject([
      { code: 'P501', severity: 'error', hint: expect.stringContaining('-f MANIFEST') },
    ])
  })

  test('has a holder, seen or not, as long as something is in it', () => {
    expect(codes(seen({ 0: 32 }))).toEqual([])
  })

  test('is filled from a manifest with that program of the right code which shares a map with its users', () => {
    const findings = examine(seen(), { wanted })
    expect(findings).toMatchObject([
      { code: 'P501', repair: { array: 40, path: '/sys/fs/bpf/rescued/calls-40', slots: { 0: 32 } } },
    ])
    expect(makeRepairPlan(seen(), findings)?.steps).toMatchObject([
      { kind: 'make-directory', path: '' },
      { kind: 'rescue-array', path: 'calls-40', slots: { 0: '#32' } },
    ])
  })

  test('is no business of a look at one stack', () => {
    expect(codes(seen(), { stacks: ['edge'] })).toEqual([])
  })
})

test('a stack on a bpffs that ends with its mount namespace is told', () => {
  expect(codes(checkup({ fleeting: ['/sys/fs/bpf'] }))).toEqual(['P506'])
  expect(codes(checkup({ fleeting: ['/sys/fs/bpf/edge/elsewhere', '/mnt'] }))).toEqual([])
})

test('a generation whose time to confirm is up is told', () => {
  const current = stack()
  const awaits = { within: 1000, former: 6, deadline: 500 }
  const record = current.record && { ...current.record, awaits }
  const late = checkup({ stacks: [{ ...current, record }], now: 501 })
  expect(examine(late)).toMatchObject([{ code: 'P505', repair: { kind: 'recover' } }])
  expect(codes({ ...late, now: 499 })).toEqual([])
})
