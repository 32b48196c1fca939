import { describe, expect, test } from 'vitest'
import type { Address } from '../../src/model/address.ts'
import type { StackRecord } from '../../src/model/record.ts'
import type { CurrentState, LinkState, MapState, ProgramState, Resource, Tree, TreePin } from '../../src/model/state.ts'
import type { Drift } from '../../src/plan/drift.ts'
import { findDrift } from '../../src/plan/drift.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { makeRecord } from '../../src/plan/make-record.ts'
import { applied, array, desired, link, map, nothing, program } from '../support/builders.ts'

const edge = (): Resource[] => [
  map('flows', { contents: { kind: 'entries', entries: [{ key: '01000000', value: '0500000000000000' }] } }),
  array('tail_calls', { 0: 'ipv4', 1: 'ipv6' }),
  program('ingress', ['tail_calls', 'flows']),
  program('ipv4'),
  program('ipv6'),
  link('eth0', 'ingress'),
]

/** The stack as it was applied, its record with it. */
function published(change: Partial<StackRecord> = {}): CurrentState {
  const whole = applied(edge())
  const record = { ...makeRecord(desired(...edge()), 7), ...change }
  return { ...whole, record, trees: whole.trees.map((tree) => ({ ...tree, record })) }
}

/** The same after somebody did something to one object; undefined: its pin is gone. */
function altered<R extends Resource>(address: Address, change: (it: R) => Resource | undefined): CurrentState {
  const whole = published()
  const resources = new Map(whole.resources)
  const changed = change(resources.get(address) as R)
  if (changed) resources.set(address, changed)
  else resources.delete(address)
  return { ...whole, resources }
}

const slots = (held: Readonly<Record<number, string>>): MapState['contents'] => ({
  kind: 'slots',
  slots: new Map(Object.entries(held).map(([index, it]) => [Number(index), it as `#${number}`])),
})

const replacedProgram = altered<ProgramState>('program.ipv6', (it) => ({
  ...it,
  live: { id: 99 as never, pins: it.live?.pins ?? [], tag: 'bb', asRecorded: false },
}))

const pinned = (whole: CurrentState, pin: TreePin): CurrentState => ({
  ...whole,
  trees: whole.trees.map((tree) => ({ ...tree, pins: [...tree.pins, pin] })),
})

const beside = (whole: CurrentState, tree: Tree): CurrentState => ({ ...whole, trees: [...whole.trees, tree] })

const bare = (name: string): Tree => ({ name, record: undefined, pins: [], directories: [name, `${name}/maps`] })

const strange = (name: string): Tree => ({
  ...bare(name),
  pins: [{ path: `${name}/maps/theirs`, kind: 'foreign', what: 'map #41 (theirs)' }],
})

const unknown = (path: string): Drift => ({ kind: 'unknown', path, because: [] })

