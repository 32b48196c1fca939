import { describe, expect, test } from 'vitest'
import type { MapId } from '../../src/model/ids.ts'
import type { CurrentState, Resource, Tree } from '../../src/model/state.ts'
import { type Succession, succeed } from '../../src/plan/history.ts'
import { makeRecord } from '../../src/plan/make-record.ts'
import { applied, array, desired, link, map, program } from '../support/builders.ts'

const stack: Resource[] = [
  array('calls', { 0: 'callee' }),
  program('entry', ['calls']),
  program('callee'),
  link('l', 'entry'),
]

/** A former generation that is nothing but an array. */
const former = (generation: number, mapId: number, resources: readonly Resource[] = [array('calls', {})]): Tree => ({
  name: `gen-${generation}`,
  record: makeRecord(desired(...resources), generation),
  directories: [`gen-${generation}`],
  pins: [
    {
      path: `gen-${generation}/maps/calls`,
      kind: 'map',
      id: mapId as MapId,
      address: 'map.calls',
      shape: array('calls', {}).shape,
    },
  ],
})

/** What generation 7 (its array is 10) and the former ones come to. */
function words(trees: readonly Tree[], change: Partial<Succession> = {}): string[] {
  const base = applied(stack)
  const live = { ...base.trees[0], record: makeRecord(desired(...stack), 7) } as Tree
  const current: CurrentState = { ...base, trees: [live, ...trees] }
  const steps = succeed({ current, outgoing: live, published: new Set(), history: 1, ...change })
  return steps.map((it) => ('path' in it ? `${it.kind} ${it.path}` : it.kind))
}

const goes = (tree: string, all: readonly string[]): boolean => all.includes(`remove-directory ${tree}`)

describe('former generations', () => {
  test('stay from the latest on, as many as the history has room for beside the outgoing one', () => {
    const all = words([former(4, 41), former(6, 61), former(5, 51)], { history: 3 })
    expect(['gen-7', 'gen-6', 'gen-5', 'gen-4'].map((tree) => goes(tree, all))).toEqual([false, false, false, true])
  })

  test('go when what they hold was taken over, and leave room for another', () => {
    const all = words([former(6, 61), former(5, 51)], { history: 2, adopted: new Set(['gen-6']) })
    expect(['gen-6', 'gen-5'].map((tree) => goes(tree, all))).toEqual([true, false])
  })

  test('go without waiting at an array that another generation keeps', () => {
    const waits = (all: readonly string[]) => all.filter((word) => word.startsWith('await-unused'))
    expect(waits(words([former(6, 61)]))).toEqual(['await-unused gen-6/maps/calls'])
    expect(waits(words([former(6, 10)]))).toEqual([])
    expect(waits(words([former(6, 61), former(5, 61)], { history: 2 }))).toEqual([])
  })
})

test('a generation that has lost a pin is not kept: a rollback would lack it', () => {
  expect(goes('gen-6', words([former(6, 61)], { history: 2 }))).toBe(false)
  expect(goes('gen-6', words([former(6, 61, stack)], { history: 2 }))).toBe(true)
  expect(goes('gen-6', words([former(6, 61, [array('calls', {}), map('flows')])], { history: 2 }))).toBe(true)
  expect(goes('gen-6', words([former(6, 61, [array('calls', {}), map('f', { pinned: false })])], { history: 2 }))).toBe(
    false,
  )
})

test('a generation without a record is not kept: nobody could go back to it', () => {
  const outgoing = applied(stack).trees[0] as Tree
  expect(goes('gen-7', words([], { outgoing }))).toBe(true)
  expect(goes('gen-7', words([]))).toBe(false)
})
