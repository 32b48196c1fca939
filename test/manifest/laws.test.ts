import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { parseManifest } from '../../src/manifest/load.ts'
import type {
  Manifest,
  ManifestAttach,
  ManifestLink,
  ManifestMap,
  ManifestProgram,
} from '../../src/manifest/manifest.ts'
import { parseScalar } from '../../src/manifest/scalar.ts'
import { valid } from './parse.ts'

const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/)
const integer = fc.oneof(fc.integer(), fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }))
const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    integer,
    fc.boolean(),
    fc.string().filter((text) => !text.includes('${')),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3 }),
  ),
})).value
const optional = { requiredKeys: [] as [] }
const contents = fc.oneof(
  fc.record({ slots: fc.dictionary(fc.nat(9).map(String), fc.constantFrom('ingress', 'program.egress', null)) }),
  fc.record({ entries: fc.oneof(fc.dictionary(name, value), fc.array(fc.record({ key: value, value }))) }),
  fc.record({ inner: fc.dictionary(fc.nat(9).map(String), name) }),
  fc.constant({}),
)
const policy = fc.record(
  {
    onChange: fc.constantFrom('refuse', 'replace'),
    onSlotChange: fc.constantFrom('replace', 'in-place'),
    pin: fc.boolean(),
    maxEntries: fc.integer({ min: 10, max: 4294967295 }),
  },
  optional,
)
const map = fc.oneof(
  fc.constant(null),
  fc.tuple(policy, contents).map(([a, b]) => ({ ...a, ...b })),
)
const attach = fc.constantFrom(
  'auto',
  { tcx: { interface: 'eth0', direction: 'ingress' } },
  { cgroup: { path: '/sys/fs/cgroup/a' } },
  { netns: null },
  { netns: { path: '/run/netns/a', type: 'sk_lookup' } },
  { tracepoint: 'sched/sched_switch' },
  { rawTracepoint: 'sched_switch' },
  { iter: { map: 'map.flows' } },
)
const link = fc.record(
  { program: fc.constantFrom('ingress', 'program.egress'), attach, onReplace: fc.constantFrom('overlap', 'gap') },
  { requiredKeys: ['program'] },
)
const source = fc.record(
  {
    version: fc.constant(1),
    name: name.filter((text) => text !== 'live' && text !== 'next'),
    mode: fc.constantFrom('0700', '755'),
    owner: fc.record({ uid: fc.nat(), gid: fc.nat() }),
    objects: fc.constant({ main: { file: 'a.bpf.o' } }),
    programs: fc.record({
      ingress: fc.constant(null),
      egress: fc.record(
        { function: name, type: fc.constantFrom('xdp', 'sched_cls'), sleepable: fc.boolean(), protect: fc.boolean() },
        optional,
      ),
    }),
    maps: fc.dictionary(name, map, { maxKeys: 4 }),
    links: fc.dictionary(name, link, { maxKeys: 3 }),
    protect: fc.boolean(),
    silence: fc.constant([{ code: 'P103', address: 'map.a', reason: 'it is learnt again' }]),
    pins: fc.dictionary(
      name.map((text) => `/x/${text}`),
      fc.constantFrom('map.a', 'program.ingress', 'link.l'),
      { maxKeys: 3 },
    ),
  },
  { requiredKeys: ['version', 'name', 'objects', 'programs'] },
)

test('a normal form, written out and read again, is the same', () => {
  fc.assert(
    fc.property(source, (written) => {
      const once = valid(stringify(written)).manifest
      const twice = valid(stringify(writeOut(once), { aliasDuplicateObjects: false })).manifest
      expect(withoutPaths(twice)).toEqual(withoutPaths(once))
    }),
  )
})

test('whatever the text, the result is a manifest or positioned complaints with codes', () => {
  const scrap = fc.constantFrom(
    'version: 1',
    'name: a',
    'maps:',
    '\n',
    '  ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    ': ',
    '${A}',
    '"',
    "'",
    '*a',
    '&a ',
    '<<: ',
    '? ',
    '|',
    '!x ',
    '---',
    '#',
    'slots',
    '0',
  )
  const text = fc.oneof(
    fc.string(),
    fc.array(scrap, { maxLength: 30 }).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(text, (each) => {
      const result = parseManifest(each, { file: 'x.yaml' })
      const complaints = result.kind === 'invalid' ? result.diagnostics : []
      expect(result.kind === 'valid' || complaints.length > 0).toBe(true)
      for (const { code, at } of complaints) {
        expect(code).toMatch(/^M0\d\d$/)
        expect(at?.line).toBeGreaterThan(0)
        expect(at?.column).toBeGreaterThan(0)
      }
    }),
    { numRuns: 1000 },
  )
})

test('a variable types its text as YAML types a scalar', () => {
  const text = fc.oneof(
    fc.stringMatching(/^[-+]?[0-9.eExob_a-fA-F]{1,8}$/),
    fc.constantFrom('~', 'null', 'true', 'False', '.inf', '-.INF', '.nan', 'yes', 'a', ''),
  )
  fc.assert(
    fc.property(text, (each) => {
      const written = valid(`version: 1\nname: a\nobjects: { m: { file: a, globals: { v: ${each} } } }\n`).manifest
      expect(parseScalar(each)).toEqual(written.objects.get('m')?.globals.get('v'))
    }),
    { numRuns: 1000 },
  )
})

/** A manifest in the long form, every default spelled out. */
function writeOut({ ownership, objects, maps, programs, links, ...rest }: Manifest): unknown {
  const { mode, ...owner } = ownership ?? {}
  return {
    ...rest,
    ...(mode === undefined ? {} : { mode: mode.toString(8) }),
    ...(Object.keys(owner).length === 0 ? {} : { owner }),
    objects: writeEach(objects, ({ name: _, globals, ...object }) => ({
      ...object,
      globals: Object.fromEntries(globals),
    })),
    maps: writeEach(maps, writeMap),
    programs: writeEach(programs, ({ name: _, ...program }: ManifestProgram) => program),
    links: writeEach(links, writeLink),
  }
}

const writeEach = <T>(items: ReadonlyMap<string, T>, write: (item: T) => unknown): unknown =>
  Object.fromEntries([...items].map(([key, item]) => [key, write(item)]))

function writeMap(map: ManifestMap): unknown {
  if (map.owner === 'foreign') return { pinned: map.pinned }
  const { owner: _, name: __, slots, entries, inner, ...policy } = map
  return {
    ...policy,
    ...(slots && { slots: Object.fromEntries(slots.map(([index, program]) => [index, program ?? null])) }),
    ...(entries && { entries: entries.map(({ key, value: each }) => ({ key, value: each })) }),
    ...(inner && { inner: Object.fromEntries(inner) }),
  }
}

function writeLink({ name: _, attach: target, ...link }: ManifestLink): unknown {
  return { ...link, ...(target && { attach: writeAttach(target) }) }
}

function writeAttach({ kind, ...target }: ManifestAttach): unknown {
  const { attachType, ...rest } = { attachType: undefined, ...target }
  return { [kind === 'raw_tracepoint' ? 'rawTracepoint' : kind]: { ...rest, ...(attachType && { type: attachType }) } }
}

/** Entries in both forms stand in different places. */
const withoutPaths = (manifest: Manifest): unknown => ({
  ...manifest,
  maps: [...manifest.maps.values()].map((map) =>
    map.owner === 'stack' && map.entries ? { ...map, entries: map.entries.map(({ path: _, ...entry }) => entry) } : map,
  ),
})
