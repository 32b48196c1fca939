import { describe, expect, test } from 'vitest'
import type { LintPolicy, Silence } from '../../src/model/lint-rules.ts'
import { lintRules } from '../../src/model/lint-rules.ts'
import type { DesiredState, Resource } from '../../src/model/state.ts'
import { isBlocked } from '../../src/plan/block.ts'
import { planCodes } from '../../src/plan/codes.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { applied, desired, link, map, program } from '../support/builders.ts'

const edge: readonly Resource[] = [map('flows'), map('seen'), program('main', ['flows']), link('eth0', 'main')]
const fewer = edge.filter(({ address }) => address !== 'map.seen')

/** A plan that deletes map.seen, whose entries are lost: P103. */
const decided = (change: Partial<DesiredState>, resources: readonly Resource[] = fewer): Plan =>
  makePlan(applied(edge), { ...desired(...resources), ...change })
const deny = (...codes: readonly string[]): LintPolicy => ({ deny: codes, warn: [] })
const silence = (change: Partial<Silence> = {}): Silence => ({
  code: 'P103',
  reason: 'we know that it goes',
  ...change,
})

describe('a warning', () => {
  test('blocks where it is denied, by its code or with all of them', () => {
    for (const code of ['P103', 'all']) {
      const plan = decided({ policy: deny(code) })
      expect(plan.diagnostics).toMatchObject([{ code: 'P103', severity: 'error', denied: true, address: 'map.seen' }])
      expect(plan.diagnostics.every(isBlocked)).toBe(true)
      expect(plan.changes.filter(({ blocked }) => blocked).map(({ address }) => address)).toEqual(['map.seen'])
      expect(plan.policy).toEqual(deny(code))
    }
    expect(decided({ policy: deny('P104') }).diagnostics).toMatchObject([{ code: 'P103', severity: 'warning' }])
  })

  test('stays one where all are denied but this', () => {
    const plan = decided({ policy: { deny: ['all'], warn: ['P103'] } })
    expect(plan.diagnostics).toMatchObject([{ code: 'P103', severity: 'warning' }])
  })

  test('that the manifest silences says why, and is not denied', () => {
    for (const row of [silence(), silence({ address: 'map.seen' })]) {
      const plan = decided({ silences: [row], policy: deny('all') })
      expect(plan.diagnostics).toMatchObject([{ code: 'P103', severity: 'warning', silenced: 'we know that it goes' }])
    }
  })
})

describe('a silence', () => {
  test('of another object or code is a warning itself, which suggests what was meant', () => {
    const at = { file: 'pinfold.yaml', line: 3, column: 5 }
    const plan = decided({ silences: [silence({ address: 'map.sen', at }), silence({ code: 'P104' })] })
    expect(plan.diagnostics).toMatchObject([
      { code: 'P103', severity: 'warning' },
      { code: 'P160', severity: 'warning', address: 'map.sen', hint: 'did you mean map.seen?', at },
      { code: 'P160', detail: 'The plan has no warning P104 that would have to be silenced.' },
    ])
    expect(plan.diagnostics[0]).not.toHaveProperty('silenced')
  })

  test('that is not needed any more is told in a plan without changes, but not where such a plan cannot know', () => {
    const codes = (code: string) => decided({ silences: [silence({ code })] }, edge).diagnostics.map((it) => it.code)
    expect(codes('P103')).toEqual(['P160'])
    expect(codes('P106')).toEqual([])
  })

  test('turns no error off', () => {
    const larger = { ...map('flows').shape, maxEntries: 4096 }
    const refused = edge.map((it) => (it.address === 'map.flows' ? map('flows', { shape: larger }) : it))
    const plan = decided({ silences: [silence({ code: 'P102' })], policy: { deny: [], warn: ['P102'] } }, refused)
    expect(plan.diagnostics).toMatchObject([{ code: 'P102', severity: 'error' }, { code: 'P160' }])
    expect(plan.diagnostics[0]).not.toHaveProperty('silenced')
  })
})

test('what nobody decided about is as it was', () => {
  expect(decided({ silences: [] })).toEqual(decided({}))
  expect(decided({})).not.toHaveProperty('policy')
})

/** What guards the promise, what the manifest or its owner forbids, and what is no risk of a plan. */
const undecided = [
  'P101',
  'P102',
  'P121',
  'P123',
  'P130',
  'P140',
  'P171',
  'P172',
  'P180',
  'P199',
  'P401',
  'P402',
  'P403',
  'P404',
  'P405',
  'P406',
]

test('every code of a plan can be decided about, or is one that nobody may turn off', () => {
  const known = Object.values(planCodes).map(({ code }) => code)
  expect([...Object.keys(lintRules), ...undecided].sort()).toEqual(known.sort())
})
