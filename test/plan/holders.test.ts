import { describe, expect, test } from 'vitest'
import type { GraphMap, Root } from '../../src/model/graph.ts'
import type { MapId } from '../../src/model/ids.ts'
import type { CurrentState, DesiredState, Resource, TreePin } from '../../src/model/state.ts'
import { keepLedger, predict } from '../../src/plan/holders.ts'
import { prove } from '../../src/plan/make-plan.ts'
import { existingOf } from '../../src/plan/preconditions.ts'
import type { Operation, Step } from '../../src/plan/step.ts'
import { applied, array, desired, link, map, program } from '../support/builders.ts'

const inSwitch = (operations: readonly Operation[]): Step[] =>
  operations.map((operation) => ({ phase: 'switch', ...operation }))

/** What the ledger holds against these operations, each loss once: `map.calls: no holder`. */
function losses(current: CurrentState, operations: readonly Operation[], wanted?: DesiredState): string[] {
  const existing = { ...existingOf(current), 'next:map.shared': 50 }
  const { violations } = keepLedger({ current, desired: wanted, steps: inSwitch(operations), existing })
  return [...new Set(violations.map(({ array: name, what }) => `${name.replace(/^(live|next):/, '')}: ${what}`))]
}

const unpin = (path: string): Operation => ({ kind: 'unpin', path })

/** entry (11) -> calls (10) -> callee (12); the link is 13. */
const chain: Resource[] = [
  array('calls', { 0: 'callee' }),
  program('entry', ['calls']),
  program('callee'),
  link('l', 'entry'),
]

const withRoots = (current: CurrentState, ...roots: number[]): CurrentState => ({
  ...current,
  graph: {
    ...current.graph,
    roots: roots.map((id) => ({ program: id, link: 99, via: 'link #99' }) as unknown as Root),
  },
})

const withMap = (current: CurrentState, change: { id: number } & Partial<Omit<GraphMap, 'id'>>): CurrentState => {
  const id = change.id as MapId
  const plain = { id, name: 'm', type: 'prog_array', programs: new Map(), inner: [] } as const
  const maps = new Map(current.graph.maps).set(id, { ...plain, ...current.graph.maps.get(id), ...change, id })
  return { ...current, graph: { ...current.graph, maps } }
}

const withPins = (current: CurrentState, change: (pins: readonly TreePin[]) => readonly TreePin[]): CurrentState => ({
  ...current,
  trees: current.trees.map((tree) => ({ ...tree, pins: change(tree.pins) })),
})

/** Every link of it is attached to nothing. */
function severed(current: CurrentState): CurrentState {
  const roots = current.graph.roots.map((root) => ({ ...root, severed: true as const }))
  const pinned = withPins(current, (pins) => pins.map((pin) => (pin.kind === 'link' ? { ...pin, severed: true } : pin)))
  return { ...pinned, graph: { ...current.graph, roots } }
}

describe('an array is reached', () => {
  test('over a slot of another array', () => {
    const nested = [
      array('calls', { 0: 'middle' }),
      array('leaves', { 0: 'leaf' }),
      program('entry', ['calls']),
      program('middle', ['leaves']),
      program('leaf'),
      link('l', 'entry'),
    ]
    expect(losses(applied(nested), [unpin('live/maps/leaves')])).toEqual(['map.leaves: no holder'])
  })

  test('by a link of somebody else', () => {
    const current = withRoots(applied(chain.slice(0, 3)), 11)
    expect(losses(current, [unpin('live/maps/calls')])).toEqual(['map.calls: no holder'])
  })

  test('by a link as long as one of its names is left, and no longer', () => {
    const named = withPins(applied(chain), (pins) =>
      pins.flatMap((pin): TreePin[] => (pin.kind === 'link' ? [pin, { ...pin, path: 'live/links/other' }] : [pin])),
    )
    const [first, second] = [unpin('live/links/l'), unpin('live/links/other')]
    expect(losses(named, [second, unpin('live/maps/calls')])).toEqual(['map.calls: no holder'])
    expect(losses(named, [second, first, unpin('live/maps/calls')])).toEqual([])
  })

  test('not by a link that was detached, nor by one that is severed', () => {
    const detach = { kind: 'detach-link', target: 'live:link.l', paths: [], program: 'live:program.entry' } as const
    expect(losses(applied(chain), [detach, unpin('live/maps/calls')])).toEqual([])
    expect(losses(severed(applied(chain)), [unpin('live/maps/calls')])).toEqual([])
  })

  test('by what a plan puts into a slot of a live array', () => {
    const current = applied([...chain, array('more', { 0: 'callee' }), program('other', ['more'])])
    const slot = { kind: 'replace-slot', array: 'live:map.calls', index: 2, after: 'live:program.other' } as const
    expect(losses(current, [slot, unpin('live/maps/more')])).toEqual(['map.more: no holder'])
  })
})

