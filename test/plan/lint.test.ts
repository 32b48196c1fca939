import { describe, expect, test } from 'vitest'
import type { MapId } from '../../src/model/ids.ts'
import { lintRules } from '../../src/model/lint-rules.ts'
import type { MapShape } from '../../src/model/map-spec.ts'
import { isRoundedSize } from '../../src/model/map-types.ts'
import type { CurrentState, DesiredState, LinkState, MapState, ProgramState, Resource } from '../../src/model/state.ts'
import { isBlocked } from '../../src/plan/block.ts'
import { makeDestroyPlan } from '../../src/plan/destroy.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { makeRecord } from '../../src/plan/make-record.ts'
import { applied, array, desired, link, map, program } from '../support/builders.ts'

/** What the lint says of the way from one list of resources to another: codes with what they are about. */
function findings(before: CurrentState | readonly Resource[], after: DesiredState | readonly Resource[]): string[] {
  const current = 'graph' in before ? before : live(before)
  const plan = makePlan(current, 'stack' in after ? after : desired(...after))
  return plan.diagnostics
    .filter(({ code }) => /^P1[45]/.test(code))
    .map(({ code, address }) => (address ? `${code} ${address}` : code))
}

function live(resources: readonly Resource[]): CurrentState {
  const base = applied(resources)
  const record = makeRecord(desired(...resources), 7)
  return { ...base, record, trees: base.trees.map((tree) => ({ ...tree, record })) }
}

const flows = (value: string, change: Partial<MapState> = {}): MapState =>
  map('flows', { layout: { key: 'u32', value }, onChange: 'replace', ...change })
const shape = (change: Partial<MapShape>): MapShape => ({ ...map('x').shape, ...change })
const v1 = 'struct 8{packets:u32@0,bytes:u32@4}'
const v2 = 'struct 8{packets:u32@0,state:u32@4}'

describe('a map with the same sizes and another layout (P141)', () => {
  test('is told, also where its entries are carried over', () => {
    expect(findings([flows(v1)], [flows(v2)])).toEqual(['P141 map.flows'])
    expect(findings([flows(v1)], [flows(v2, { onChange: 'migrate' })])).toEqual(['P141 map.flows'])
  })

  test.each([
    ['the same layout', flows(v1)],
    ['another size, which readers notice', flows(v2, { shape: shape({ valueSize: 16 }) })],
    ['nothing known of the layout', flows(v2, { layout: {} })],
  ])('is not one with %s', (_, after) => {
    expect(findings([flows(v1)], [after])).toEqual([])
  })

  test('is no data section, which only its own object reads', () => {
    const bss = (value: string): MapState => flows(value, { contents: { kind: 'data', initial: '00', frozen: false } })
    expect(findings([bss(v1)], [bss(v2)])).toEqual([])
  })
})

const chain = (version = 0, change: Partial<MapState> = {}): Resource[] => [
  array('calls', { 0: 'ipv4', 1: 'ipv6' }, change),
  program('ingress', ['calls']),
  program('ipv4', [], version),
  program('ipv6'),
  link('eth0', 'ingress'),
]

describe('an array that is changed while it is live (P142)', () => {
  test('is told where the manifest asks for it, and is none where a new one is made', () => {
    expect(findings(chain(), chain(1, { onSlotChange: 'in-place' }))).toEqual(['P142 map.calls'])
    expect(findings(chain(), chain(1))).toEqual([])
  })

  test('may be somebody else’s', () => {
    const theirs = array(
      'theirs',
      { 3: 'ipv4' },
      { owner: 'foreign', foreignPath: '/x', live: { id: 5 as MapId, pins: [] } },
    )
    const plan = makePlan(live(chain()), desired(...chain(), theirs))
    expect(plan.diagnostics).toMatchObject([{ code: 'P142', address: 'map.theirs' }])
    expect(plan.diagnostics[0]?.detail).toContain(
      'Slot 3 of map.theirs is written while it is live: the programs of others',
    )
  })
})

