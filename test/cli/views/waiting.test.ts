import { expect, test } from 'vitest'
import { renderAwaiting, renderUnconfirmed, unconfirmedDocument } from '../../../src/cli/views/confirmation.ts'
import { renderPlanning, renderSaved } from '../../../src/cli/views/planning.ts'
import { renderRecovery } from '../../../src/cli/views/recovery.ts'
import { document, linux, plain, plan } from './samples.ts'

const waiting = { generation: 8, former: 7, left: 12_300 }

test('what awaits confirmation says how long, and how it is kept or taken back', () => {
  expect(renderAwaiting('edge', waiting)).toBe(
    'Generation 8 awaits confirmation, 13 s left. Keep it: pinfold confirm edge. Take it back: Ctrl-C.',
  )
  expect(renderUnconfirmed('edge', waiting)).toBe(
    'Generation 8 awaits confirmation for 13 s more: pinfold confirm edge keeps it; otherwise the time will take it back to generation 7.\n',
  )
  expect(renderUnconfirmed('edge', { ...waiting, former: 0 })).toBe(
    'Generation 8 awaits confirmation for 13 s more: pinfold confirm edge keeps it; otherwise the time will remove edge, which was not there before.\n',
  )
})

test('what was not confirmed in time says who takes it back', () => {
  expect(renderUnconfirmed('edge', { ...waiting, left: 0 })).toBe(
    'Generation 8 was not confirmed in time: pinfold apply will first take it back to generation 7; pinfold recover edge does nothing else.\n',
  )
})

test('the document says by its type whether the time is up', () => {
  const [before, after] = [waiting, { ...waiting, left: 0 }].map((it) => unconfirmedDocument('edge', it))
  expect(before).toMatchObject({ type: 'awaiting-confirmation', stack: 'edge', ...waiting })
  expect(after).toMatchObject({ type: 'unconfirmed', stack: 'edge', ...waiting, left: 0 })
})

const leftovers = [
  { todo: 'discard', tree: 'next', generation: 8, pins: 12 },
  { todo: 'retire', tree: 'gen-6', generation: 6, pins: 1 },
  { todo: 'clean', tree: 'live:old', generation: 0, pins: 0 },
] as const

const recovery = `\
An interrupted run was found:
├─ next      generation 8, 12 pins; no link runs it: it will be removed
├─ gen-6     generation 6, 1 pin; its time is over: what it need not keep will be removed
└─ live:old  no record, 0 pins; a record or copies of entries that have served their time: they will be removed
pinfold apply does that first; pinfold recover edge does nothing else.
`

test('what a crash left is told tree by tree, with what is done about it', () => {
  expect(renderRecovery({ stack: 'edge', leftovers }, plain)).toBe(recovery)
})

test.each([
  ['destroy', 'an interrupted destroy: it will be finished'],
  ['publish', 'every link runs it already: it will be published'],
  ['switch-back', 'some links run it already: they will be switched back, then it will be removed'],
  ['merge', 'what was written into its migrated maps last will be carried over, then what it need not keep removed'],
] as const)('a leftover to %s', (todo, phrase) => {
  const [, line] = renderRecovery({ stack: 'edge', leftovers: [{ ...leftovers[0], todo }] }, plain).split('\n')
  expect(line).toBe(`└─ next  generation 8, 12 pins; ${phrase}`)
})

test('what stands before a plan is told first', () => {
  const nothing = plan([], { generation: { from: 8, to: 8 } })
  const planning = { plan: nothing, recovery: { stack: 'edge', leftovers }, unconfirmed: { ...waiting, left: 0 } }
  expect(renderPlanning(planning, { identity: linux, paint: plain })).toBe(`\
${recovery}
Generation 8 was not confirmed in time: pinfold apply will first take it back to generation 7; pinfold recover edge does nothing else.

pinfold plan · edge · kernel 6.18 · generation 8

No changes.
`)
})

test('a saved plan says what it is good for', () => {
  const fine = document(plan([]))
  expect(renderSaved('plan.json', fine)).toBe(
    '\nSaved as plan.json: pinfold apply plan.json does exactly that, once.\n',
  )
  const error = { severity: 'error', code: 'P102', summary: 'no', detail: 'No.' } as const
  expect(renderSaved('plan.json', { ...fine, diagnostics: [error] })).toBe(
    '\nSaved as plan.json, but not to be applied: what stands above forbids it.\n',
  )
  expect(renderSaved('plan.json', { ...fine, unconfirmed: { ...waiting, left: 0 } })).toBe(
    '\nSaved as plan.json, but not to be applied: pinfold recover edge or confirm comes first, then another plan.\n',
  )
})