describe('a sockmap inside an outer map', () => {
  const sockets = (name: string) => map(name, { shape: { ...map(name).shape, type: 'sockmap' } })
  // sockets 10, outer 11, p 12, link 13
  const resources = [sockets('sockets'), map('outer'), program('p', ['outer']), link('l', 'p')]
  const current = withMap(applied(resources), { id: 11, type: 'array_of_maps', inner: [10 as MapId] })
  const set = (slot: { before?: 'live:map.sockets'; after?: 'next:map.fresh' }): Operation => ({
    kind: 'set-inner',
    outer: 'live:map.outer',
    index: 0,
    ...slot,
  })

  test('is reached over it, until it is taken out', () => {
    expect(losses(current, [unpin('live/maps/sockets')])).toEqual(['map.sockets: no holder'])
    expect(losses(current, [set({ before: 'live:map.sockets' }), unpin('live/maps/sockets')])).toEqual([])
  })

  test('is reached once it is put in: being inside does not hold it after a crash', () => {
    const make = { kind: 'create-map', target: 'next:map.fresh' } as const
    const wanted = desired(sockets('fresh'))
    expect(losses(current, [make, set({ after: 'next:map.fresh' })], wanted)).toEqual(['map.fresh: no holder'])
    expect(losses(current, [make], wanted)).toEqual([])
  })
})

describe('a new array', () => {
  const make = { kind: 'create-map', target: 'next:map.calls' } as const
  const load = { kind: 'load-program', target: 'next:program.entry' } as const
  const fill = { kind: 'fill-slot', array: 'next:map.calls', index: 0, program: 'next:program.callee' } as const
  const pin = { kind: 'pin', target: 'next:map.calls', path: 'next/maps/calls' } as const
  const attach = { kind: 'create-link', target: 'next:link.l', program: 'next:program.entry' } as const
  const pinLink = { kind: 'pin', target: 'next:link.l', path: 'next/links/l' } as const
  const judge = (...operations: Operation[]) => losses(applied([]), operations, desired(...chain))

  test('needs no pin before a link does: a crash takes both', () => {
    expect(judge(make, load, fill, attach)).toEqual([])
    expect(judge(make, load, fill, attach, pinLink)).toEqual(['map.calls: no holder'])
  })

  test('keeps its slots while it is held, whatever a crash before the pin would have done', () => {
    expect(judge(make, load, fill, pin, attach, pinLink)).toEqual([])
  })

  test('is empty after its last holder, even when it is pinned again', () => {
    const release = { kind: 'release', target: 'next:map.calls' } as const
    expect(judge(make, load, fill, release, pin, attach, pinLink)).toEqual(['map.calls: empty slot'])
  })
})

test('a live array that was emptied may not be attached again', () => {
  const attach = { kind: 'create-link', target: 'next:link.l', program: 'live:program.entry' } as const
  const again = { kind: 'pin', target: 'live:map.calls', path: 'next/maps/calls' } as const
  const current = applied(chain.slice(0, 3))
  expect(losses(current, [unpin('live/maps/calls'), again, attach])).toEqual(['map.calls: empty slot'])
})

test('a slot that the plan clears in place is not missed', () => {
  const slot = { kind: 'replace-slot', array: 'live:map.calls', index: 0, before: 'live:program.callee' } as const
  expect(losses(applied(chain), [slot])).toEqual([])
})

