import { expect, test } from 'vitest'
import { renderEvent, renderRunning } from '../../../src/cli/views/progress.ts'
import type { Step } from '../../../src/index.ts'
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
  [
    { type: 'migrated', map: 'map.flows', copied: 1204, merged: 12, conflicting: 1, dropped: 0 } as const,
    '  map.flows: 1,204 entries copied, 12 merged, 1 conflicting, 0 dropped',
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
