import { expect, test } from 'vitest'
import { outcomeExitCode } from '../../src/cli/exit-codes.ts'
import { planExitCode } from '../../src/cli/plan-exit-code.ts'
import type { Diagnostic, Outcome } from '../../src/index.ts'
import { change, plan } from './views/samples.ts'

const diagnostic = (code: string, severity: Diagnostic['severity'] = 'error'): Diagnostic => ({
  severity,
  code,
  summary: 'x',
  detail: 'x',
})
const drifted = change('replace', 'link.eth0', { cause: 'drift' })

test.each([
  ['nothing to do', plan([change('keep', 'map.flows')]), 0],
  ['changes', plan([change('create', 'map.flows')]), 2],
  ['drift only', plan([change('keep', 'map.flows'), drifted]), 3],
  ['what drifted and was changed', plan([change('update', 'program.a', { cause: 'both' }), drifted]), 2],
  [
    'another mode of the tree',
    plan([change('keep', 'map.flows')], { ownership: 'manifest', steps: plan([drifted]).steps }),
    2,
  ],
  ['a mode that somebody changed', plan([], { ownership: 'drift', steps: plan([drifted]).steps }), 3],
  ['drift and a change', plan([change('update', 'program.a'), drifted]), 2],
  ['refused by onChange', plan([drifted], { diagnostics: [diagnostic('P102')] }), 4],
  ['another error', plan([drifted], { diagnostics: [diagnostic('P102'), diagnostic('P107')] }), 1],
  ['a warning changes nothing', plan([drifted], { diagnostics: [diagnostic('P103', 'warning')] }), 3],
])('a plan with %s', (_, shown, code) => {
  expect(planExitCode(shown)).toBe(code)
})

test.each([
  ['done', 0],
  ['nothing-changed', 1],
  ['stale', 5],
  ['rolled-back', 6],
  ['incomplete', 7],
  ['done-kept', 7],
] as const)('an apply that ended %s exits with %i', (result: Outcome['result'], code) => {
  expect(outcomeExitCode({ result, generation: 1, left: [], diagnostics: [] })).toBe(code)
})
