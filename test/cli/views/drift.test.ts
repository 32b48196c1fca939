import { expect, test } from 'vitest'
import { type DriftReport, driftDocument, renderDrift } from '../../../src/cli/views/drift.ts'
import type { CurrentState } from '../../../src/index.ts'
import { linux, plain } from './samples.ts'

const current: CurrentState = {
  stack: 'edge',
  generation: 7,
  resources: new Map(),
  directory: '/sys/fs/bpf/edge',
  record: undefined,
  trees: [],
  graph: { roots: [], programs: new Map(), maps: new Map() },
}

const theirs = { kind: 'program', id: 99, name: 'theirs' } as const
const loaded = { object: theirs, uid: 1000, loaded: '2026-11-26T12:31:02Z' }
const report: DriftReport = {
  current,
  identity: linux,
  exitCode: 3,
  drift: [
    {
      kind: 'ownership',
      path: '',
      because: [{ attribute: 'mode', before: '0700', after: '0755' }],
      by: [{ path: '/sys/fs/bpf/edge', uid: 0, changed: '2026-11-26T12:30:00Z' }],
    },
    {
      kind: 'contents',
      address: 'map.tail_calls',
      path: 'live/maps/tail_calls',
      because: [
        { attribute: 'slots.0', before: 'program.parse_ipv4', after: undefined },
        { attribute: 'slots.1', before: 'program.parse_ipv6', after: '#99' },
      ],
      by: [
        {
          object: { kind: 'map', id: 12, name: 'tail_calls' },
          holders: [{ process: 4711, name: 'agent' }, { process: 5 }],
        },
        loaded,
      ],
    },
    {
      kind: 'lost',
      address: 'map.flows',
      path: '/sys/fs/bpf/tc/flows',
      because: [],
      // Nothing but its number is known of it: no line.
      by: [{ object: { kind: 'map', id: 13, name: 'flows' } }, { path: '/sys/fs/bpf/tc', uid: 0 }],
    },
    {
      kind: 'replaced',
      address: 'program.ingress',
      path: 'live/programs/ingress',
      because: [{ attribute: 'tag', before: undefined, after: '614b434cd8324ecc' }],
      by: [loaded],
    },
    {
      kind: 'replaced',
      address: 'map.hosts',
      path: 'live/maps/hosts',
      because: [{ attribute: 'pin', before: '#14', after: '#41' }],
      by: [],
    },
    {
      kind: 'switched',
      address: 'link.eth0',
      path: 'live/links/eth0',
      because: [{ attribute: 'program', before: 'program.ingress', after: '#99' }],
      by: [],
    },
    { kind: 'detached', address: 'link.eth1', path: 'live/links/eth1', because: [{ attribute: 'severed' }], by: [] },
    {
      kind: 'foreign',
      path: 'live/maps/more',
      because: [{ attribute: 'pin', before: undefined, after: 'map #42 (more)' }],
      by: [],
    },
  ],
}

test('each difference is told with what the kernel tells of who did it', () => {
  expect(renderDrift(report, plain)).toBe(
    `pinfold drift · edge · kernel 6.18 · generation 7

  directory         mode: 0700 -> 0755
                      /sys/fs/bpf/edge, of user 0, changed 2026-11-26T12:30:00Z
  map.tail_calls    slot 0: program.parse_ipv4 -> nothing
                    slot 1: program.parse_ipv6 -> #99
                      map #12 (tail_calls), open in agent (4711), process 5
                      program #99 (theirs), loaded 2026-11-26T12:31:02Z by user 1000
  map.flows         its pin was removed (/sys/fs/bpf/tc/flows)
                      /sys/fs/bpf/tc, of user 0
  program.ingress   something else is in its place: a program with the tag 614b434cd8324ecc
                      program #99 (theirs), loaded 2026-11-26T12:31:02Z by user 1000
  map.hosts         something else is in its place: #41, not #14
  link.eth0         runs: program.ingress -> #99
  link.eth1         it is attached to nothing any more
  live/maps/more    not made by pinfold: map #42 (more)

Drift: 8 differences from what was last applied. The next apply puts it back, but for what pinfold did not make.
`,
  )
})

test('a report as a document has all of it', () => {
  const [first] = report.drift
  expect(driftDocument({ ...report, drift: first ? [first] : [] })).toEqual({
    type: 'drift',
    version: 1,
    stack: 'edge',
    directory: '/sys/fs/bpf/edge',
    generation: 7,
    kernel: { kind: 'linux', release: '6.18.44-amd64' },
    drift: [first],
    exitCode: 3,
  })
})

test('without drift it says so', () => {
  expect(renderDrift({ ...report, drift: [] }, plain)).toBe(
    'pinfold drift · edge · kernel 6.18 · generation 7\n\nNo drift: all is as pinfold last applied it.\n',
  )
  expect(renderDrift({ ...report, current: { ...current, generation: 0 }, drift: [] }, plain)).toBe(
    'pinfold drift · edge · kernel 6.18 · generation 0\n\nNo drift: nothing was applied.\n',
  )
})

test('of a lost record nothing is said but that', () => {
  const lost = { kind: 'unknown', path: 'live', because: [], by: [] } as const
  const moved = {
    kind: 'moved',
    path: '/sys/fs/bpf/other',
    because: [{ attribute: 'stack', before: 'edge', after: 'other' }],
    by: [],
  } as const
  expect(renderDrift({ ...report, drift: [moved, lost] }, plain)).toBe(
    `pinfold drift · edge · kernel 6.18 · generation 7

  /sys/fs/bpf/other   the directory of edge is called other now
  live                the record is lost: what was changed, and whether, is not known

Drift: 2 differences from what was last applied. An apply does not touch that.
`,
  )
})