describe('a slot of a live array (P143)', () => {
  const without = (resources: Resource[]): Resource[] =>
    resources.map((it) => (it.address === 'map.calls' ? array('calls', { 0: 'ipv4' }) : it))

  test('that is not declared any more is told as long as somebody calls through the array', () => {
    expect(findings(chain(), without(chain()))).toEqual(['P143 map.calls'])
    const uncalled = without(chain()).map((it) => (it.address === 'program.ingress' ? program('ingress') : it))
    expect(findings(chain(), uncalled)).toEqual([])
  })

  test('that somebody cleared is told', () => {
    const current = { ...live(without(chain())), record: makeRecord(desired(...chain()), 7) }
    const plan = makePlan(current, desired(...chain()))
    expect(plan.diagnostics).toMatchObject([{ code: 'P143', address: 'map.calls' }])
    expect(plan.diagnostics[0]?.detail).toContain('Slot 1 of the live map.calls is empty, though declared')
  })

  test('that was never filled is no news', () => {
    expect(findings(without(chain()), chain())).toEqual([])
  })
})

const tracepoint = { kind: 'tracepoint', category: 'sched', name: 'x' } as unknown as LinkState['target']
const traced = (version: number, change: Partial<LinkState> = {}): Resource[] => [
  program('trace', [], version),
  link('trace', 'trace', { target: tracepoint, ...change }),
]

test('a link that is attached twice for a moment is told (P145); one with a gap or elsewhere is not attached twice', () => {
  expect(findings(traced(0), traced(1))).toEqual(['P145 link.trace'])
  expect(findings(traced(0), traced(1, { onReplace: 'gap' }))).toEqual([])
  const elsewhere = { ...tracepoint, name: 'y' } as LinkState['target']
  expect(findings(traced(0), traced(1, { target: elsewhere }))).toEqual([])
})

test('pins that were adopted are told by a plan that moves them (P146)', () => {
  const adopting = (resources: Resource[]): CurrentState => {
    const base = live(resources)
    return { ...base, trees: base.trees.map((tree) => ({ ...tree, adopted })) }
  }
  let adopted = ['live/maps/calls']
  expect(findings(adopting(chain()), chain(1))).toEqual(['P146'])
  expect(findings(adopting(chain()), chain())).toEqual([])
  expect(findings(live(chain()), chain(1))).toEqual([])
  const told = () => makeDestroyPlan(adopting(chain())).diagnostics.filter(({ code }) => code === 'P146')
  const says = "is in no record, and taken for the stack's own: this plan moves or removes it."
  expect(told()).toMatchObject([{ detail: `/sys/fs/bpf/edge/live/maps/calls ${says}` }])
  adopted = ['live/maps/calls', 'live/links/uplink']
  expect(told()).toMatchObject([{ detail: expect.stringMatching(/edge live\/maps\/calls, live\/links\/uplink are/) }])
})

test.each(['namespace', 'container', 'place'] as const)(
  'a bpffs that will vanish (%s) is told by a plan that pins (P147)',
  (why) => {
    const current = { ...live(chain()), root: { mountPoint: '/mine', why } }
    expect(findings(current, chain(1))).toEqual(['P147'])
    expect(findings(current, chain())).toEqual([])
  },
)

