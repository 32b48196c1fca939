import type { Kernel } from '../../src/kernel/kernel.ts'
import { type Address, programAddress } from '../../src/model/address.ts'
import type { MapId } from '../../src/model/ids.ts'
import type { LinkTarget } from '../../src/model/link-spec.ts'
import type { DesiredState, MapState, Resource } from '../../src/model/state.ts'
import { bpffs } from '../apply/runs.ts'
import {
  link,
  map,
  program,
  programArray,
  returning,
  type StackOptions,
  shape,
  stackOf,
  tailCalling,
} from '../apply/stack.ts'

/** A change from one published state (or none) to another (or none). */
export interface Scenario {
  readonly name: string
  readonly from?: DesiredState
  /** Applied after `from`: other stacks, and what becomes of them and of it. */
  readonly further?: readonly Wish[]
  /** Then an apply of this state is killed right after its first operation of that name. */
  readonly crash?: { readonly to: DesiredState; readonly after: string }
  readonly to?: Wish
  /** What a destroy leaves. */
  readonly kept?: DesiredState
  /** Instead of an apply these leave the stack, and this is what remains. */
  readonly forget?: { readonly addresses: readonly Address[]; readonly rest: DesiredState }
  /** Pins that stay, since another stack uses what they hold; relative to the bpffs root. */
  readonly left?: readonly string[]
}

/** A wanted state; one that uses what another stack owns is known once that is there. */
export type Wish = DesiredState | ((kernel: Kernel) => DesiredState)

export const resolve = (wish: Wish, kernel: Kernel): DesiredState => (typeof wish === 'function' ? wish(kernel) : wish)

const raw = (onReplace: 'overlap' | 'gap', verdict: number) => [
  program('trace', {
    load: { type: 'raw_tracepoint', flags: 0, license: 'GPL' },
    code: returning(verdict, ['flows']),
  }),
  link('trace', { program: 'program.trace', target: { kind: 'raw_tracepoint', name: 'sys_enter' }, onReplace }),
]

const tcx = (verdict: number, name = 'egress') => [
  program(name, {
    load: { type: 'sched_cls', attachType: 'tcx_egress', flags: 0, license: 'GPL' },
    code: returning(verdict, ['flows']),
  }),
  link(name, {
    program: programAddress(name),
    target: { kind: 'tcx', interface: 'lo', ifindex: 1, direction: 'egress' },
  }),
]

/** A map of maps, and what may be in it. */
export const outer = (...inner: readonly string[]) => [
  ...['red', 'blue'].map((name) => map(name, { shape: shape({ type: 'array', maxEntries: 2 }) })),
  map('outer', {
    shape: shape({
      type: 'array_of_maps',
      valueSize: 4,
      maxEntries: 2,
      inner: shape({ type: 'array', maxEntries: 2 }),
    }),
    contents: { kind: 'inner', slots: new Map(inner.map((name, index) => [index, `map.${name}`] as const)) },
  }),
]

/** A second entry program of the same array, on a hook of its own. */
const secondEntry = (verdict: number) => [
  program('second', { code: tailCalling('calls', verdict) }),
  link('eth1', {
    program: 'program.second',
    target: { kind: 'xdp', interface: 'eth1', ifindex: 2, mode: 'generic' },
  }),
]

/** A member of the array that calls programs of another one. */
const nested = (verdict: number) => [
  programArray('inner_calls', ['leaf', 'leaf']),
  program('v6', { code: tailCalling('inner_calls', 0) }),
  program('leaf', { code: returning(verdict, []) }),
]

/** Two arrays that are reached from each other's members. */
const cyclic = (verdict: number) => [
  programArray('back', ['v4', 'v6']),
  program('v6', { code: tailCalling('back', 0) }),
  program('v4', { code: tailCalling('calls', verdict) }),
]

/** Paths elsewhere on the bpffs, whose root is there. */
const elsewhere = (pins: Readonly<Record<string, Address>>): Pick<StackOptions, 'pins'> => ({
  pins: Object.fromEntries(Object.entries(pins).map(([name, address]) => [`/sys/fs/bpf/${name}`, address])),
})

