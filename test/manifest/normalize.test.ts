import { expect, test } from 'vitest'
import type { Manifest } from '../../src/manifest/manifest.ts'
import { edge, minimal, valid } from './parse.ts'

const manifest = (text: string): Manifest => valid(text).manifest

const design = `version: 1
name: edge                        # the stack; owns /sys/fs/bpf/edge
objects:
  main:
    file: edge.bpf.o
    globals: { sample_rate: 128 }
maps:
  flows:
    onChange: replace
  tail_calls:
    slots: { 1: parse_ipv6, 0: parse_ipv4 }
  allow:
    entries: { "10.0.0.0/8": 1 }
  sessions:
    pinned: /sys/fs/bpf/other/live/maps/sessions
programs:
  ingress: {}
  parse_ipv4:
  parse_ipv6: {}
links:
  eth0:
    program: ingress
    attach: { xdp: { interface: eth0, mode: native } }
pins:
  /sys/fs/bpf/tc/globals/flows: map.flows
moved:
  - { from: map.counters, to: map.flows }
`

const own = { owner: 'stack', onChange: 'refuse', onSlotChange: 'replace', pin: true }

test('the example of the design becomes plain data with every default in place', () => {
  expect(manifest(design)).toEqual({
    version: 1,
    name: 'edge',
    history: 1,
    drainSeconds: 1,
    objects: new Map([['main', { name: 'main', file: 'edge.bpf.o', globals: new Map([['sample_rate', 128]]) }]]),
    maps: new Map<string, unknown>([
      ['flows', { ...own, name: 'flows', onChange: 'replace' }],
      [
        'tail_calls',
        {
          ...own,
          name: 'tail_calls',
          slots: [
            [0, 'parse_ipv4'],
            [1, 'parse_ipv6'],
          ],
        },
      ],
      [
        'allow',
        {
          ...own,
          name: 'allow',
          entries: [{ key: '10.0.0.0/8', value: 1, path: ['maps', 'allow', 'entries', '10.0.0.0/8'] }],
        },
      ],
      ['sessions', { owner: 'foreign', name: 'sessions', pinned: '/sys/fs/bpf/other/live/maps/sessions' }],
    ]),
    programs: new Map(['ingress', 'parse_ipv4', 'parse_ipv6'].map((name) => [name, { name, function: name }])),
    links: new Map([
      [
        'eth0',
        {
          name: 'eth0',
          program: 'ingress',
          attach: { kind: 'xdp', interface: 'eth0', mode: 'native' },
          onReplace: 'overlap',
        },
      ],
    ]),
    pins: new Map([['/sys/fs/bpf/tc/globals/flows', 'map.flows']]),
    moved: [{ from: 'map.counters', to: 'map.flows' }],
    silence: [],
  })
})

test('empty sections are as good as absent ones', () => {
  expect(manifest(minimal('vars:\nobjects:\nmaps:\nprograms:\nlinks:\npins:\nmoved:\nsilence:\n'))).toEqual(
    manifest(minimal()),
  )
})

test('owner and mode become numbers', () => {
  expect(manifest(minimal('mode: "0750"\nowner: { gid: 1000 }\n')).ownership).toEqual({ mode: 0o750, gid: 1000 })
})

test('protection and silences stand as they are written', () => {
  const row = '{ code: P103, address: map.a, reason: it is learnt again soon }'
  const found = manifest(edge(`protect: false\nmaps:\n  a: { protect: true }\nsilence: [${row}]\n`))
  expect(found).toMatchObject({ protect: false, silence: [{ code: 'P103', address: 'map.a' }] })
  expect(found.maps.get('a')).toMatchObject({ protect: true })
  expect(manifest(minimal())).not.toHaveProperty('protect')
})

test('references are bare, whichever way they are written', () => {
  const text = edge(
    'maps:\n  a: { slots: { 0: program.ingress, 2: null } }\n  b: { inner: { 0: map.a } }\nlinks:\n  l: { program: program.egress }\n',
  )
  const { maps, links } = manifest(text)
  expect(maps.get('a')).toMatchObject({
    slots: [
      [0, 'ingress'],
      [2, undefined],
    ],
  })
  expect(maps.get('b')).toMatchObject({ inner: [[0, 'a']] })
  expect(links.get('l')).toEqual({ name: 'l', program: 'egress', onReplace: 'overlap' })
})

test('keys of entries keep their type, and both forms are one list with the place of each', () => {
  const { maps } = manifest(
    edge(
      'maps:\n  a: { entries: { 80: 1, "81": [1, { x: y }] } }\n  b: { entries: [{ key: { port: 80 }, value: 1 }] }\n',
    ),
  )
  expect(maps.get('a')).toMatchObject({
    entries: [
      { key: 80, value: 1, path: ['maps', 'a', 'entries', '80'] },
      { key: '81', value: [1, { x: 'y' }], path: ['maps', 'a', 'entries', '81'] },
    ],
  })
  expect(maps.get('b')).toMatchObject({ entries: [{ key: { port: 80 }, value: 1, path: ['maps', 'b', 'entries', 0] }] })
})

