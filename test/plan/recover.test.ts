import { describe, expect, test } from 'vitest'
import type { StackRecord } from '../../src/model/record.ts'
import type { CurrentState, Resource, Tree, TreePin } from '../../src/model/state.ts'
import { makeRecord } from '../../src/plan/make-record.ts'
import { planRecovery } from '../../src/plan/recover.ts'
import { applied, array, desired, link, nothing, program } from '../support/builders.ts'

const stack = (version: number): Resource[] => [
  array('calls', { 0: 'callee' }),
  program('entry', ['calls']),
  program('callee', [], version),
  link('eth0', 'entry'),
]

const record = (generation: number): StackRecord => makeRecord(desired(...stack(0)), generation)

/** The tree of a generation whose objects have ids from `firstId`: array, entry, callee, link. */
function tree(name: string, generation: number, firstId: number, linkPin?: { id: number; runs: number }): Tree {
  const [base] = applied(stack(0), { firstId }).trees
  const pins = (base?.pins ?? []).flatMap((pin): TreePin[] => {
    const path = pin.path.replace('live', name)
    if (pin.kind !== 'link') return [{ ...pin, path } as TreePin]
    return linkPin ? [{ ...pin, path, id: linkPin.id as never, programId: linkPin.runs as never }] : []
  })
  const directories = (base?.directories ?? []).map((path) => path.replace('live', name))
  return { name, record: record(generation), directories, pins }
}

/** A machine with these trees; the links run what their pins say. */
function machine(trees: readonly Tree[]): CurrentState {
  const [live] = trees
  const generations = [applied(stack(0), { firstId: 10 }).graph, applied(stack(0), { firstId: 20 }).graph]
  const links = trees.flatMap((it) => it.pins.filter((pin) => pin.kind === 'link'))
  return {
    ...nothing,
    generation: live?.record?.generation ?? 0,
    record: trees.find((it) => it.name === 'live')?.record,
    trees,
    graph: {
      roots: links.map((pin) => ({ program: pin.programId, link: pin.id, via: 'link' })),
      programs: new Map(generations.flatMap((graph) => [...graph.programs])),
      maps: new Map(generations.flatMap((graph) => [...graph.maps])),
    },
  }
}

const todo = (current: CurrentState): string[] | undefined =>
  planRecovery(current)?.leftovers.map((leftover) => leftover.todo)

const words = (current: CurrentState): string[] =>
  (planRecovery(current)?.steps ?? []).map((step) => {
    if ('path' in step) return `${step.kind} ${step.path}`
    return step.kind === 'update-link' ? `${step.kind} ${step.program}` : step.kind
  })

test('a whole stack needs no recovery', () => {
  expect(planRecovery(machine([tree('live', 7, 10, { id: 5, runs: 11 })]))).toBeUndefined()
})

describe('migrations that are not merged', () => {
  const side = { type: 'hash', keySize: 4, valueSize: 8, maxEntries: 8, layout: {} } as const
  const migrations = [{ map: 'calls', source: 10, from: side, to: side, merge: 'keep-new', onLossy: 'refuse' }] as const
  const published = (name: string): Tree => {
    const one = tree(name, 8, 20, { id: 5, runs: 21 })
    return { ...one, record: one.record && { ...one.record, migrations } }
  }

  test('are merged before anything of the former generation is removed, and the record says so then', () => {
    const current = machine([published('live'), tree('next', 7, 10)])
    expect(todo(current)).toEqual(['merge'])
    const plan = planRecovery(current)
    const kinds = plan?.steps.map((step) => step.kind) ?? []
    const [merged, recorded] = [kinds.indexOf('merge-map'), kinds.indexOf('write-record')]
    expect(plan?.steps[merged]).toMatchObject({ source: 'next:map.calls', target: 'live:map.calls' })
    expect(plan?.existing).toMatchObject({ 'next:map.calls': 10, 'live:map.calls': 20 })
    expect(plan?.record).not.toHaveProperty('migrations')
    expect([kinds[merged - 1], kinds[recorded + 1]]).toEqual(['drain', 'rename'])
    expect(recorded).toBeGreaterThan(merged)
  })

  test('are merged after the exchange, where that is missing, too', () => {
    const current = machine([tree('live', 7, 10, { id: 5, runs: 21 }), published('next')])
    const plan = planRecovery(current)
    expect(todo(current)).toEqual(['publish'])
    expect(plan?.steps.find((step) => step.kind === 'merge-map')).toMatchObject({
      source: 'live:map.calls',
      target: 'next:map.calls',
    })
  })

  test('are given up where somebody removed the former generation', () => {
    const current = machine([published('live')])
    expect(todo(current)).toEqual(['clean'])
    expect(words(current)).toContain('write-record live/record')
    expect(words(current)).not.toContain('merge-map live/migrations/calls')
  })
})

