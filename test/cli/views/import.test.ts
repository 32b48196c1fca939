import { expect, test } from 'vitest'
import { painter } from '../../../src/cli/terminal.ts'
import { renderFindings } from '../../../src/cli/views/findings.ts'
import { renderImportedManifest } from '../../../src/cli/views/imported-manifest.ts'
import type { ImportSurvey, ObjectFile, Value } from '../../../src/index.ts'

const file = { name: 'build/edge.bpf.o' } as ObjectFile

const survey: ImportSurvey = {
  objects: [
    {
      name: 'edge',
      file,
      globals: new Map<string, Value>([
        ['step', 5],
        ['limits', { low: 1, high: '0x00ff' }],
      ]),
    },
    { name: 'other', file, globals: new Map() },
  ],
  maps: [
    {
      name: 'handlers',
      type: 'prog_array',
      id: 1,
      slots: new Map([[0, 'parse'], [2, 'edge_parse'] as const]),
      unused: false,
    },
    { name: 'spare', type: 'prog_array', id: 2, slots: new Map(), unused: false },
    { name: 'flows', type: 'hash', id: 3, maxEntries: 65536, unused: false },
    { name: 'sessions', type: 'hash', id: 4, pinned: '/sys/fs/bpf/sessions', unused: false },
    { name: 'tables', type: 'array_of_maps', id: 5, inner: new Map([[0, 'first']]), unused: false },
    { name: 'first', type: 'array', id: 6, unused: true },
    { name: 'plain', type: 'array', id: 7, unused: false },
  ],
  programs: [
    { name: 'ingress', id: 1, section: 'xdp' },
    { name: 'edge_parse', id: 2, section: 'tc', object: 'edge', function: 'parse', type: 'xdp' },
  ],
  links: [
    { name: 'eth0', id: 1, program: 'ingress', attach: { kind: 'xdp', interface: 'eth0', mode: 'auto' } },
    { name: 'out', id: 2, program: 'watch', attach: { kind: 'tcx', interface: 'eth0.5', direction: 'egress' } },
    {
      name: 'web',
      id: 3,
      program: 'connect',
      attach: { kind: 'cgroup', path: '/sys/fs/cgroup/web', attachType: 'cgroup_inet_egress' },
    },
    { name: 'look', id: 4, program: 'lookup', attach: { kind: 'netns', path: '/run/netns/blue' } },
    { name: 'raw', id: 5, program: 'trace', attach: { kind: 'raw_tracepoint', name: 'sched_switch' } },
    { name: 'exec', id: 6, program: 'exec' },
    { name: 'walk', id: 7, program: 'walk', attach: { kind: 'iter', map: 'flows' } },
    { name: 'reno', id: 8, attach: { kind: 'struct_ops', map: 'reno' } },
  ],
  pins: new Map([['/sys/fs/bpf/old/flows', 'map.flows'] as const]),
  imports: new Map(),
  findings: [],
}

test('an imported manifest says what the objects do not, and no more', () => {
  const text = renderImportedManifest(survey, { stack: 'edge', files: new Map([['edge', 'edge.bpf.o']]) })
  expect(text.slice(text.indexOf('version:'))).toBe(`version: 1
name: edge

objects:
  edge:
    file: edge.bpf.o
    # As its loader set them.
    globals:
      step: 5
      limits: { low: 1, high: "0x00ff" }
  other:
    file: build/edge.bpf.o

# Maps that programs use are part of the stack without being listed; \`onChange:\` says what becomes of their entries.
maps:
  handlers:
    slots:
      0: parse
      2: edge_parse
  spare:
    slots: {} # empty, as it was found
  flows:
    maxEntries: 65536
  sessions:
    pinned: /sys/fs/bpf/sessions # of others: used and held, never changed
  tables:
    inner:
      0: first
  first: # array; no program uses it

programs:
  ingress: # SEC("xdp")
  edge_parse: { object: edge, function: parse, type: xdp } # SEC("tc")

links:
  eth0:
    program: ingress
    attach: { xdp: { interface: eth0 } }
  out:
    program: watch
    attach: { tcx: { interface: eth0.5, direction: egress } }
  web:
    program: connect
    attach: { cgroup: { path: /sys/fs/cgroup/web, type: cgroup_inet_egress } }
  look:
    program: lookup
    attach: { netns: { path: /run/netns/blue } }
  raw:
    program: trace
    attach: { rawTracepoint: sched_switch }
  exec:
    program: exec
  walk:
    program: walk
    attach: { iter: { map: flows } }
  reno:
    attach: { structOps: { map: reno } }

# Where others find these objects; each upgrade moves the pins on, and a destroy removes them. Take out those that nobody needs.
pins:
  /sys/fs/bpf/old/flows: map.flows
`)
})

const view = { stack: 'edge', out: 'pinfold.yaml', survey, text: '' }

test('what was found comes before the plan', () => {
  expect(renderFindings(view, painter(false))).toBe(`Found: 7 maps, 2 programs, 8 links that the objects declare.
The manifest will be written to pinfold.yaml; what is imported keeps running and keeps its pins.

`)
})

test('what stands in the way is all there is to say', () => {
  const findings = [
    { severity: 'warning', code: 'P185', summary: 'Pin left out', detail: 'map #9 (other) is used by none.' },
    {
      severity: 'error',
      code: 'P181',
      summary: 'Program that no object matches',
      detail: 'program #7 (x).',
      hint: 'name it',
    },
  ] as const
  expect(
    renderFindings({ ...view, survey: { ...survey, findings } }, painter(false)),
  ).toBe(`Found: 7 maps, 2 programs, 8 links that the objects declare.
warning P185 Pin left out: map #9 (other) is used by none.
error P181 Program that no object matches: program #7 (x).
  hint: name it
Nothing was changed, and no manifest was written.
`)
})