describe('what differs from what was last applied', () => {
  const rows: readonly [string, CurrentState, readonly Drift[]][] = [
    ['nothing', published(), []],
    [
      'a pin that was removed',
      altered('program.ipv4', () => undefined),
      [{ kind: 'lost', address: 'program.ipv4', path: 'live/programs/ipv4', because: [] }],
    ],
    [
      'a map whose pin was removed, and which its programs still use',
      altered<MapState>('map.flows', (it) => ({ ...it, pinned: false, live: { id: 10 as never, pins: [] } })),
      // The builder's tree still has a pin there.
      [{ kind: 'lost', address: 'map.flows', path: 'live/maps/flows', because: [] }],
    ],
    [
      'a program at whose pin another one is',
      replacedProgram,
      [
        {
          kind: 'replaced',
          address: 'program.ipv6',
          path: 'live/programs/ipv6',
          because: [{ attribute: 'tag', before: undefined, after: 'bb' }],
        },
      ],
    ],
    [
      'a slot that was emptied and one that was overwritten',
      altered<MapState>('map.tail_calls', (it) => ({ ...it, contents: slots({ 1: '#99' }) })),
      [
        {
          kind: 'contents',
          address: 'map.tail_calls',
          path: 'live/maps/tail_calls',
          because: [
            { attribute: 'slots.0', before: 'program.ipv4', after: undefined },
            { attribute: 'slots.1', before: 'program.ipv6', after: '#99' },
          ],
        },
      ],
    ],
    [
      'a declared entry that was changed; not one that the manifest newly declares',
      altered<MapState>('map.flows', (it) => ({
        ...it,
        contents: {
          kind: 'entries',
          entries: [
            { key: '01000000', value: '0600000000000000' },
            { key: '02000000', value: '0700000000000000' },
          ],
        },
      })),
      [
        {
          kind: 'contents',
          address: 'map.flows',
          path: 'live/maps/flows',
          because: [{ attribute: 'entries.01000000', before: '0500000000000000', after: '0600000000000000' }],
        },
      ],
    ],
    [
      'a link that was updated to another program',
      altered<LinkState>('link.eth0', (it) => ({ ...it, program: '#99' })),
      [
        {
          kind: 'switched',
          address: 'link.eth0',
          path: 'live/links/eth0',
          because: [{ attribute: 'program', before: 'program.ingress', after: '#99' }],
        },
      ],
    ],
    [
      'a link that was detached',
      altered<LinkState>('link.eth0', (it) => ({
        ...it,
        live: { id: 15 as never, pins: ['live/links/eth0'], severed: true },
      })),
      [
        {
          kind: 'detached',
          address: 'link.eth0',
          path: 'live/links/eth0',
          because: [{ attribute: 'severed', before: undefined, after: undefined }],
        },
      ],
    ],
    [
      'a pin that nobody of the stack made',
      pinned(published(), { path: 'live/maps/theirs', kind: 'foreign', what: 'map #41 (theirs)' }),
      [
        {
          kind: 'foreign',
          path: 'live/maps/theirs',
          because: [{ attribute: 'pin', before: undefined, after: 'map #41 (theirs)' }],
        },
      ],
    ],
    [
      'another kind of object in the place of a pin',
      pinned(
        altered('program.ipv4', () => undefined),
        { path: 'live/programs/ipv4', kind: 'foreign', what: 'map #41 (theirs)' },
      ),
      [
        {
          kind: 'replaced',
          address: 'program.ipv4',
          path: 'live/programs/ipv4',
          because: [{ attribute: 'pin', before: undefined, after: 'map #41 (theirs)' }],
        },
      ],
    ],
    [
      'the mode of its directory',
      { ...published(), misowned: [{ path: '', differs: [{ attribute: 'mode', recorded: 0o700, found: 0o755 }] }] },
      [{ kind: 'ownership', path: '', because: [{ attribute: 'mode', before: '0700', after: '0755' }] }],
    ],
    [
      'a directory that was renamed',
      published({ stack: 'other' }),
      [{ kind: 'moved', path: '', because: [{ attribute: 'stack', before: 'other', after: 'edge' }] }],
    ],
    [
      'pins elsewhere',
      {
        ...published({ pins: { '/sys/fs/bpf/a': 'map.flows', '/sys/fs/bpf/b': 'map.flows' } }),
        outerPins: [
          { path: '/sys/fs/bpf/a', found: undefined, staged: undefined },
          { path: '/sys/fs/bpf/b', found: { kind: 'map', id: 41 }, staged: undefined },
        ],
      },
      [
        { kind: 'lost', address: 'map.flows', path: '/sys/fs/bpf/a', because: [] },
        {
          kind: 'replaced',
          address: 'map.flows',
          path: '/sys/fs/bpf/b',
          because: [{ attribute: 'pin', before: '#10', after: 'map #41' }],
        },
      ],
    ],
    ['a record that was lost: unknown, not changed', applied(edge()), [unknown('live')]],
    ['nothing where a first apply was killed before the record', { ...nothing, trees: [bare('next')] }, []],
    ['nothing where a former generation was all but removed', beside(published(), bare('gen-6')), []],
    ['a live tree of which nothing is left', { ...nothing, trees: [bare('live')] }, [unknown('live')]],
    ['pins in a staging tree without a record', { ...nothing, trees: [strange('next')] }, [unknown('next')]],
  ]
  test.each(rows)('is %s', (_, current, drift) => {
    expect(findDrift(current)).toEqual(drift)
  })

  test('is a map in the place of another, which its programs still use', () => {
    const whole = published()
    const isFlows = (pin: TreePin): boolean => pin.path === 'live/maps/flows'
    const trees = whole.trees.map((tree) => ({
      ...tree,
      pins: tree.pins.map((pin) => (isFlows(pin) ? ({ ...pin, id: 41 } as TreePin) : pin)),
    }))
    const moved = altered<MapState>('map.flows', (it) => ({
      ...it,
      pinned: false,
      live: { id: 10 as never, pins: [] },
    }))
    expect(findDrift({ ...moved, trees })).toEqual([
      {
        kind: 'replaced',
        address: 'map.flows',
        path: 'live/maps/flows',
        because: [{ attribute: 'pin', before: '#10', after: '#41' }],
      },
    ])
  })
})

describe('a change', () => {
  const causes = (current: CurrentState, ...wanted: Resource[]): Record<string, string> =>
    Object.fromEntries(
      makePlan(current, desired(...wanted)).changes.flatMap(({ action, address, cause = 'manifest' }) =>
        action === 'keep' ? [] : [[address, cause]],
      ),
    )
  const overwritten = altered<MapState>('map.tail_calls', (it) => ({
    ...it,
    contents: slots({ 0: 'program.ipv4', 1: '#99' }),
  }))
  const rebuilt = (name: string): Resource[] =>
    edge().map((it) => (it.address === `program.${name}` ? program(name, [], 1) : it))

  test('is drift with all that follows from it', () => {
    expect(causes(overwritten, ...edge())).toEqual({
      'map.tail_calls': 'drift',
      'program.ingress': 'drift',
      'link.eth0': 'drift',
    })
  })

  test('of the manifest is told apart, and what follows from both is both', () => {
    expect(causes(overwritten, ...rebuilt('ipv4'))).toEqual({
      'map.tail_calls': 'both',
      'program.ipv4': 'manifest',
      'program.ingress': 'both',
      'link.eth0': 'both',
    })
  })

  test('of the manifest alone is called nothing else, and the plan has no drift', () => {
    const plan = makePlan(published(), desired(...rebuilt('ipv4')))
    expect(plan.changes.every((it) => !('cause' in it))).toBe(true)
    expect('drift' in plan).toBe(false)
  })

  test('that undoes another mode of the directory is drift: the tree is closed again', () => {
    const opened = { ...published(), misowned: [{ path: '', differs: [] }] }
    const plan = makePlan(opened, desired(...edge()))
    expect(plan.ownership).toBe('drift')
    expect(plan.steps).toContainEqual({ phase: 'publish', kind: 'set-ownership', path: '', ownership: { mode: 0o700 } })
  })

  test('that takes a pin away from an object which somebody put there is warned of', () => {
    const plan = makePlan(replacedProgram, desired(...edge()))
    expect(plan.diagnostics).toMatchObject([{ severity: 'warning', code: 'P170', address: 'program.ipv6' }])
    expect(makePlan(overwritten, desired(...edge())).diagnostics).toEqual([])
  })
})