describe('what looks like a new name (P148)', () => {
  const named = (resource: Resource, all = chain()): Resource[] => [...all, resource]
  const plain = program('spare', [], 9)

  test.each([
    ['a map', map('sessions'), map('flows')],
    ['a program', plain, { ...program('other', [], 9) }],
    ['a link', link('uplink', 'ipv6', { target: tracepoint }), link('downlink', 'ipv4', { target: tracepoint })],
  ] as const)('is %s of the same kind that goes while it comes, with the row to write', (_, gone, made) => {
    const plan = makePlan(live(named(gone)), desired(...named(made)))
    const found = plan.diagnostics.filter(({ code }) => code === 'P148')
    expect(found).toMatchObject([
      { address: made.address, hint: `write moved: [{ from: ${gone.address}, to: ${made.address} }]` },
    ])
  })

  const section = (name: string): MapState =>
    map(name, { contents: { kind: 'data', initial: '00', frozen: false }, layout: { key: 'u32', value: v1 } })

  test('is the section of an object that is not the only one with such a section any more, and the other way round', () => {
    for (const [gone, made] of [['bss', 'main_bss'] as const, ['main_bss', 'bss'] as const]) {
      const plan = makePlan(live(named(section(gone))), desired(...named(section(made))))
      const found = plan.diagnostics.filter(({ code }) => code === 'P148')
      expect(found).toMatchObject([{ address: `map.${made}`, detail: expect.stringContaining('variables') }])
    }
  })

  test.each([
    ['sections of two objects', section('main_bss'), section('other_bss')],
    ['another shape', map('sessions'), map('flows', { shape: shape({ maxEntries: 8 }) })],
    ['other code', plain, program('other', [], 8)],
    [
      'another place',
      link('a', 'ipv6', { target: tracepoint }),
      link('b', 'ipv6', { target: { ...tracepoint, name: 'y' } as LinkState['target'] }),
    ],
    ['contents that the manifest gives', array('jumps', {}), array('other', {})],
  ] as const)('is none with %s', (_, gone, made) => {
    expect(findings(live(named(gone)), named(made))).toEqual([])
  })

  test('is the nearer one of several, and none where all are as near', () => {
    const gone = [map('flows_a'), map('sessions')]
    const made = [map('sessions_2'), map('flows')]
    expect(findings(live([...chain(), ...gone]), [...chain(), ...made])).toEqual([
      'P148 map.flows',
      'P148 map.sessions_2',
    ])
    expect(findings(live(named(map('a'))), [...chain(), map('qqqqqqq'), map('zzzzzzz')])).toEqual([])
  })
})

describe('a scratch map that old and new programs share (P149)', () => {
  const scratch = map('scratch', {
    shape: shape({ type: 'percpu_array', maxEntries: 1 }),
    layout: { key: 'u32', value: v1 },
  })
  const second = { kind: 'xdp', interface: 'eth1', ifindex: 2, mode: 'native' } as const

  /** Two hooks, one program each, that hand something on. */
  const hooks = (version: number, kept: MapState = scratch): Resource[] => [
    kept,
    program('first', [kept.address.slice(4)], version),
    program('then', [kept.address.slice(4)], version),
    link('eth0', 'first'),
    link('eth1', 'then', { target: second }),
  ]
  /** One hook, a chain of tail calls. */
  const calling = (version: number, change: Partial<MapState> = {}): Resource[] => [
    scratch,
    array('calls', { 0: 'then' }, change),
    program('first', ['calls', 'scratch']),
    program('then', ['scratch'], version),
    link('eth0', 'first'),
  ]

  test('is told where several hooks are switched one after the other', () => {
    expect(findings(hooks(0), hooks(1))).toEqual(['P149 map.scratch'])
  })

  test('is told where a slot is exchanged in place, and not where the whole chain is switched at once', () => {
    expect(findings(calling(0), calling(1, { onSlotChange: 'in-place' }))).toEqual([
      'P142 map.calls',
      'P149 map.scratch',
    ])
    expect(findings(calling(0), calling(1))).toEqual([])
  })

  test('is told where a link is replaced by overlap', () => {
    const tracing = (version: number): Resource[] => [
      scratch,
      program('first', ['scratch'], version),
      { ...program('then', ['scratch'], 5), maps: ['map.scratch'] } as ProgramState,
      link('trace', 'first', { target: tracepoint }),
    ]
    expect(findings(tracing(0), tracing(1))).toEqual(['P145 link.trace', 'P149 map.scratch'])
  })

  test('is none that counts, that is shared by all CPUs, or that is made anew', () => {
    const counter = map('scratch', { shape: scratch.shape, layout: { key: 'u32', value: 'u64' } })
    expect(findings(hooks(0, counter), hooks(1, counter))).toEqual([])
    const common = map('scratch', { shape: shape({ type: 'array', maxEntries: 1 }), layout: scratch.layout })
    expect(findings(hooks(0, common), hooks(1, common))).toEqual([])
    const larger = map('scratch', {
      shape: { ...scratch.shape, maxEntries: 2 },
      layout: scratch.layout,
      onChange: 'replace',
    })
    expect(findings(hooks(0), hooks(1, larger))).toEqual([])
  })
})

