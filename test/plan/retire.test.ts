import { describe, expect, test } from 'vitest'
import type { CurrentState, Resource, Tree, TreePin } from '../../src/model/state.ts'
import { makeDestroyPlan } from '../../src/plan/destroy.ts'
import { makeRecord } from '../../src/plan/make-record.ts'
import { type Retirement, retire } from '../../src/plan/retire.ts'
import { applied, array, desired, link, map, program } from '../support/builders.ts'

/** calls 10 -> callee 12; entry 11 uses it; the link is 13. */
const stack: Resource[] = [
  array('calls', { 0: 'callee' }),
  program('entry', ['calls']),
  program('callee'),
  link('eth0', 'entry'),
]

const liveOf = ({ trees }: CurrentState): Tree => trees[0] as Tree
const withPins = (tree: Tree, ...pins: TreePin[]): Tree => ({ ...tree, pins: [...tree.pins, ...pins] })

function words(change: Partial<Retirement> = {}, current = applied(stack)): string[] {
  const retirement = {
    tree: liveOf(current),
    kept: new Set<number>(),
    graph: current.graph,
    side: 'live',
    ...change,
  } as const
  return retire(retirement).map((it) => ('path' in it ? `${it.kind} ${it.path}` : it.kind))
}

const guest = { path: 'live/maps/guest', kind: 'foreign', what: 'a program' } as const

describe('a tree that goes', () => {
  test('has its record until everything else is unpinned', () => {
    const record = { path: 'live/record', kind: 'record', id: 9 as never } as const
    const unpins = words({ tree: withPins(liveOf(applied(stack)), record) }).filter((word) => word.startsWith('unpin'))
    expect(unpins.at(-1)).toBe('unpin live/record')
  })

  test('leaves somebody else’s pin, and the directories above it', () => {
    const left = words({ tree: withPins(liveOf(applied(stack)), guest) })
    expect(left.filter((word) => word.startsWith('remove-directory'))).toEqual([
      'remove-directory live/links',
      'remove-directory live/programs',
    ])
    expect(left.join()).not.toContain('guest')
  })

  test('waits for nobody at an array that another tree keeps, and at one of unknown type as at any', () => {
    const current = applied(stack)
    expect(words()).toContain('await-unused live/maps/calls')
    expect(words({ kept: new Set([10]) }).join()).not.toContain('await-unused')
    expect(words({ graph: { ...current.graph, maps: new Map() } })).toContain('await-unused live/maps/calls')
  })

  test('treats a caller that another outgoing array holds as a member: it ends only with that array', () => {
    const current = applied([
      array('first', { 0: 'middle' }),
      array('second', { 0: 'leaf' }),
      program('middle', ['second']),
      program('leaf'),
    ])
    const waits = retire({ tree: liveOf(current), kept: new Set(), graph: current.graph, side: 'live' })
    expect(waits.filter((it) => it.kind === 'await-unused')).toMatchObject([
      { path: 'live/maps/first', programs: [], members: [] },
      { path: 'live/maps/second', programs: [], members: [12] },
    ])
  })
})

test('an array behind another one waits for the callers of that one, too: while they live it is reached', () => {
  // first 10, second 11, entry 12 -> first -> middle 13 -> second -> leaf 14.
  const current = applied([
    array('first', { 0: 'middle' }),
    array('second', { 0: 'leaf' }),
    program('entry', ['first']),
    program('middle', ['second']),
    program('leaf'),
  ])
  const waits = retire({ tree: liveOf(current), kept: new Set(), graph: current.graph, side: 'live' })
  expect(waits.filter((it) => it.kind === 'await-unused')).toMatchObject([
    { path: 'live/maps/first', programs: [12], members: [] },
    { path: 'live/maps/second', programs: [12], members: [13] },
  ])
})

describe('a destroy', () => {
  const steps = (current: CurrentState): string[] =>
    makeDestroyPlan(current).steps.map((it) => ('path' in it ? `${it.kind} ${it.path}` : it.kind))

  test('removes former generations first, and waits only at the last name of an array', () => {
    const current = applied(stack)
    const old: Tree = {
      name: 'gen-6',
      record: undefined,
      directories: ['gen-6', 'gen-6/maps'],
      pins: [
        { path: 'gen-6/maps/calls', kind: 'map', id: 10 as never, address: 'map.calls', shape: map('calls').shape },
      ],
    }
    const words = steps({ ...current, trees: [...current.trees, old] })
    expect(words[0]).toBe('unpin live/links/eth0')
    expect(words.indexOf('unpin gen-6/maps/calls')).toBeLessThan(words.indexOf('unpin live/programs/entry'))
    expect(words.filter((word) => word.startsWith('await-unused'))).toEqual(['await-unused live/maps/calls'])
  })

  test('leaves the stack’s directory where something foreign lies in it', () => {
    const current = applied(stack)
    const words = steps({ ...current, trees: [withPins(liveOf(current), guest)] })
    expect(words).not.toContain('remove-directory ')
    expect(words.join()).not.toContain('guest')
  })

  test('that began says so once', () => {
    const record = { ...makeRecord(desired(...stack), 7), phase: 'destroying' } as const
    expect(steps({ ...applied(stack), record })[0]).toBe('unpin live/links/eth0')
  })
})
