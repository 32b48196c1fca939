import { expect, test } from 'vitest'
import { type OutcomeView, renderOutcome } from '../../../src/cli/views/outcome.ts'
import type { Outcome, Plan, Step } from '../../../src/index.ts'
import { plain } from './samples.ts'

const problem = { code: 'K100', message: 'cannot load program.ingress: the verifier rejected it', hint: 'look' }

const steps: readonly Step[] = [
  { phase: 'prepare', kind: 'make-directory', path: 'next' },
  { phase: 'prepare', kind: 'load-program', target: 'next:program.ingress' },
  {
    phase: 'switch',
    kind: 'update-link',
    target: 'live:link.eth0',
    program: 'next:program.ingress',
    expected: 'live:program.ingress',
  },
  { phase: 'publish', kind: 'exchange', a: 'next', b: 'live' },
  { phase: 'retire', kind: 'unpin', path: 'gen-7/links/eth0' },
  { phase: 'retire', kind: 'drain' },
  { phase: 'retire', kind: 'unpin', path: 'gen-7/maps/jmp' },
]
const account = { done: [], undone: [], failed: [], left: [] }

const render = (outcome: Partial<Outcome>, plan: Partial<Plan> = {}, view: Partial<OutcomeView> = {}): string =>
  renderOutcome(
    { result: 'done', generation: 8, left: [], diagnostics: [], ...outcome },
    {
      plan: {
        action: 'apply',
        stack: 'edge',
        generation: { from: 7, to: plan.action === 'destroy' ? 0 : 8 },
        steps,
        ...plan,
      },
      duration: 1520,
      paint: plain,
      ...view,
    },
  )

test.each([
  ['apply', 'Applied edge, generation 8: 7 steps in 1.5 s.\n'],
  ['rollback', 'Rolled back edge, generation 8: 7 steps in 1.5 s.\n'],
  ['recover', 'Recovered edge, generation 8: 7 steps in 1.5 s.\n'],
  ['destroy', 'Destroyed edge: 7 steps in 1.5 s.\n'],
] as const)('%s ends in one line where all is done', (action, text) => {
  expect(render({}, { action })).toBe(text)
})

test('a destroy that keeps something says so', () => {
  expect(render({}, { action: 'destroy', generation: { from: 7, to: 8 } })).toBe(
    'Destroyed edge, but for what is kept: 7 steps in 1.5 s.\n',
  )
})

test('where nothing live was touched the problem is all there is to say', () => {
  expect(render({ result: 'nothing-changed', problem, account: { ...account, undone: [0], failed: [1] } })).toBe(
    'error K100: cannot load program.ingress: the verifier rejected it\n  hint: look\nNothing was changed.\n',
  )
  expect(render({ result: 'stale' })).toBe('The live state changed meanwhile; everything was undone. Plan again.\n')
})

test('what was undone after a failed switch is listed, with the command to try again', () => {
  const ended = { ...account, undone: [0, 1, 2], failed: [3] }
  expect(render({ result: 'rolled-back', generation: 7, account: ended, finish: 'apply' })).toBe(
    `Everything was undone: edge is as it was, generation 7.
  undone  2 steps that prepared the new generation
  undone  switch link.eth0 to program.ingress
  failed  exchange next and live
To try again: pinfold apply
`,
  )
})

test('a saved plan is not tried again', () => {
  const undone = { result: 'rolled-back', generation: 7, account, finish: 'apply' } as const
  expect(render(undone, {}, { isSaved: true })).toMatch(/\nTo try again: save another plan, this one is used\n$/)
  const between = { ...undone, result: 'incomplete', finish: 'recover' } as const
  expect(render(between, {}, { isSaved: true })).toMatch(/\nTo finish: pinfold recover edge\n$/)
})

test('a first apply that was undone leaves no stack', () => {
  expect(render({ result: 'rolled-back', generation: 0 })).toBe(
    'Everything was undone: there is no stack edge, as before.\n',
  )
})

test('what could not be undone is left, and recover finishes it', () => {
  const ended = { ...account, done: [0, 1], failed: [3], left: [2] }
  const left = ['cannot switch link.eth0 to program.ingress: broken', 'next is kept']
  expect(render({ result: 'incomplete', generation: 7, account: ended, left, finish: 'recover' })).toBe(
    `Not finished: edge is between two states.
  done    2 steps that prepared the new generation
  failed  exchange next and live
  left    cannot switch link.eth0 to program.ingress: broken
  left    next is kept
To finish: pinfold recover edge
`,
  )
})

test('what others still use is left, and who removes it later is said', () => {
  const ended = { ...account, done: [0, 1, 2, 3, 4, 5], left: [6] }
  const left = ['cannot remove map.jmp at gen-7/maps/jmp: still used by program #5']
  expect(render({ result: 'done-kept', account: ended, left, finish: 'recover' })).toBe(
    `Applied edge, but something is still used by others and was kept: 7 steps in 1.5 s.
  done    2 steps that prepared the new generation
  done    switch link.eth0 to program.ingress
  done    exchange next and live
  done    2 steps that removed old objects
  left    cannot remove map.jmp at gen-7/maps/jmp: still used by program #5
Once it is free: pinfold recover edge
`,
  )
})

test('a destroy is finished by destroy', () => {
  const text = render({ result: 'incomplete', left: ['x'], finish: 'destroy' }, { action: 'destroy' })
  expect(text).toBe('Not finished: edge is between two states.\n  left    x\nTo finish: pinfold destroy edge\n')
})
