import { expect, test } from 'vitest'
import { order, type Stage, type Staged } from '../../src/plan/order.ts'

const stages: readonly Stage[] = [
  'directories',
  'record',
  'keep',
  'maps',
  'arrays',
  'programs',
  'slots',
  'entries',
  'switch',
  'ownership',
  'publish',
  'retire',
]

test('whatever order the changes come in, each stage is done before the next begins', () => {
  const staged = stages.toReversed().flatMap((stage): Staged[] => [
    { stage, operation: { kind: 'make-directory', path: `${stage} 1` } },
    { stage, operation: { kind: 'make-directory', path: `${stage} 2` } },
  ])
  const paths = order(staged).map((step) => 'path' in step && step.path)
  expect(paths).toEqual(stages.flatMap((stage) => [`${stage} 1`, `${stage} 2`]))
})
