import { describe, expect, test } from 'vitest'
import type { MapShape } from '../../src/model/map-spec.ts'
import type { MapState } from '../../src/model/state.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { judgeMigration } from '../../src/plan/migration.ts'
import type { Operation, Step } from '../../src/plan/step.ts'
import { applied, desired, link, map, program } from '../support/builders.ts'

const before = 'struct 8{packets:u32@0,state:u32@4}'

const flows = (value: string, change: Partial<MapState> = {}, shape: Partial<MapShape> = {}): MapState =>
  map('flows', {
    shape: { ...map('flows').shape, valueSize: Number(/\d+/.exec(value)?.[0]), ...shape },
    layout: { key: 'u32', value },
    onChange: 'migrate',
    ...change,
  })

const live = (change: Partial<MapState> = {}, shape: Partial<MapShape> = {}): MapState => flows(before, change, shape)

/** One program that uses the map, and its link. */
const around = (one: MapState) => [one, program('ingress', ['flows']), link('eth0', 'ingress')]

const plan = (from: MapState, to: MapState) => makePlan(applied(around(from)), desired(...around(to)))

const only = <K extends Operation['kind']>(steps: readonly Step[], kind: K): (Step & { readonly kind: K })[] =>
  steps.filter((step): step is Step & { readonly kind: K } => step.kind === kind)

describe('a map with another layout that is to be migrated', () => {
  const wider = flows('struct 16{packets:u64@0,state:u32@8,seen:u32@12}')

  test('is replaced without loss, and the change says by field what differs', () => {
    const { changes, diagnostics } = plan(live(), wider)
    expect(diagnostics).toEqual([])
    expect(changes[0]).toMatchObject({
      action: 'replace',
      verdict: 'atomic',
      migration: { merge: 'keep-new', from: { valueSize: 8 }, to: { valueSize: 16 } },
      because: [
        { attribute: 'valueSize', before: 8, after: 16 },
        { attribute: 'layout.value.packets', before: 'u32', after: 'u64' },
        { attribute: 'layout.value.seen', before: undefined, after: 'u32' },
      ],
    })
  })

  test('is copied before a link is switched, and merged before anything of the old generation goes', () => {
    const { steps, record } = plan(live(), wider)
    const kinds = steps.map((step) => step.kind)
    const [copied, merged] = [kinds.indexOf('snapshot-map'), kinds.indexOf('merge-map')]
    expect(steps[copied]).toMatchObject({ phase: 'prepare', source: 'live:map.flows', target: 'next:map.flows' })
    expect(kinds.indexOf('update-link')).toBeGreaterThan(copied)
    expect(merged).toBeGreaterThan(kinds.indexOf('exchange'))
    expect(kinds[merged - 1]).toBe('drain')
    expect(kinds.indexOf('rename')).toBeGreaterThan(merged)
    expect(record?.migrations).toMatchObject([{ map: 'flows', merge: 'keep-new' }])
    expect(only(steps, 'write-record').map(({ path, migrated = false }) => [path, migrated])).toEqual([
      ['next/record', false],
      ['live/record', true],
    ])
  })

  test('waits for links that run its old programs on until they are gone', () => {
    const raw = (version: number) => [
      program('trace', ['flows'], version),
      link('trace', 'trace', { target: { kind: 'raw_tracepoint', name: 'sys_enter' } }),
    ]
    const current = applied([...around(live()), ...raw(0)])
    const { steps } = makePlan(current, desired(...around(wider), ...raw(0)))
    const kinds = steps.map((step) => step.kind)
    expect(only(steps, 'detach-link').map((step) => step.target)).toEqual(['live:link.trace'])
    expect(kinds.indexOf('merge-map')).toBeGreaterThan(kinds.indexOf('detach-link'))
  })

  test('has its declared entries on top, and not those that are not declared any more', () => {
    const entries = (...keys: string[]) =>
      ({ kind: 'entries', entries: keys.map((key) => ({ key, value: '00'.repeat(16) })) }) as const
    const { steps } = plan(live({ contents: entries('01000000', '02000000') }), {
      ...wider,
      contents: entries('02000000'),
    })
    const written = only(steps, 'write-entries')[0]
    expect(written).toMatchObject({ without: ['01000000'], entries: [{ key: '02000000' }] })
    expect(steps.findIndex((step) => step.kind === 'snapshot-map')).toBeLessThan(written ? steps.indexOf(written) : -1)
  })

  test('that others use, too, is told with their names', () => {
    const current = applied(around(live()))
    const id = current.resources.get('map.flows')?.live?.id as never
    const programs = new Map([...current.graph.programs, [77 as never, { id: 77 as never, name: 'spy', maps: [id] }]])
    const { diagnostics } = makePlan({ ...current, graph: { ...current.graph, programs } }, desired(...around(wider)))
    expect(diagnostics).toMatchObject([
      { code: 'P131', severity: 'warning', detail: expect.stringContaining('#77 (spy)') },
    ])
  })
})

