import { expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { openTimings } from '../../src/cli/timings.ts'
import { renderTimings, timingsDocument } from '../../src/cli/views/timings.ts'
import { fakeTerminal } from './support/fake-terminal.ts'
import { plain } from './views/samples.ts'

const stack = ['-f', 'examples/iterators/pinfold.yaml', '--kernel', 'memory']

test('timings are a table on standard error, each part once and in order', async () => {
  expect(partsIn(await pinfold('plan', ...stack, '--timings'))).toEqual([
    ...['start', 'manifest', 'open kernel', 'kernel BTF', 'objects', 'link', 'read current', 'plan', 'other', 'all'],
  ])
  const applied = partsIn(await pinfold('apply', '--auto-approve', ...stack, '--timings'))
  const phases = ['apply: prepare', 'apply: switch', 'apply: publish', 'other', 'all']
  expect(applied.slice(8, 13)).toEqual(phases)
  expect(applied.slice(13).sort()).toEqual(['load program.count_threads', 'load program.list_prices'])
  const verified = partsIn(
    await pinfold('verify', 'examples/iterators/iterators.bpf.o', '--kernel', 'memory', '--timings'),
  )
  expect(verified).toContain('verify')
  expect(verified).toContain('load program.list_prices')
})

test('with --json they are a document of their own, the last one', async () => {
  const lines = (await pinfold('plan', '--json', ...stack, '--timings')).trim().split('\n')
  const { type, parts, total } = JSON.parse(lines.at(-1) ?? '')
  expect(type).toBe('timings')
  const sum = parts.reduce((all: number, { ms }: { ms: number }) => all + ms, 0)
  expect(Math.abs(sum - total)).toBeLessThan(0.001)
})

test('without the option nothing is said', async () => {
  expect(await pinfold('plan', ...stack)).not.toContain('timings')
})

test('a part within a part counts once', () => {
  const { terminal, printed } = fakeTerminal()
  {
    using timings = openTimings({ terminal, options: { timings: true, json: true } })
    timings.measure('outer', () => {
      timings.measure('inner', () => spin(20))
      spin(5)
    })
  }
  const parts = new Map(JSON.parse(printed()).parts.map(({ name, ms }: { name: string; ms: number }) => [name, ms]))
  expect(parts.get('inner')).toBeGreaterThanOrEqual(20)
  expect(parts.get('outer')).toBeGreaterThanOrEqual(5)
  expect([...parts.keys()]).toEqual(['start', 'inner', 'outer', 'other'])
})

test('the slowest programs come first, and ten at most', () => {
  const programs = Array.from({ length: 12 }, (_, index) => ({ name: `program.p${index}`, ms: index }))
  const view = {
    parts: [
      { name: 'start', ms: 50 },
      { name: 'link', ms: 1.25 },
    ],
    programs,
    total: 1260,
  }
  const lines = renderTimings(view, plain).split('\n')
  expect(lines.slice(0, 6)).toEqual([
    'timings',
    '  start              50 ms',
    '  link              1.3 ms',
    '  other              1.2 s',
    '  all                1.3 s',
    '  load program.p11   11 ms',
  ])
  expect(lines.slice(-2)).toEqual(['  and 2 programs that took less', ''])
  expect(timingsDocument(view)).toMatchObject({ type: 'timings', programs, total: 1260 })
})

function spin(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

const partsIn = (text: string): string[] =>
  [...text.matchAll(/^! {3}(\S.*?) +[\d.]+ m?s$/gm)].map(([, part = '']) => part)

async function pinfold(...words: string[]): Promise<string> {
  const { terminal, printed } = fakeTerminal()
  await main(words, terminal)
  return printed()
}
