import { expect, test } from 'vitest'
import { differenceBetween } from '../../../src/cli/saved/plan-difference.ts'
import type { MapContents, Resource } from '../../../src/model/state.ts'
import { makePlan } from '../../../src/plan/make-plan.ts'
import type { Hex } from '../../../src/util/hex.ts'
import { applied, desired, map } from '../../support/builders.ts'

const holding = (...values: readonly string[]): Resource => {
  const entries = values.map((value, i) => ({ key: `0${i}000000` as Hex, value: value as Hex }))
  return map('allow', { contents: { kind: 'entries', entries } satisfies MapContents })
}
const planFrom = (live: Resource): ReturnType<typeof makePlan> =>
  makePlan(applied([live]), desired(holding('01', '01')))

test('entries that differ meanwhile are counted: their keys are bytes, and may be many', () => {
  const saved = planFrom(holding('01', '01'))
  expect(differenceBetween(saved, planFrom(holding('01', '02')))).toContain('would be updated now (1 entry)')
  expect(differenceBetween(saved, planFrom(holding('03', '02')))).toContain('would be updated now (2 entries)')
})
