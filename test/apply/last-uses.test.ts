import { expect, test } from 'vitest'
import { lastUses } from '../../src/apply/last-uses.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { array, desired, link, map, nothing, program } from '../support/builders.ts'

const wanted = desired(
  array('calls', { 0: 'callee' }),
  map('flows'),
  map('unpinned', { pinned: false }),
  program('entry', ['calls', 'flows', 'unpinned']),
  program('callee'),
  link('eth0', 'entry'),
)

test('what a pin keeps is closed after its last use; an array that the ledger counts, and what nothing else keeps, never', () => {
  const plan = makePlan(nothing, wanted)
  const closed = [...lastUses(plan, wanted)].flatMap(([index, used]) => used.map((ref) => [ref, index] as const))
  expect(closed.map(([ref]) => ref).sort()).toEqual([
    'next:link.eth0',
    'next:map.flows',
    'next:program.callee',
    'next:program.entry',
  ])
  const attached = plan.steps.findIndex((step) => step.kind === 'create-link')
  expect(new Map(closed).get('next:program.entry')).toBe(attached)
})