describe('a migration is refused, and says why', () => {
  const refusal = (from: MapState, to: MapState): string => {
    const { changes, diagnostics, steps } = plan(from, to)
    expect(changes[0]?.verdict).toBe('data loss')
    expect(diagnostics[0]).toMatchObject({ code: 'P130', severity: 'error' })
    expect(only(steps, 'snapshot-map')).toEqual([])
    return diagnostics[0]?.detail ?? ''
  }
  const wider = 'struct 16{packets:u64@0,state:u32@8}'
  const timed = 'struct 24{t:struct bpf_timer 16{a:u64[2]@0}@0,n:u64@16}'

  test.each<[string, MapState, MapState, string]>([
    [
      'a value that may not survive',
      flows(wider),
      live({}),
      'value: packets: u64 becomes u32, which may lose something',
    ],
    [
      'keys that could become one',
      live({ layout: { key: 'u32', value: before } }),
      flows(before, { layout: { key: 'u16', value: before } }, { keySize: 2 }),
      'key: it: u32 becomes u16',
    ],
    [
      'another meaning of the keys',
      live(),
      flows(before, {}, { type: 'array' }),
      'the entries of a map of type hash mean nothing in one of type array',
    ],
    [
      'a type without entries',
      live({}, { type: 'queue' }),
      flows(before, {}, { type: 'queue', maxEntries: 9 }),
      'maps of type queue have no entries that could be carried over',
    ],
    ['timers', flows(timed), flows(timed, {}, { maxEntries: 9 }), 'it holds a bpf_timer, which cannot be copied'],
    [
      'nothing to sum',
      live(),
      flows('struct 8{packets:u32@0,n:u32@4}', { merge: 'sum', layout: { key: 'u32', value: 'u8[8]' } }),
      'cannot become u8[8]',
    ],
    [
      'elements without a place',
      live({}, { type: 'array' }),
      flows(before, {}, { type: 'array', maxEntries: 9 }),
      'elements 9 to 1023 have no place in it',
    ],
    ['no pin', live({ pinned: false }), flows(wider, { pinned: false }), 'it is not pinned'],
  ])('for %s', (_, from, to, why) => {
    expect(refusal(from, to)).toContain(why)
  })

  test('for too little room, but not of an LRU map, which makes some', () => {
    const full = (type: 'hash' | 'lru_hash') =>
      live({ live: { id: 1 as never, pins: ['live/maps/flows'], entries: 10 } }, { type })
    const small = (type: 'hash' | 'lru_hash') => flows(before, {}, { type, maxEntries: 9 })
    expect(judgeMigration(full('hash'), small('hash'))).toEqual({
      refusals: ['it holds 10 entries, and the new map has room for 9'],
    })
    expect(judgeMigration(full('lru_hash'), small('lru_hash'))).toHaveProperty('migration')
  })

  test('unless what is lost may be', () => {
    const { diagnostics, changes } = plan(flows(wider), live({ onLossy: 'truncate' }))
    expect(diagnostics).toEqual([])
    expect(changes[0]?.migration).toMatchObject({ onLossy: 'truncate' })
  })
})

describe('variables of a data section', () => {
  const section = (variables: string, change: Partial<MapState> = {}): MapState => {
    const valueSize = 8 * variables.split(',').length
    return map('flows', {
      shape: { ...map('flows').shape, type: 'array', maxEntries: 1, valueSize },
      layout: { value: `section ${valueSize}{${variables}}` },
      contents: { kind: 'data', initial: '01'.repeat(valueSize), frozen: false },
      ...change,
    })
  }

  test('start anew unless the manifest carries them, which the warning says', () => {
    const { diagnostics } = plan(section('a:u64@0'), section('a:u64@0,b:u64@8'))
    expect(diagnostics).toMatchObject([{ code: 'P103', hint: expect.stringContaining('globals: carry') }])
  })

  test('are carried into a section that starts with its initial bytes', () => {
    const { diagnostics, steps } = plan(section('a:u64@0'), section('b:u64@0,a:u64@8', { globals: 'carry' }))
    expect(diagnostics).toEqual([])
    expect(steps.findIndex((step) => step.kind === 'write-data')).toBeLessThan(
      steps.findIndex((step) => step.kind === 'snapshot-map'),
    )
    expect(only(steps, 'snapshot-map')[0]?.migration.base).toBe('01'.repeat(16))
  })

  test('that are read-only are what the manifest says', () => {
    const frozen = (variables: string): MapState => {
      const one = section(variables, { globals: 'carry' })
      return { ...one, contents: { ...one.contents, frozen: true } as MapState['contents'] }
    }
    expect(plan(frozen('a:u64@0'), frozen('a:u64@0,b:u64@8')).changes[0]).not.toHaveProperty('migration')
  })
})

test('an LRU map, and per-CPU counts, are migrated as well as can be, which is said', () => {
  const types = [
    [{ type: 'lru_hash' }, {}],
    [{ type: 'percpu_hash' }, { merge: 'sum' }],
  ] as const
  for (const [shape, policy] of types) {
    const { diagnostics } = plan(live({}, shape), live(policy, { ...shape, maxEntries: 2048 }))
    expect(diagnostics).toMatchObject([{ code: 'P132', severity: 'warning' }])
  }
})