test('an exchange moves the pins of both trees', () => {
  const exchange = { kind: 'exchange', a: 'next', b: 'live' } as const
  expect(losses(applied(chain), [exchange, unpin('next/maps/calls')])).toEqual(['map.calls: no holder'])
  expect(losses(applied(chain), [exchange, unpin('live/maps/calls')])).toEqual([])
})

test('somebody else’s array is their business until a program of ours uses it: then we must hold it', () => {
  const shared = array('shared', {}, { owner: 'foreign' })
  const foreign = withMap(applied([program('p', ['shared']), link('l', 'p')]), { id: 50 })
  const programs = new Map([...foreign.graph.programs].map(([id, it]) => [id, { ...it, maps: [50 as MapId] }]))
  const current = { ...foreign, graph: { ...foreign.graph, programs } }
  const open = { kind: 'open-map', target: 'next:map.shared', path: '/sys/fs/bpf/other/shared' } as const
  const pin = { kind: 'pin', target: 'next:map.shared', path: 'next/maps/shared' } as const
  const load = { kind: 'load-program', target: 'next:program.user' } as const
  const wanted = desired(shared, program('user', ['shared']))
  const unnamed = (losses: string[]) => losses.map((it) => it.replace(/^.*: /, ''))
  expect(losses(current, [open], wanted)).toEqual([])
  expect(unnamed(losses(current, [open, load], wanted))).toEqual(['no holder'])
  expect(losses(current, [open, pin, load], wanted)).toEqual([])
})

describe('a wait keeps the array', () => {
  const waiting = (users: { programs?: number[]; members?: number[] }): Operation => ({
    kind: 'await-unused',
    path: 'live/maps/calls',
    target: 'live:map.calls',
    programs: (users.programs ?? []) as never,
    members: (users.members ?? []) as never,
  })

  test('when a link runs a program in its own slots', () => {
    const loop = [array('calls', { 0: 'p' }), program('p', ['calls']), link('l', 'p')]
    expect(losses(applied(loop), [waiting({ members: [11] }), unpin('live/maps/calls')])).toEqual([])
    expect(losses(applied(loop), [waiting({}), unpin('live/maps/calls')])).toEqual(['map.calls: no holder'])
  })

  test('when a severed link keeps its user, until the last name of the link goes', () => {
    const current = severed(applied(chain))
    const foreign = { ...current, trees: withPins(current, (pins) => pins.filter((pin) => pin.kind !== 'link')).trees }
    const gone = [unpin('live/programs/entry'), waiting({ programs: [11] }), unpin('live/maps/calls')]
    const pinsAfter = (from: CurrentState, operations: readonly Operation[]): unknown => {
      const steps = inSwitch(operations)
      return [...predict({ current: from, steps, existing: existingOf(from) }).maps.values()].map(({ pins }) => [
        ...pins,
      ])
    }
    expect(pinsAfter(current, gone)).toEqual([['live/maps/calls']])
    expect(pinsAfter(current, [unpin('live/links/l'), ...gone])).toEqual([[]])
    expect(pinsAfter(foreign, gone)).toEqual([['live/maps/calls']])
  })

  test('but not when a severed link keeps a program in its own slots: that goes with the array', () => {
    const loop = severed(applied([array('calls', { 0: 'p' }), program('p', ['calls']), link('l', 'p')]))
    const steps = inSwitch([waiting({ members: [11] }), unpin('live/maps/calls')])
    const world = predict({ current: loop, steps, existing: existingOf(loop) })
    expect([...world.maps.values()].map(({ pins }) => [...pins])).toEqual([[]])
  })

  test('when its user lives on in a slot of another array', () => {
    const current = applied([
      array('calls', { 0: 'leaf' }),
      array('outer', { 0: 'user' }),
      program('user', ['calls']),
      program('leaf'),
      program('entry', ['outer']),
      link('l', 'entry'),
    ])
    const gone = [unpin('live/programs/user'), waiting({ programs: [12] }), unpin('live/maps/calls')]
    expect(losses(current, gone)).toEqual([])
  })
})

test('steps that lose an array make no plan', () => {
  const current = applied(chain)
  const steps = inSwitch([unpin('live/maps/calls')])
  expect(() => prove({ current, steps, existing: existingOf(current) })).toThrow(
    expect.objectContaining({ code: 'P199' }),
  )
})