test('a size that differs only by the rounding of the kernel is told, and keeps the map (P150)', () => {
  const sized = (type: 'lru_hash' | 'lru_percpu_hash' | 'hash', maxEntries: number, flags = 2): Resource[] => [
    map('seen', { shape: shape({ type, maxEntries, flags }) }),
  ]
  for (const type of ['lru_hash', 'lru_percpu_hash'] as const) {
    const plan = makePlan(live(sized(type, 1002)), desired(...sized(type, 1001)))
    expect(plan.steps).toEqual([])
    expect(plan.diagnostics).toMatchObject([
      { code: 'P150', hint: 'write "maxEntries: 1002" under maps.seen if that is what it shall have' },
    ])
    expect(findings(sized(type, 1002, 0), sized(type, 1001, 0))).toEqual([])
  }
  expect(findings(sized('lru_hash', 1002), sized('lru_hash', 1002))).toEqual([])
  expect(makePlan(live(sized('hash', 1002, 0)), desired(...sized('hash', 1001, 0))).changes[0]?.action).toBe('replace')
})

test('a size is rounded up, by less than the CPUs of any machine, and only where the map has lists of its own', () => {
  const wanted = { type: 'lru_hash', maxEntries: 1001, flags: 2 } as const
  expect([1001, 1002, 1008].map((live) => isRoundedSize(live, wanted))).toEqual([true, true, true])
  expect([1000, 8192].map((live) => isRoundedSize(live, wanted))).toEqual([false, false])
  expect(isRoundedSize(1002, { ...wanted, flags: 0 })).toBe(false)
  expect(isRoundedSize(1002, { ...wanted, type: 'hash' })).toBe(false)
})

describe('an array with slots of another stack', () => {
  const theirs = (slots: Record<number, string>): MapState =>
    array('theirs', slots, { owner: 'foreign', foreignPath: '/x', live: { id: 5 as MapId, pins: [] } })
  const claimed = (slots: readonly number[], isOwner = false): CurrentState => ({
    ...live(chain()),
    claims: [{ stack: 'guest', map: 5 as MapId, slots, isOwner }],
  })
  const sharing = (slots: readonly number[], isOwner?: boolean, policy?: DesiredState['policy']) =>
    makePlan(claimed(slots, isOwner), {
      ...desired(...chain(), theirs({ 3: 'ipv4' })),
      ...(policy && { policy }),
    }).diagnostics.filter(({ code }) => code !== 'P142')

  test('is told where they are others (P151), or where that stack owns it', () => {
    expect(sharing([1])).toMatchObject([{ code: 'P151', severity: 'warning', address: 'map.theirs' }])
    expect(sharing([1], true)[0]?.detail).toContain('The stack guest owns map.theirs')
  })

  test('is an error where they are the same (P152), which may be lowered', () => {
    const [error] = sharing([1, 3])
    expect(error).toMatchObject({ code: 'P152', severity: 'error', address: 'map.theirs' })
    expect(error && isBlocked(error)).toBe(true)
    expect(sharing([3], false, { deny: [], warn: ['P152'] })).toMatchObject([
      { code: 'P152', severity: 'warning', lowered: true },
    ])
  })

  test('is told to its owner, whose new array does not have them', () => {
    const current = live(chain())
    const id = current.resources.get('map.calls')?.live?.id as MapId
    const claims = [{ stack: 'guest', map: id, slots: [6], isOwner: false }]
    expect(findings({ ...current, claims }, chain(1))).toEqual(['P151 map.calls'])
  })
})

test('each rule is one that can be decided about, and none tells of a stack that stays as it is', () => {
  for (const code of ['P141', 'P142', 'P143', 'P145', 'P146', 'P147', 'P148', 'P149', 'P150', 'P151', 'P152'])
    expect(lintRules[code]).toBeDefined()
  expect(findings(live(chain()), chain())).toEqual([])
})
