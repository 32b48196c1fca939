import { expect, test } from 'vitest'
import { renderTimings, timingsDocument } from '../../../src/cli/views/timings.ts'
import { plain } from './samples.ts'

const parts = [
  { name: 'start', ms: 40 },
  { name: 'plan', ms: 0.42 },
]

test('the parts, what nobody measured, and all of it; then the loads, the slowest first', () => {
  const programs = Array.from({ length: 12 }, (_, at) => ({ name: `program.p${at}`, ms: at === 0 ? 1234 : at }))
  expect(renderTimings({ parts, programs, total: 1500 }, plain)).toBe(`\
timings
  start              40 ms
  plan              0.4 ms
  other              1.5 s
  all                1.5 s
  load program.p0    1.2 s
  load program.p11   11 ms
  load program.p10   10 ms
  load program.p9   9.0 ms
  load program.p8   8.0 ms
  load program.p7   7.0 ms
  load program.p6   6.0 ms
  load program.p5   5.0 ms
  load program.p4   4.0 ms
  load program.p3   3.0 ms
  and 2 programs that took less
`)
})

test('the document has what nobody measured, too', () => {
  expect(timingsDocument({ parts, programs: [], total: 50 })).toMatchObject({
    type: 'timings',
    parts: [...parts, { name: 'other', ms: expect.closeTo(9.58) }],
    programs: [],
    total: 50,
  })
})
