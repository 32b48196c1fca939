import { expect, test } from 'vitest'
import { checkupDocument, renderCheckup } from '../../../src/cli/views/checkup.ts'
import type { Checkup, Finding } from '../../../src/index.ts'
import type { MapId, ProgramId } from '../../../src/model/ids.ts'
import { nothing } from '../../support/builders.ts'
import { plain } from './samples.ts'

const used = { id: 41 as MapId, type: 'prog_array', name: 'calls' }
const checkup = {
  stacks: [nothing],
  graph: {
    roots: [],
    programs: new Map([[7, { maps: [41, 42] }]]),
    maps: new Map([
      [41, used],
      [42, { ...used, id: 42, type: 'hash' }],
      [43, { ...used, id: 43 }],
    ]),
  },
} as unknown as Checkup

const base = {
  severity: 'error',
  code: 'P501',
  summary: 'Array without a holder',
  detail: 'nobody holds #41.',
} as const
const findings: readonly Finding[] = [
  {
    ...base,
    stack: 'edge',
    repair: {
      kind: 'rescue',
      array: 41 as MapId,
      name: 'calls',
      path: '/sys/fs/bpf/edge/live/maps/calls',
      slots: { 0: 7 as ProgramId, 3: 8 as ProgramId },
    },
  },
  { ...base, severity: 'warning', stack: 'edge', hint: 'wait', repair: { kind: 'recover' } },
  {
    ...base,
    repair: { kind: 'rescue', array: 41 as MapId, name: 'calls', path: '/sys/fs/bpf/rescued/calls', slots: {} },
  },
  { ...base, address: 'map.calls' },
]

test('each finding with its stack, its hint and what --repair does about it', () => {
  expect(renderCheckup(checkup, findings, plain)).toBe(`\
pinfold doctor · 1 stack, 1 program array in use

edge · error P501 Array without a holder: nobody holds #41.
  hint: pinfold explain P501 says more
  repair: pin it at /sys/fs/bpf/edge/live/maps/calls and fill slot 0 with #7, 3 with #8
edge · warning P501 Array without a holder: nobody holds #41.
  hint: wait
  repair: what pinfold recover does
error P501 Array without a holder: nobody holds #41.
  hint: pinfold explain P501 says more
  repair: pin it at /sys/fs/bpf/rescued/calls
map.calls: error P501 Array without a holder: nobody holds #41.
  hint: pinfold explain P501 says more

4 findings. 3 repairs known: pinfold doctor --repair.
`)
})

test('nothing, and what only a person can do', () => {
  expect(renderCheckup(checkup, [], plain)).toBe('pinfold doctor · 1 stack, 1 program array in use\n\nNothing found.\n')
  expect(renderCheckup(checkup, [{ ...base, hint: 'look' }], plain)).toBe(`\
pinfold doctor · 1 stack, 1 program array in use

error P501 Array without a holder: nobody holds #41.
  hint: look

1 finding.
`)
})

test('the document counts the same and keeps the findings as they are', () => {
  expect(checkupDocument(checkup, findings)).toMatchObject({
    type: 'checkup',
    stacks: ['edge'],
    arraysInUse: 1,
    findings,
  })
})
