import { expect, test } from 'vitest'
import { planDryRun } from '../../src/plan/dry-run.ts'
import { array, desired, link, map, program } from '../support/builders.ts'

const whole = desired(
  map('flows'),
  array('jumps', { 0: 'v4' }),
  program('ingress', ['jumps', 'flows']),
  program('v4', ['flows']),
  link('eth0', 'ingress'),
)

test('a dry run makes maps and loads programs, and nothing else', () => {
  const { plan } = planDryRun(whole)
  expect(plan.steps.map((step) => ('target' in step ? `${step.kind} ${step.target}` : step.kind))).toEqual([
    'create-map next:map.flows',
    'create-map next:map.jumps',
    'load-program next:program.ingress',
    'load-program next:program.v4',
  ])
})

test("somebody else's map is neither opened nor filled: one of its shape is made", () => {
  const foreign = array('theirs', { 1: 'v4' }, { owner: 'foreign', foreignPath: '/sys/fs/bpf/theirs' })
  const { plan, desired: alone } = planDryRun(desired(foreign, program('v4', ['theirs'])))
  expect(plan.steps.map(({ kind }) => kind)).toEqual(['create-map', 'load-program'])
  expect(alone.resources.get('map.theirs')).toMatchObject({ owner: 'stack', contents: { kind: 'runtime' } })
})

test('a map that an apply would refuse to leave unpinned is verified all the same', () => {
  const unheld = array('jumps', { 0: 'v4' }, { pinned: false })
  expect(planDryRun(desired(unheld, program('v4', []))).plan.steps).toHaveLength(2)
})