test('a staged tree that nothing runs is removed, its array last', () => {
  const current = machine([tree('live', 7, 10, { id: 5, runs: 11 }), tree('next', 8, 20)])
  expect(todo(current)).toEqual(['discard'])
  expect(words(current)).toEqual([
    'drain',
    'unpin next/programs/entry',
    'unpin next/programs/callee',
    'await-unused next/maps/calls',
    'unpin next/maps/calls',
    'remove-directory next/links',
    'remove-directory next/programs',
    'remove-directory next/maps',
    'remove-directory next',
  ])
})

test('a staged tree that every link runs is published, then the old one retired', () => {
  const running = { id: 5, runs: 21 }
  const current = machine([tree('live', 7, 10, running), tree('next', 8, 20, running)])
  expect(todo(current)).toEqual(['publish'])
  expect(words(current).slice(0, 4)).toEqual(['exchange', 'rename', 'unpin gen-7/links/eth0', 'drain'])
})

test('a first apply whose links all run is published by a rename', () => {
  const current = machine([tree('next', 1, 20, { id: 5, runs: 21 })])
  expect(words(current)).toEqual(['rename'])
})

test('where only some links were switched they go back before anything is removed', () => {
  const staged = tree('next', 8, 20, { id: 5, runs: 21 })
  const next: Tree = {
    ...staged,
    record: {
      ...record(8),
      links: { ...record(8).links, eth1: { program: 'program.entry', target: link('eth1', 'entry').target } },
    },
  }
  const current = machine([tree('live', 7, 10, { id: 5, runs: 21 }), next])
  expect(todo(current)).toEqual(['switch-back'])
  expect(words(current).slice(0, 2)).toEqual(['update-link live:program.entry', 'unpin next/links/eth0'])
})

describe('a staged tree is not taken for live', () => {
  const live = tree('live', 7, 10, { id: 5, runs: 11 })
  const staged = tree('next', 8, 20, { id: 5, runs: 21 })
  const linkPin = (change: object): Tree => ({
    ...staged,
    pins: staged.pins.map((pin) => (pin.kind === 'link' ? { ...pin, ...change } : pin)),
  })

  test('when the device of its link is gone, or the link runs another program than its record says', () => {
    expect(todo(machine([live, linkPin({ severed: true })]))).toEqual(['switch-back'])
    expect(todo(machine([live, linkPin({ programId: 22 })]))).toEqual(['switch-back'])
  })

  test('when its link is no more, or runs a program that the live tree has, too', () => {
    const current = machine([live, staged])
    const unlinked = { ...current, graph: { ...current.graph, roots: [] } }
    expect(todo(unlinked)).toEqual(['discard'])
    expect(todo(machine([live, tree('next', 8, 10, { id: 5, runs: 11 })]))).toEqual(['discard'])
  })
})

