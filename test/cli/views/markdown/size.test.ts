import { expect, test } from 'vitest'
import { renderMarkdown } from '../../../../src/cli/views/markdown/plan.ts'
import { type Section, shorten } from '../../../../src/cli/views/markdown/shorten.ts'
import type { Plan } from '../../../../src/index.ts'
import { change, document, plan } from '../samples.ts'

const markdown = (it: Plan, limit?: number): string => renderMarkdown([document(it)], limit)

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** As much of everything as a host could have; one change of two thousand loses entries. */
const large = plan(
  [
    ...numbers(2000).map((at) => change('update', `program.p${at}`, { because: [{ attribute: 'code' }] })),
    change('delete', 'map.last', { entries: 3, verdict: 'data loss' }),
    ...numbers(2000).map((at) => change('keep', `map.k${at}`)),
  ],
  { steps: numbers(4000).map((at) => ({ phase: 'prepare', kind: 'create-map', target: `next:map.m${at}` })) },
)

test('a comment is never longer than GitHub takes, and loses the steps and what is unchanged first, then changes', () => {
  const text = markdown(large)
  expect(text.length).toBeLessThan(65_536)
  expect(text.length).toBeGreaterThan(64_000)
  expect(text).toContain('… 4,000 more steps left out here; pinfold plan --steps prints all of them\n')
  expect(text).toContain('| … | | | 2,000 more left out here; `pinfold plan` prints all of them |\n')
  const left = /… \| \| \| (\d+) more changes left out here/.exec(text)?.[1]
  expect(Number(left) + (text.match(/code differs/g)?.length ?? 0)).toBe(2000)
})

test('the change that loses something is the last to be left out', () => {
  expect(markdown(large, 1500)).toContain('| `-` | map | `last` | no longer declared, 3 entries lost | **data loss** |')
})

test.each([100_000, 20_000, 3000, 1200, 700])('within %i characters everything that was begun is ended', (limit) => {
  const text = markdown(large, limit)
  expect(text.length).toBeLessThanOrEqual(limit)
  expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length)
  expect((text.match(/^```/gm)?.length ?? 0) % 2).toBe(0)
  for (const row of text.split('\n').filter((line) => line.startsWith('| '))) expect(row).toMatch(/ \|$/)
})

const section = (name: string, rank: number, rows: Section['rows']): Section => ({
  before: `<${name}>`,
  after: `</${name}>`,
  rows,
  rank,
  omission: (count) => `(${count} more)`,
})

test('whole parts that are left out are told, too', () => {
  const text = markdown(large, 500)
  expect(text.length).toBeLessThanOrEqual(500)
  expect(text).not.toContain('unchanged')
  expect(text).toContain('\n… There is more than this comment has room for: `pinfold plan` prints all of it.\n')
})

test('where there is room for one line only, that is all', () => {
  expect(markdown(large, 200).split('\n')).toEqual([expect.stringMatching(/^\*\*pinfold plan/), ''])
})

test('rows go from the least important section on, and within one from the least important, then the last', () => {
  const sections = [
    section('a', 1, [{ text: '1111' }, { text: '2222', rank: 1 }, { text: '3333' }]),
    section('b', 2, [{ text: '4444' }, { text: '5555' }]),
  ]
  expect(shorten(sections, 34)).toBe('<a>111122223333</a><b>44445555</b>')
  expect(shorten(sections, 48)).toBe('<a>111122223333</a><b>44445555</b>')
  expect(shorten([sections[0]!, section('b', 2, [{ text: '4'.repeat(40) }])], 50)).toBe(
    '<a>111122223333</a><b>(1 more)</b>',
  )
  expect(shorten([sections[0]!, section('b', 2, [{ text: '4'.repeat(40) }])], 38)).toBe(
    '<a>11113333(1 more)</a><b>(1 more)</b>',
  )
  expect(shorten(sections, 20)).toBe('<a>1111(2 more)</a>')
  expect(shorten(sections, 16)).toBe('<a>(3 more)</a>')
  expect(shorten(sections, 10)).toBe('')
})
