import { expect, test } from 'vitest'
import { inverse } from '../../src/apply/undo.ts'
import type { Operation, Phase } from '../../src/plan/step.ts'

const inPhase = (phase: Phase, operation: Operation) => inverse({ phase, ...operation })

test('what is made in the new tree is removed again', () => {
  expect(inPhase('prepare', { kind: 'make-directory', path: 'next' })).toEqual([
    { kind: 'remove-directory', path: 'next' },
  ])
  expect(inPhase('prepare', { kind: 'write-record', path: 'next/record' })).toEqual([
    { kind: 'unpin', path: 'next/record' },
  ])
  expect(
    inPhase('prepare', { kind: 'link-pin', target: 'live:map.flows', from: 'live/maps/flows', to: 'next/maps/flows' }),
  ).toEqual([{ kind: 'unpin', path: 'next/maps/flows' }])
  expect(inPhase('prepare', { kind: 'create-map', target: 'next:map.flows' })).toEqual([
    { kind: 'release', target: 'next:map.flows' },
  ])
})

test('a compare-and-set is taken back by the opposite one', () => {
  const entry = { kind: 'set-entry', target: 'live:map.allow', key: '0a' } as const
  expect(inPhase('switch', { ...entry, before: '01', after: '02' })).toEqual([{ ...entry, before: '02', after: '01' }])
  expect(inPhase('switch', { ...entry, after: '02' })).toEqual([{ ...entry, before: '02' }])
  const slot = { kind: 'replace-slot', array: 'live:map.calls', index: 3 } as const
  expect(inPhase('switch', { ...slot, before: '#7', after: 'next:program.v6' })).toEqual([
    { ...slot, before: 'next:program.v6', after: '#7' },
  ])
  const link = { kind: 'update-link', target: 'live:link.eth0' } as const
  expect(inPhase('switch', { ...link, program: 'next:program.in', expected: 'live:program.in' })).toEqual([
    { ...link, program: 'live:program.in', expected: 'next:program.in' },
  ])
})

test('the inverse of an inverse is the step', () => {
  const steps: Operation[] = [
    { kind: 'set-inner', outer: 'live:map.outer', index: 0, before: 'live:map.a', after: 'next:map.a' },
    { kind: 'exchange', a: 'next', b: 'live' },
    { kind: 'rename', from: 'next', to: 'live' },
  ]
  for (const step of steps) {
    const [back] = inPhase('publish', step)
    expect(back && inPhase('publish', back)).toEqual([step])
  }
})

test('a new link is detached and its id awaited; a detached one is attached and pinned again', () => {
  const created = { kind: 'create-link', target: 'next:link.eth0', program: 'next:program.in' } as const
  expect(inPhase('switch', created)).toMatchObject([{ kind: 'detach-link', target: 'next:link.eth0', paths: [] }])
  const attached = { kind: 'raw_tracepoint', name: 'sys_enter' } as const
  const detached = { kind: 'detach-link', target: 'live:link.raw', paths: ['live/links/raw'], program: '#9' } as const
  expect(inPhase('switch', { ...detached, attached })).toEqual([
    { kind: 'create-link', target: 'live:link.raw', program: '#9', attach: attached },
    { kind: 'pin', target: 'live:link.raw', path: 'live/links/raw' },
  ])
  expect(inPhase('switch', detached)).toEqual([])
})

test('retiring is never taken back', () => {
  expect(inPhase('retire', { kind: 'unpin', path: 'next/maps/flows', target: 'live:map.flows' })).toEqual([])
  expect(inPhase('retire', { kind: 'rename', from: 'next', to: 'gen-7' })).toEqual([])
})