const allKinds = elsewhere({ x_flows: 'map.flows', x_calls: 'map.calls', x_v4: 'program.v4', x_eth0: 'link.eth0' })

/** The map of flows with a count in its values. */
const counts = (type: 'u32' | 'u64', more?: string, merge: MapState['merge'] = 'keep-new') => {
  const size = more === undefined ? Number(type.slice(1)) / 8 : 16
  const fields = [`n:${type}@0`, ...(more === undefined ? [] : [more])].join(',')
  return map('flows', {
    shape: shape({ valueSize: size }),
    layout: { key: 'u32', value: `struct ${size}{${fields}}` },
    onChange: 'migrate',
    merge,
  })
}

/** The map by another name, and the program that uses it. */
const renamed = (flows: MapState): readonly Resource[] => [
  { ...flows, address: 'map.streams', name: 'streams' },
  program('v4', { code: returning(2, ['streams']) }),
]

const globals = (variables: string) => {
  const valueSize = 8 * variables.split(',').length
  return [
    map('bss', {
      shape: shape({ type: 'array', maxEntries: 1, valueSize }),
      layout: { value: `section ${valueSize}{${variables}}` },
      contents: { kind: 'data', initial: '00'.repeat(valueSize), frozen: false },
      globals: 'carry',
    }),
    program('v4', { code: returning(2, ['flows', 'bss']) }),
  ]
}

/** The usual stack with a map of that size. */
function sized(maxEntries: number): DesiredState {
  return stackOf({
    without: ['map.flows'],
    more: [map('flows', { shape: shape({ maxEntries }), onChange: 'replace' })],
  })
}

/** What is pinned in the usual stack, as another one's manifest would use it. */
function foreign(kernel: Kernel, name: string, usual: Partial<MapState>): MapState {
  const foreignPath = `${bpffs}/edge/live/maps/${name}`
  const { id } = kernel.describePin(foreignPath)
  return map(name, { ...usual, owner: 'foreign', foreignPath, live: { id: id as MapId, pins: [] } })
}

const onEth1 = (kernel: Kernel): LinkTarget => ({
  kind: 'xdp',
  interface: 'eth1',
  ifindex: kernel.interfaceIndex('eth1') ?? 0,
  mode: 'generic',
})

/** Another stack, whose program tail-calls through the usual one's array. */
function borrowing(kernel: Kernel): DesiredState {
  const calls = foreign(kernel, 'calls', { shape: shape({ type: 'prog_array', valueSize: 4, maxEntries: 4 }) })
  return other([
    calls,
    program('borrower', { code: tailCalling('calls', 7) }),
    link('eth1', { program: 'program.borrower', target: onEth1(kernel) }),
  ])
}

/** Another stack, whose program uses a map of the usual one. */
function sharing(kernel: Kernel): DesiredState {
  const info = kernel.describePin(`${bpffs}/edge/live/maps/flows`)
  const flows = foreign(kernel, 'flows', { shape: shape(info.kind === 'map' ? info.shape : {}) })
  return other([
    flows,
    program('sharer', { code: returning(7, ['flows']) }),
    link('eth1', { program: 'program.sharer', target: onEth1(kernel) }),
  ])
}

const other = (more: readonly Resource[]): DesiredState => ({
  ...stackOf(),
  stack: 'other',
  resources: new Map(more.map((resource) => [resource.address, resource])),
})

/** Every kind of step occurs in one of them; a test counts. */
/** A struct of functions that the kernel exchanges, and one of which it takes one at a time; both reach an array. */
const structs = (verdict: number) => [
  programArray('calls', ['late', 'late']),
  program('late', { load: member, code: returning(verdict, ['flows']) }),
  ...['tcp_congestion_ops', 'sched_ext_ops'].flatMap((type, index) => {
    const name = `start_${index}`
    return [
      program(name, { load: member, code: tailCalling('calls', 0) }),
      map(type, {
        shape: shape({ type: 'struct_ops', valueSize: 128, maxEntries: 1, flags: 0x2000 }),
        contents: { kind: 'members', value: '00'.repeat(128), slots: new Map([[64, programAddress(name)]]) },
        structOps: type,
      }),
      link(type, { program: `map.${type}`, target: { kind: 'struct_ops', type, name: 'own' } }),
    ]
  }),
]

