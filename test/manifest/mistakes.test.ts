import { expect, test } from 'vitest'
import { type ManifestCode, manifestCodes } from '../../src/manifest/codes.ts'
import type { ParseOptions } from '../../src/manifest/load.ts'
import { brief, complaints, edge, minimal } from './parse.ts'

interface Mistake {
  readonly name: string
  readonly text: string
  /** Codes and positions, in order. */
  readonly expected: readonly `${ManifestCode} ${number}:${number}`[]
  /** What the first complaint's hint must mention. */
  readonly hint?: string
  readonly options?: Partial<ParseOptions>
}

const link = (attach: string): string => edge(`links:\n  eth0: { program: ingress, attach: ${attach} }\n`)
const map = (keys: string): string => edge(`maps:\n  flows: ${keys}\n`)

const mistakes: readonly Mistake[] = [
  { name: 'a tab', text: minimal('maps:\n\tflows: {}\n'), expected: ['M001 4:1'], hint: 'spaces' },
  { name: 'an unclosed bracket', text: minimal('maps: { flows: {}\n'), expected: ['M001 4:1'], hint: 'close' },
  { name: 'keys out of line', text: minimal('maps:\n  a: {}\n   b: {}\n'), expected: ['M001 5:1'] },
  {
    name: 'two syntax errors',
    text: minimal('owner: { uid: "\\q" }\nmode: @5\n'),
    expected: ['M001 3:16', 'M001 4:7'],
  },
  {
    name: 'a bracket too many, and what the parser makes of the rest',
    text: minimal('owner: {}}\nmode: 5: 6\n'),
    expected: ['M001 3:10'],
    hint: 'quotes',
  },
  {
    name: 'a required key with another spelling',
    text: 'version: 1\nnmae: edge\n',
    expected: ['M010 2:1'],
    hint: '"name"',
  },
  { name: 'an unknown tag', text: minimal('mode: !octal "0750"\n'), expected: ['M001 3:7'] },
  {
    name: 'a variable without quotes in braces',
    text: link('{ xdp: { interface: ${IF} } }'),
    expected: ['M001 6:58'],
    hint: 'quotes',
  },
  {
    name: 'two owners of one pin: a key twice',
    text: edge('maps:\n  a: {}\n  b: {}\n  a: {}\n'),
    expected: ['M002 8:3'],
    hint: 'line 6',
  },
  {
    name: 'a key twice once variables are filled in',
    text: edge('vars: { M: a }\nmaps:\n  a: {}\n  ${M}: {}\n'),
    expected: ['M002 8:3'],
  },
  { name: 'one index in two notations', text: map('{ slots: { 1: ingress, 0x1: egress } }'), expected: ['M002 6:33'] },
  { name: 'two documents', text: minimal('---\nversion: 1\n'), expected: ['M003 3:1'] },
  { name: 'too much text', text: minimal(`# ${'x'.repeat(1 << 20)}\n`), expected: ['M004 1:1'] },
  { name: 'aliases that multiply', text: laughs(), expected: ['M004 1:1'] },
  { name: 'an alias without anchor', text: minimal('maps: *maps\n'), expected: ['M005 3:7'], hint: '&maps' },
  { name: 'an alias within its anchor', text: map('&m { entries: { 1: *m } }'), expected: ['M005 6:29'] },
  { name: 'a merge key without a mapping', text: map('{ <<: 5 }'), expected: ['M005 6:12'] },
  {
    name: 'an unset variable',
    text: edge('vars: { IFACE: eth0 }\nmode: "${IFACES}"\n'),
    expected: ['M006 6:8'],
    hint: '"IFACE"',
  },
  {
    name: 'an unset variable within text',
    text: edge('maps: { a: { pinned: "/x/${A}/${B}" } }\n'),
    expected: ['M006 5:26', 'M006 5:31'],
  },
  {
    name: 'a declared variable without default',
    text: edge('vars: { A: { description: what } }\nmode: ${A}\n'),
    expected: ['M006 6:7'],
  },
  { name: 'a variable with a bad name', text: edge('mode: ${A B}\n'), expected: ['M007 5:7'] },
  { name: 'a variable that does not end', text: edge('mode: "07${A"\n'), expected: ['M007 5:10'] },
  { name: 'a variable in a default', text: edge('vars:\n  A: ${B}\n'), expected: ['M007 6:6'] },
  {
    name: 'a --var that nothing uses',
    text: edge('vars: { IFACE: eth0 }\n'),
    options: { variables: { IFCE: 'eth1' } },
    expected: ['M008 5:1'],
    hint: '"IFACE"',
  },
  { name: 'an unknown key', text: minimal('program: {}\n'), expected: ['M010 3:1'], hint: '"programs"' },
  { name: 'an unknown key of a map', text: map('{ maxEntires: 5 }'), expected: ['M010 6:12'], hint: '"maxEntries"' },
  { name: 'an unknown hook', text: link('{ xpd: { interface: eth0 } }'), expected: ['M010 6:39'], hint: '"xdp"' },
  {
    name: 'an unknown key inside a hook',
    text: link('{ xdp: { interfaces: eth0 } }'),
    expected: ['M010 6:46'],
  },
  { name: 'a number as name', text: 'version: 1\nname: 5\n', expected: ['M011 2:7'], hint: '"5"' },
  {
    name: 'a hook as text',
    text: link('{ xdp: eth0 }'),
    expected: ['M011 6:44'],
    hint: '{ interface: eth0, mode: native }',
  },
  { name: 'a hook without links', text: link('{ kprobe: f }'), expected: ['M010 6:39'], hint: 'another tool' },
  {
    name: "a section's name as type",
    text: minimal('objects: { m: { file: a.o } }\nprograms: { a: { type: tc } }\n'),
    expected: ['M013 4:24'],
    hint: '"sched_cls"',
  },
  { name: 'text as number', text: map('{ maxEntries: many }'), expected: ['M011 6:24'] },
  { name: 'a list as programs', text: minimal('programs: [ingress]\n'), expected: ['M018 3:1', 'M011 3:11'] },
  { name: 'no mapping at all', text: 'hello', expected: ['M011 1:1'] },
  { name: 'an empty file', text: '', expected: ['M011 1:1'] },
  { name: 'no version and no name', text: 'maps: {}\n', expected: ['M012 1:1', 'M012 1:1'] },
  {
    name: 'a link without program',
    text: edge('links:\n  eth0: { attach: { netns: } }\n'),
    expected: ['M012 6:3'],
    hint: 'program',
  },
  { name: 'another version', text: 'version: 2\nname: edge\n', expected: ['M013 1:10'], hint: 'version 1' },
  { name: 'an unknown policy', text: map('{ onChange: replaces }'), expected: ['M013 6:22'], hint: '"replace"' },
  {
    name: 'an unknown type',
    text: minimal('objects: { m: { file: a } }\nprograms: { a: { type: xpd } }\n'),
    expected: ['M013 4:24'],
    hint: '"xdp"',
  },
  { name: 'a number too small', text: map('{ maxEntries: 0 }'), expected: ['M014 6:24'] },
  { name: 'a number beyond 2^53', text: map('{ maxEntries: 18446744073709551615 }'), expected: ['M014 6:24'] },
  { name: 'a mode open to others', text: minimal('mode: "0777"\n'), expected: ['M015 3:7'], hint: 'Octal' },
  { name: 'a relative pin', text: map('{ pinned: flows }'), expected: ['M015 6:20'] },
  {
    name: 'a tracepoint without category',
    text: link('{ tracepoint: sched_switch }'),
    expected: ['M015 6:51'],
    hint: 'category/name',
  },
  { name: 'a pin name with a dot', text: edge('maps:\n  .rodata: {}\n'), expected: ['M016 6:3'], hint: 'no dot' },
  { name: 'a stack named as a tree', text: 'version: 1\nname: live\n', expected: ['M016 2:7'] },
  { name: 'a stack name with a slash', text: 'version: 1\nname: a/b\n', expected: ['M016 2:7'] },
  { name: 'a name too long', text: edge(`maps:\n  ${'é'.repeat(128)}: {}\n`), expected: ['M016 6:3'] },
  { name: 'a variable name with a dash', text: minimal('vars: { a-b: 1 }\n'), expected: ['M016 3:9'] },
  {
    name: 'two hooks in one link',
    text: link('{ netns: {}, iter: {} }'),
    expected: ['M017 6:29'],
    hint: 'Exactly one hook',
  },
  { name: 'no hook in a link', text: link('{}'), expected: ['M017 6:29'] },
  { name: 'programs without object', text: minimal('programs: { a: {} }\n'), expected: ['M018 3:1'], hint: 'objects:' },
  { name: 'a list as key', text: map('{ entries: { [1]: 2 } }'), expected: ['M019 6:23'], hint: 'list' },
  {
    name: 'a link to an unknown program',
    text: edge('links:\n  eth0: { program: ingres }\n'),
    expected: ['M020 6:20'],
    hint: '"ingress"',
  },
  {
    name: 'a slot with an unknown program',
    text: map('{ slots: { 0: program.egres } }'),
    expected: ['M020 6:24'],
    hint: '"egress"',
  },
  { name: 'an unknown object', text: map('{ object: mian }'), expected: ['M021 6:20'], hint: '"main"' },
  {
    name: 'one foreign pin under two names',
    text: edge('maps:\n  a: { pinned: /x/m }\n  b: { pinned: /x//m }\n'),
    expected: ['M022 7:16'],
  },
  {
    name: 'a foreign map in the own tree',
    text: map('{ pinned: /sys/fs/bpf/edge/live/maps/x }'),
    expected: ['M022 6:20'],
  },
  {
    name: 'a foreign map in the own tree of another root',
    text: map('{ pinned: /run/bpf/edge/live/maps/x }'),
    options: { bpffs: '/run/bpf/' },
    expected: ['M022 6:20'],
  },
  {
    name: 'a pin elsewhere that is in the own tree',
    text: edge('pins:\n  /sys/fs/bpf/edge/live/maps/x: map.flows\n'),
    expected: ['M022 6:3'],
  },
  { name: 'a pin elsewhere with a dot', text: edge('pins:\n  /x/../m: map.flows\n'), expected: ['M015 6:3'] },
  { name: 'a pin elsewhere with a slash too many', text: edge('pins:\n  /x//m: map.flows\n'), expected: ['M015 6:3'] },
  { name: 'a pin elsewhere of no kind', text: edge('pins:\n  /x/m: flows\n'), expected: ['M015 6:9'] },
  {
    name: 'two owners of one pin elsewhere',
    text: edge('pins:\n  /x/m: map.flows\n  /x/m: map.calls\n'),
    expected: ['M002 7:3'],
  },
  {
    name: 'a pin elsewhere at the name beside another',
    text: edge('pins:\n  /x/m:next: map.flows\n'),
    expected: ['M016 6:3'],
  },
  {
    name: 'a move to another kind',
    text: edge('moved: [{ from: map.a, to: link.a }]\n'),
    expected: ['M028 5:28'],
    hint: 'map.',
  },
  {
    name: 'one object moved twice',
    text: edge('moved:\n  - { from: map.a, to: map.b }\n  - { from: map.b, to: map.c }\n'),
    expected: ['M028 7:13'],
  },
  { name: 'a move of no kind', text: edge('moved: [{ from: a, to: map.a }]\n'), expected: ['M015 5:17'] },
  { name: 'contents for a foreign map', text: map('{ pinned: /x/m, entries: { 1: 1 } }'), expected: ['M023 6:26'] },
  {
    name: 'a policy for a foreign map',
    text: map('{ pinned: /x/m, slots: {}, onSlotChange: replace }'),
    expected: ['M023 6:37'],
  },
  { name: 'slots and entries', text: map('{ slots: {}, entries: {} }'), expected: ['M023 6:23'] },
  { name: 'a negative index', text: map('{ slots: { -1: ingress } }'), expected: ['M024 6:21'] },
  {
    name: 'an index beyond the entries',
    text: map('{ maxEntries: 2, slots: { 2: ingress } }'),
    expected: ['M024 6:36'],
    hint: '3',
  },
  { name: 'an index beyond the kernel', text: map('{ slots: { 4294967296: ingress } }'), expected: ['M024 6:21'] },
  {
    name: 'offload',
    text: link('{ xdp: { interface: eth0, mode: offload } }'),
    expected: ['M025 6:69'],
    hint: 'native',
  },
  {
    name: 'two XDP links on one interface',
    text: edge(
      'links:\n  a: { program: ingress, attach: { xdp: { interface: e } } }\n  b: { program: egress, attach: { xdp: { interface: e } } }\n',
    ),
    expected: ['M026 7:53'],
  },
  {
    name: 'a map where a program is wanted',
    text: edge('links:\n  e: { program: map.ingress }\n'),
    expected: ['M027 6:17'],
  },
  { name: 'a program where a map is wanted', text: map('{ inner: { 0: program.ingress } }'), expected: ['M027 6:24'] },
  {
    name: 'an error that is silenced',
    text: minimal('silence:\n  - { code: P101, reason: it is said to be safe }\n'),
    expected: ['M243 4:13'],
    hint: 'P103',
  },
  {
    name: 'a silence that does not say why',
    text: minimal('silence:\n  - { code: P103, address: map.flows, reason: " fine  here" }\n'),
    expected: ['M244 4:47'],
  },
  { name: 'a link in place of an iterated map', text: link('{ iter: { map: link.x } }'), expected: ['M027 6:52'] },
]

