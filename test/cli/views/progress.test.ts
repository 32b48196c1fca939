import { expect, test } from 'vitest'
import { renderEvent, renderOutcome, renderRunning } from '../../../src/cli/views/progress.ts'
import type { Outcome, Step } from '../../../src/index.ts'
import { plain } from './samples.ts'

const step: Step = { phase: 'prepare', kind: 'load-program', target: 'next:program.ingress' }
const problem = { code: 'K100', message: 'cannot load program.ingress: the verifier rejected it', hint: 'look' }

test.each([
  [{ type: 'step-finished', index: 4, step, ms: 12 } as const, '  [ 5/12] load program.ingress'],
  [{ type: 'step-failed', index: 4, step, problem } as const, '  [ 5/12] load program.ingress: failed'],
  [
    { type: 'step-left-out', index: 9, step, because: 'others use it' } as const,
    '  [10/12] load program.ingress: left out, others use it',
  ],
  [{ type: 'undone', operation: { kind: 'unpin', path: 'next/record' } } as const, '  undo    unpin next/record'],
  [
    { type: 'undo-failed', operation: { kind: 'unpin', path: 'next/record' }, problem } as const,
    '  undo    unpin next/record: failed, cannot load program.ingress: the verifier rejected it',
  ],
  [{ type: 'started', stack: 'edge', action: 'apply', steps: 12 } as const, undefined],
])('event %#', (event, line) => {
  expect(renderEvent(event, 12, plain)).toBe(line)
})

test('what runs now is said with the same words', () => {
  expect(renderRunning({ type: 'step-started', index: 4, step }, 12)).toBe('  [ 5/12] load program.ingress …')
})

const view = { action: 'apply', stack: 'edge', steps: 24, duration: 1520, paint: plain } as const
const outcome = (result: Outcome['result'], other: Partial<Outcome> = {}): Outcome => ({
  result,
  generation: 8,
  left: [],
  diagnostics: [],
  ...other,
})

test.each([
  [outcome('done'), 'Applied edge, generation 8: 24 steps in 1.5 s.\n'],
  [
    outcome('done-kept', { left: ['gen-7/maps/jmp is kept'] }),
    'Applied edge, but something is still used by others and was kept: 24 steps in 1.5 s.\n  left: gen-7/maps/jmp is kept\n',
  ],
  [
    outcome('nothing-changed', { problem }),
    'error K100: cannot load program.ingress: the verifier rejected it\n  hint: look\nNothing was changed.\n',
  ],
  [outcome('stale'), 'The live state changed meanwhile; everything was undone. Plan again.\n'],
  [outcome('rolled-back', { generation: 7 }), 'Rolled back: edge is as it was, generation 7.\n'],
  [outcome('incomplete'), 'Not finished: edge is between two states. Run pinfold apply again.\n'],
])('outcome %#', (ended, text) => {
  expect(renderOutcome(ended, view)).toBe(text)
})

test('a destroy has no generation afterwards', () => {
  expect(renderOutcome(outcome('done'), { ...view, action: 'destroy', duration: 12.3 })).toBe(
    'Destroyed edge: 24 steps in 13 ms.\n',
  )
})