test('integers beyond 2^53 survive as bigints, all others are numbers', () => {
  const text = minimal(
    'objects: { m: { file: a, globals: { a: 18446744073709551615, b: 9007199254740991, c: -9223372036854775808, d: 0x10 } } }\n',
  )
  expect([...(manifest(text).objects.get('m')?.globals ?? [])]).toEqual([
    ['a', 18446744073709551615n],
    ['b', 9007199254740991],
    ['c', -9223372036854775808n],
    ['d', 16],
  ])
})

const attachments: readonly (readonly [text: string, expected: unknown])[] = [
  ['auto', undefined],
  ['{ xdp: { interface: e } }', { kind: 'xdp', interface: 'e', mode: 'auto' }],
  ['{ tcx: { interface: e, direction: egress } }', { kind: 'tcx', interface: 'e', direction: 'egress' }],
  ['{ cgroup: { path: /c } }', { kind: 'cgroup', path: '/c' }],
  [
    '{ cgroup: { path: /c, type: cgroup_inet4_bind } }',
    { kind: 'cgroup', path: '/c', attachType: 'cgroup_inet4_bind' },
  ],
  ['{ netns: }', { kind: 'netns', path: '/proc/self/ns/net' }],
  ['{ netns: { path: /n, type: sk_lookup } }', { kind: 'netns', path: '/n', attachType: 'sk_lookup' }],
  ['{ tracepoint: sched/sched_switch }', { kind: 'tracepoint', category: 'sched', name: 'sched_switch' }],
  [
    '{ tracepoint: { category: sched, name: sched_switch } }',
    { kind: 'tracepoint', category: 'sched', name: 'sched_switch' },
  ],
  ['{ rawTracepoint: sched_switch }', { kind: 'raw_tracepoint', name: 'sched_switch' }],
  ['{ rawTracepoint: { name: sched_switch } }', { kind: 'raw_tracepoint', name: 'sched_switch' }],
  ['{ iter: }', { kind: 'iter' }],
  ['{ iter: { map: map.flows } }', { kind: 'iter', map: 'flows' }],
]

test.each(attachments)('attach: %s', (text, expected) => {
  expect(manifest(edge(`links: { l: { program: ingress, attach: ${text} } }\n`)).links.get('l')?.attach).toEqual(
    expected,
  )
})

test('anchors and merge keys: own keys win, then the first that is merged', () => {
  const { maps } = manifest(
    edge(
      'maps:\n  a: &a { pin: false, maxEntries: 1 }\n  b: &b { maxEntries: 2, onChange: replace }\n  c: { <<: [*a, *b], pin: true }\n  d: *a\n',
    ),
  )
  expect(maps.get('c')).toEqual({ ...own, name: 'c', maxEntries: 1, onChange: 'replace' })
  expect(maps.get('d')).toMatchObject({ name: 'd', pin: false })
})

test('names that JavaScript objects have of themselves are names like any other', () => {
  const { programs } = manifest(
    minimal('objects: { m: { file: a } }\nprograms: { constructor: {}, __proto__: {}, toString: }\n'),
  )
  expect([...programs.keys()]).toEqual(['constructor', '__proto__', 'toString'])
})

test('positions: a scalar at its value, all else at its key, what is absent at the nearest there is', () => {
  const { at } = valid(design)
  const place = (...path: (string | number)[]): readonly number[] => [at(path).line, at(path).column]
  expect(place('maps', 'flows')).toEqual([8, 3])
  expect(place('maps', 'flows', 'onChange')).toEqual([9, 15])
  expect(place('maps', 'allow', 'entries', '10.0.0.0/8')).toEqual([13, 30])
  expect(place('programs', 'parse_ipv4')).toEqual([18, 3])
  expect(place('links', 'eth1', 'program')).toEqual([20, 1])
  expect(at(['maps', 'flows', 'onChange'], 'key')).toEqual({ file: 'pinfold.yaml', line: 9, column: 5 })
})

test('how a map is migrated is kept as it is written, and left out where nothing is', () => {
  const text =
    'version: 1\nname: a\nmaps:\n  b: { onChange: migrate, merge: sum, onLossy: truncate }\n  bss: { globals: carry }\n'
  const { maps } = manifest(text)
  expect(maps.get('b')).toEqual({ ...own, name: 'b', onChange: 'migrate', merge: 'sum', onLossy: 'truncate' })
  expect(maps.get('bss')).toEqual({ ...own, name: 'bss', globals: 'carry' })
})