test.each(mistakes)('$name is refused with code and position', ({ text, expected, hint = '', options }) => {
  const found = complaints(text, options)
  expect(found.map(brief)).toEqual(expected)
  expect(found[0]?.hint ?? '').toContain(hint)
})

test('text that is nested too deeply is refused, wherever the parser gave up', () => {
  expect(complaints(minimal(`maps: ${'['.repeat(20_000)}`)).map(({ code }) => code)).toEqual(['M004'])
})

test('every code is tested here, but unreadable files, which load.test.ts has', () => {
  const tested = new Set(mistakes.flatMap(({ expected }) => expected.map((each) => each.slice(0, 4))))
  expect([...tested, 'M009'].sort()).toEqual(Object.keys(manifestCodes).sort())
})

test('all mistakes of a manifest come at once, by position, whatever finds them', () => {
  const text = edge(
    'links:\n  a: { program: x, attach: { xdp: {} }, onReplac: gap }\nmode: ${M}\nmaps:\n  b: { onChange: no }\n',
  )
  expect(complaints(text).map(brief)).toEqual(['M020 6:17', 'M012 6:30', 'M010 6:41', 'M006 7:7', 'M013 9:18'])
})

test('a complaint about an object has its address and the summary of its code', () => {
  expect(complaints(map('{ maxEntries: 0 }'))).toMatchObject([
    { severity: 'error', code: 'M014', summary: manifestCodes.M014.summary, address: 'map.flows' },
  ])
})

test('a mistake behind an anchor is told once, where it stands', () => {
  expect(complaints(edge('maps:\n  a: &m { pin: 5 }\n  b: *m\n  c: { <<: *m }\n')).map(brief)).toEqual(['M011 6:16'])
})

test('a value that hangs on an unset variable is not complained about twice', () => {
  const text = edge('links:\n  a: { program: "${P}", attach: { xdp: { interface: e, mode: "${M}" } } }\n')
  expect(complaints(text).map(brief)).toEqual(['M006 6:18', 'M006 6:63'])
})

test('of a long value the beginning is repeated', () => {
  const [complaint] = complaints('y'.repeat(100_000))
  expect(complaint?.detail).toBe(`The manifest must be a mapping, but is "${'y'.repeat(80)}…".`)
})

function laughs(): string {
  const level = (name: string, of: string): string => `  ${name}: &${name} { entries: [${`${of}, `.repeat(20)}] }\n`
  return minimal(
    `maps:\n${level('a', '1')}${level('b', '*a')}${level('c', '*b')}${level('d', '*c')}${level('e', '*d')}`,
  )
}