const keptMap = map('more', { onDestroy: 'keep' })

/** The link of the usual stack, to be kept. */
const keptLink = [...stackOf().resources.values()].flatMap((it) =>
  it.kind === 'link' ? [{ ...it, onDestroy: 'keep' } as const] : [],
)

/** What a stack need not have for that. */
const bare: readonly Address[] = ['program.v6', 'map.allow', 'map.rodata', 'program.ingress', 'link.eth0', 'map.calls']

/** The members of an array and its callers are loaded for one function. */
const member = { type: 'struct_ops', flags: 0, license: 'GPL', attachTo: 'tcp_congestion_ops.start' } as const

export const scenarios: readonly Scenario[] = [
  {
    name: 'a destroy that keeps a link with all it runs, and a map',
    from: stackOf({
      more: [...keptLink, keptMap, ...tcx(0)],
      ...elsewhere({ x_more: 'map.more', x_egress: 'link.egress' }),
    }),
    kept: stackOf({ more: [...keptLink, keptMap], ...elsewhere({ x_more: 'map.more' }) }),
  },
  {
    name: 'a destroy that keeps a map alone',
    from: stackOf({ more: [keptMap, ...tcx(0)] }),
    kept: { ...stackOf(), resources: new Map([[keptMap.address, keptMap]]) },
  },
  {
    name: 'a link that leaves the stack with its program',
    from: stackOf({ more: tcx(0) }),
    forget: { addresses: ['link.egress', 'program.egress'], rest: stackOf() },
    left: ['forgotten/edge/links/egress', 'forgotten/edge/programs/egress'],
  },
  {
    name: 'an array that leaves the stack with its callers and members',
    from: stackOf({ more: tcx(0), ...elsewhere({ x_calls: 'map.calls' }) }),
    forget: {
      addresses: ['map.calls', 'program.v4', 'program.v6', 'program.ingress', 'link.eth0'],
      rest: stackOf({
        more: tcx(0),
        without: ['map.calls', 'program.v4', 'program.v6', 'program.ingress', 'link.eth0'],
      }),
    },
    left: [
      'x_calls',
      ...['programs/v4', 'programs/v6', 'programs/ingress', 'links/eth0'].map((it) => `forgotten/edge/${it}`),
    ],
  },
  { name: 'a new stack', to: stackOf({ ownership: { mode: 0o750 } }) },
  { name: 'a new stack that is to be confirmed', to: { ...stackOf(), confirmWithin: 60_000 } },
  { name: 'a changed callee', from: stackOf(), to: stackOf({ verdicts: { v4: 1 } }) },
  { name: 'a changed entry program', from: stackOf(), to: stackOf({ verdicts: { ingress: 1 } }) },
  { name: 'a slot less', from: stackOf(), to: stackOf({ slots: { 1: 'v6' } }) },
  { name: 'other callees', from: stackOf(), to: stackOf({ verdicts: { v4: 1, v6: 1 } }) },
  { name: 'a slot more', from: stackOf({ slots: { 0: 'v4' } }), to: stackOf() },
  {
    name: 'a slot in place',
    from: stackOf({ onSlotChange: 'in-place' }),
    to: stackOf({ onSlotChange: 'in-place', slots: { 0: 'v6', 1: 'v6' } }),
  },
  {
    name: 'a changed callee in place',
    from: stackOf({ onSlotChange: 'in-place' }),
    to: stackOf({ onSlotChange: 'in-place', verdicts: { v4: 1 } }),
  },
  {
    name: 'changed entries',
    from: stackOf({ allow: { '01000000': '0100000000000000', '02000000': '0200000000000000' } }),
    to: stackOf({ allow: { '02000000': '0300000000000000', '03000000': '0300000000000000' } }),
  },
  { name: 'a second hook', from: stackOf(), to: stackOf({ more: tcx(0), verdicts: { v6: 1 } }) },
  { name: 'a hook less', from: stackOf({ more: tcx(0) }), to: stackOf() },
  { name: 'two hooks switched', from: stackOf({ more: tcx(0) }), to: stackOf({ more: tcx(1), verdicts: { v6: 1 } }) },
  {
    name: 'a link replaced by overlap',
    from: stackOf({ more: raw('overlap', 0) }),
    to: stackOf({ more: raw('overlap', 1) }),
  },
  { name: 'a link replaced with a gap', from: stackOf({ more: raw('gap', 0) }), to: stackOf({ more: raw('gap', 1) }) },
  {
    name: 'two entry points of one array',
    from: stackOf({ more: secondEntry(0) }),
    to: stackOf({ more: secondEntry(0), verdicts: { v4: 1 } }),
  },
  { name: 'an array behind an array', from: stackOf({ more: nested(0) }), to: stackOf({ more: nested(1) }) },
  { name: 'arrays in a cycle', from: stackOf({ more: cyclic(0) }), to: stackOf({ more: cyclic(1) }) },
  {
    name: 'structs of functions exchanged, and replaced with a gap',
    from: stackOf({ more: structs(0), without: bare }),
    to: stackOf({ more: structs(1), without: bare }),
  },
  { name: 'destroy of arrays in a cycle', from: stackOf({ more: cyclic(0) }) },
  {
    name: 'a link moved to another program',
    from: stackOf({ more: [program('other', { code: tailCalling('calls', 1) })] }),
    to: stackOf({
      without: ['link.eth0'],
      more: [
        program('other', { code: tailCalling('calls', 1) }),
        link('eth0', {
          program: 'program.other',
          target: { kind: 'xdp', interface: 'lo', ifindex: 1, mode: 'generic' },
        }),
      ],
    }),
  },
  { name: 'a map replaced', from: sized(16), to: sized(32) },
  { name: 'inner maps', from: stackOf({ more: outer('red') }), to: stackOf({ more: outer('blue', 'red') }) },
  {
    name: 'a map migrated',
    from: stackOf({ more: [counts('u64')] }),
    to: stackOf({ more: [counts('u64', 'x:u64@8')] }),
  },
  {
    name: 'counts summed, under a link that is replaced by overlap',
    from: stackOf({ more: [counts('u32'), ...raw('overlap', 0)] }),
    to: stackOf({ more: [counts('u64', 'x:u64@8', 'sum'), ...raw('overlap', 0)] }),
  },
  {
    name: 'a map migrated that is pinned elsewhere, too',
    from: stackOf({ more: [counts('u64')], ...elsewhere({ x_flows: 'map.flows' }) }),
    to: stackOf({ more: [counts('u64', 'x:u64@8')], ...elsewhere({ x_flows: 'map.flows' }) }),
  },
  {
    name: 'a map migrated under another name',
    from: stackOf({ more: [counts('u64')] }),
    to: stackOf({
      without: ['map.flows'],
      more: renamed(counts('u64', 'x:u64@8')),
      moved: [{ from: 'map.flows', to: 'map.streams' }],
    }),
  },
  {
    name: 'globals carried',
    from: stackOf({ more: globals('a:u64@0') }),
    to: stackOf({ more: globals('b:u64@0,a:u64@8') }),
  },
  { name: 'destroy', from: stackOf({ more: [...tcx(0), ...outer('red')] }) },
  {
    name: 'objects that are moved, one of them changed too',
    from: stackOf({ more: tcx(0), ...elsewhere({ x_egress: 'link.egress' }) }),
    to: stackOf({
      more: tcx(0, 'out'),
      verdicts: { v6: 1 },
      moved: [
        { from: 'program.egress', to: 'program.out' },
        { from: 'link.egress', to: 'link.out' },
      ],
      ...elsewhere({ x_egress: 'link.out' }),
    }),
  },
  { name: 'a new stack with pins elsewhere', to: stackOf({ ...allKinds, ownership: { mode: 0o750 } }) },
  { name: 'pins elsewhere that move on', from: stackOf(allKinds), to: stackOf({ ...allKinds, verdicts: { v4: 1 } }) },
  {
    name: 'pins elsewhere that come, go and change what they lead to',
    from: stackOf(elsewhere({ x_calls: 'map.calls', x_flows: 'map.flows', x_eth0: 'link.eth0' })),
    to: stackOf({ ...elsewhere({ x_new: 'map.calls', x_flows: 'map.allow' }), verdicts: { v6: 1 } }),
  },
  {
    name: 'the pin elsewhere of a link that is replaced by overlap',
    from: stackOf({ more: raw('overlap', 0), ...elsewhere({ x_trace: 'link.trace' }) }),
    to: stackOf({ more: raw('overlap', 1), ...elsewhere({ x_trace: 'link.trace' }) }),
  },
  {
    name: 'the pin elsewhere of a link that is replaced with a gap',
    from: stackOf({ more: raw('gap', 0), ...elsewhere({ x_trace: 'link.trace' }) }),
    to: stackOf({ more: raw('gap', 1), ...elsewhere({ x_trace: 'link.trace' }) }),
  },
  { name: 'destroy of a stack with pins elsewhere', from: stackOf(allKinds) },
  {
    name: 'pins in directories that are made for them',
    from: stackOf(elsewhere({ 'a/b/x_calls': 'map.calls' })),
    to: stackOf({ ...elsewhere({ 'a/c/d/x_calls': 'map.calls' }), ownership: { mode: 0o750 } }),
  },
  { name: 'destroy with directories of pins', from: stackOf(elsewhere({ 'a/b/x_calls': 'map.calls' })) },
  {
    name: 'adoption after a crash between the switch and publishing',
    from: stackOf(),
    crash: { to: stackOf({ verdicts: { v4: 1 } }), after: 'updateLink' },
    to: stackOf({ verdicts: { v4: 1 } }),
  },
  {
    name: 'another version after a crash between two switches',
    from: stackOf({ more: tcx(0) }),
    crash: { to: stackOf({ verdicts: { v4: 1 }, more: tcx(1) }), after: 'updateLink' },
    to: stackOf({ verdicts: { v6: 1 }, more: tcx(2) }),
  },
  {
    name: 'another version after a crash between the switch and publishing',
    from: stackOf(),
    crash: { to: stackOf({ verdicts: { v4: 1 } }), after: 'updateLink' },
    to: stackOf({ verdicts: { v6: 1 } }),
  },
  {
    name: 'another version after a crash between publishing and retiring',
    from: stackOf({ more: tcx(0) }),
    crash: { to: stackOf({ verdicts: { v4: 1 } }), after: 'exchange' },
    to: stackOf({ verdicts: { v6: 1 } }),
  },
  {
    name: 'another version after a crash in a first apply',
    crash: { to: stackOf(), after: 'createLink' },
    to: stackOf({ verdicts: { v4: 1 } }),
  },
  { name: 'the owner of a map that another stack uses', from: sized(16), further: [sharing], to: sized(32) },
  {
    name: 'the owner of an array that another stack uses',
    from: stackOf(),
    further: [borrowing],
    to: stackOf({ verdicts: { v4: 1 } }),
    left: ['edge/gen-1/maps/calls', 'edge/gen-1/record'],
  },
  {
    name: "another stack moves on to the owner's new array",
    from: stackOf(),
    further: [borrowing, stackOf({ verdicts: { v4: 1 } })],
    to: borrowing,
    left: ['edge/gen-1/maps/calls', 'edge/gen-1/record'],
  },
  {
    name: 'destroy beside a stack that uses the array',
    from: stackOf(),
    further: [borrowing],
    left: ['edge/live/maps/calls', 'edge/live/record'],
  },
]