test('an array that both trees pin is not waited for, whichever of them goes', () => {
  const shares = (it: Tree): Tree => ({
    ...it,
    pins: it.pins.map((pin) => (pin.kind === 'map' ? { ...pin, id: 10 as never } : pin)),
  })
  const published = { id: 5, runs: 21 }
  for (const [before, after] of [[{ id: 5, runs: 11 }, undefined] as const, [published, published] as const]) {
    const current = machine([tree('live', 7, 10, before), shares(tree('next', 8, 20, after))])
    expect(words(current).join()).toMatch(/unpin (next|gen-7)\/maps\/calls/)
    expect(words(current).join()).not.toContain('await-unused')
  }
})

test('a staged tree without a record is removed where it lies; what somebody put there stays', () => {
  const live = tree('live', 7, 10, { id: 5, runs: 11 })
  const bare = { name: 'next', record: undefined, directories: ['next', 'next/maps', 'next/links'], pins: [] }
  expect(todo(machine([live, bare]))).toEqual(['discard'])
  expect(words(machine([live, bare]))).toEqual(
    ['next/links', 'next/maps', 'next'].map((it) => `remove-directory ${it}`),
  )
  const guest = { path: 'next/maps/guest', kind: 'foreign', what: 'a map' } as const
  expect(words(machine([live, { ...bare, pins: [guest] }]))).toEqual(['remove-directory next/links'])
})

test('an older tree under the name next is the former generation: it is retired', () => {
  const running = { id: 5, runs: 21 }
  const current = machine([tree('live', 8, 20, running), tree('next', 7, 10, running)])
  expect(todo(current)).toEqual(['retire'])
  expect(words(current).slice(0, 2)).toEqual(['rename', 'unpin gen-7/links/eth0'])
})

describe('a former generation that was kept', () => {
  const live = tree('live', 8, 20, { id: 5, runs: 21 })
  const old = tree('gen-7', 7, 10)

  test('goes when nobody uses it any more', () => {
    expect(todo(machine([live, old]))).toEqual(['retire'])
  })

  test('of which only the array is left waits while somebody’s attachment still reaches it', () => {
    const pins = old.pins.filter((pin) => pin.kind === 'map')
    const remainder = { ...old, record: undefined, pins, directories: ['gen-7', 'gen-7/maps'] }
    const current = machine([live, remainder])
    const foreign = { program: 11 as never, link: 99 as never, via: 'link #99' }
    const used = { ...current, graph: { ...current.graph, roots: [...current.graph.roots, foreign] } }
    expect(planRecovery(used)).toBeUndefined()
    expect(todo({ ...used, trees: [live, old] })).toEqual(['retire'])
    // A crash came before the last empty directory was removed.
    expect(todo({ ...used, trees: [live, { ...remainder, directories: old.directories }] })).toEqual(['retire'])
  })
})

test('a record that was about to replace the live one is removed', () => {
  const live = tree('live', 7, 10, { id: 5, runs: 11 })
  const waiting = { path: 'live/record:new', kind: 'record', id: 99 as never } as const
  expect(words(machine([{ ...live, pins: [...live.pins, waiting] }]))).toEqual(['unpin live/record:new'])
})

test('a destroy that began is finished; the stack’s directory, whose lock is held, stays', () => {
  const live = tree('live', 7, 10)
  const current = { ...machine([live]), record: { ...record(7), phase: 'destroying' } as const }
  expect(todo(current)).toEqual(['destroy'])
  expect(words(current).at(-1)).toBe('remove-directory live')
})

test('empty directories at the end of a destroy go, unless a former generation is there, which nobody destroyed', () => {
  const bare = { name: 'live', record: undefined, directories: ['live', 'live/maps'], pins: [] }
  expect(todo(machine([bare]))).toEqual(['discard'])
  expect(words(machine([bare]))).toEqual(['remove-directory live/maps', 'remove-directory live'])
  expect(todo(machine([bare, tree('gen-6', 6, 10)]))).toBeUndefined()
})
