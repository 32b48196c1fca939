import { describe, expect, test } from 'vitest'
import type { StackRecord } from '../../src/model/record.ts'
import type { CurrentState, Resource, Tree, TreePin } from '../../src/model/state.ts'
import { isBlocked } from '../../src/plan/block.ts'
import { planCodes } from '../../src/plan/codes.ts'
import { makeDestroyPlan } from '../../src/plan/destroy.ts'
import { keepLedger } from '../../src/plan/holders.ts'
import { hasChanges, makePlan } from '../../src/plan/make-plan.ts'
import { makeRecord } from '../../src/plan/make-record.ts'
import type { Step } from '../../src/plan/step.ts'
import { applied, array, desired, link, map, nothing, program } from '../support/builders.ts'

const edge = (version = 0): Resource[] => [
  map('flows'),
  array('tail_calls', { 0: 'ipv4' }),
  program('ingress', ['tail_calls', 'flows']),
  program('ipv4', [], version),
  link('eth0', 'ingress'),
]

const kinds = (steps: readonly Step[]): string[] => steps.map((step) => step.kind)
const indexOf = (steps: readonly Step[], match: Partial<Step> & Record<string, unknown>): number =>
  steps.findIndex((step) => Object.entries(match).every(([key, value]) => (step as never)[key] === value))

test('nothing to do gives no steps and the same generation', () => {
  const plan = makePlan(applied(edge()), desired(...edge()))
  expect(hasChanges(plan)).toBe(false)
  expect(plan.generation).toEqual({ from: 7, to: 7 })
})

test('another mode of the tree alone is a new generation of the same objects', () => {
  const wanted = { ...desired(...edge()), ownership: { mode: 0o750 } }
  const plan = makePlan(applied(edge()), wanted)
  expect(plan.changes.every((change) => change.action === 'keep')).toBe(true)
  expect(plan.steps).toContainEqual({
    phase: 'switch',
    kind: 'set-ownership',
    path: 'next',
    ownership: { mode: 0o750 },
  })
  expect(plan.steps).toContainEqual({ phase: 'publish', kind: 'set-ownership', path: '', ownership: { mode: 0o750 } })
  const published = { ...applied(edge()), record: plan.record }
  expect(hasChanges(makePlan(published, wanted))).toBe(false)
  // What the manifest asks for no longer is taken back.
  expect(makePlan(published, desired(...edge())).steps).toContainEqual(
    expect.objectContaining({ kind: 'set-ownership', path: 'next', ownership: { uid: 0, gid: 0, mode: 0o700 } }),
  )
})

test('what is new because somebody removed its pin is drift; it is both where the manifest changed it, too', () => {
  const without = (address: string): CurrentState => {
    const whole = applied(edge())
    const resources = new Map([...whole.resources].filter(([it]) => it !== address))
    return { ...whole, resources, record: makeRecord(desired(...edge()), 7) }
  }
  const drifted = (current: CurrentState, wanted: readonly Resource[], cause = 'drift'): string[] =>
    makePlan(current, desired(...wanted)).changes.flatMap((it) => (it.cause === cause ? [it.address] : []))
  for (const { address } of edge()) expect(drifted(without(address), edge())).toEqual([address])
  const elsewhere = link('eth0', 'ipv4')
  expect(drifted(without('link.eth0'), [...edge().slice(0, -1), elsewhere])).toEqual([])
  expect(drifted(without('link.eth0'), [...edge().slice(0, -1), elsewhere], 'both')).toEqual(['link.eth0'])
  expect(drifted(applied(edge().slice(1)), edge())).toEqual([])
})

test('the same states give the same plan', () => {
  const make = () => makePlan(applied(edge()), desired(...edge(1)))
  expect(make()).toEqual(make())
  expect(JSON.parse(JSON.stringify(make()))).toEqual(make())
})

test('a stack of nothing is published, too', () => {
  expect(hasChanges(makePlan(nothing, desired()))).toBe(true)
})

test('read-only data is frozen before a program can use it, other data is not', () => {
  const data = (frozen: boolean) => map('d', { contents: { kind: 'data', initial: '00', frozen } })
  const made = (frozen: boolean) => kinds(makePlan(nothing, desired(data(frozen))).steps).slice(5, -1)
  expect(made(true)).toEqual(['create-map', 'pin', 'write-data', 'freeze'])
  expect(made(false)).toEqual(['create-map', 'pin', 'write-data'])
})

test('a foreign map is opened by its planned id and pinned in our own tree, before anything uses it', () => {
  const live = { id: 50 as never, pins: [] }
  const shared = array('shared', {}, { owner: 'foreign', foreignPath: '/sys/fs/bpf/other/shared', live })
  const { steps, existing } = makePlan(nothing, desired(shared, program('p', ['shared']), link('eth0', 'p')))
  expect(existing).toMatchObject({ 'next:map.shared': 50 })
  expect(kinds(steps).slice(5, 8)).toEqual(['open-map', 'pin', 'load-program'])
})

describe('the first apply', () => {
  const { steps, preconditions, generation } = makePlan(nothing, desired(...edge()))

  test('begins with the tree and its record, and publishes by one rename at the end', () => {
    expect(kinds(steps).slice(0, 5)).toEqual([...Array(4).fill('make-directory'), 'write-record'])
    expect(steps.at(-1)).toEqual({ phase: 'publish', kind: 'rename', from: 'next', to: 'live' })
    expect(generation).toEqual({ from: 0, to: 1 })
    expect(preconditions).toEqual([
      { kind: 'absent', path: 'next' },
      { kind: 'absent', path: 'live' },
    ])
  })

  test('pins every array before a program that uses it is loaded', () => {
    const pinned = indexOf(steps, { kind: 'pin', path: 'next/maps/tail_calls' })
    expect(pinned).toBe(indexOf(steps, { kind: 'create-map', target: 'next:map.tail_calls' }) + 1)
    expect(pinned).toBeLessThan(indexOf(steps, { kind: 'load-program' }))
  })

  test('fills and checks the slots before the link is made', () => {
    const filled = indexOf(steps, { kind: 'fill-slot' })
    const checked = indexOf(steps, { kind: 'check-slots' })
    expect(filled).toBeLessThan(checked)
    expect(checked).toBeLessThan(indexOf(steps, { kind: 'create-link' }))
  })

  test('pins a new link as soon as it is made', () => {
    const made = indexOf(steps, { kind: 'create-link' })
    expect(steps[made + 1]).toMatchObject({ kind: 'pin', target: 'next:link.eth0', path: 'next/links/eth0' })
  })
})

describe('an upgrade', () => {
  const plan = makePlan(applied(edge()), desired(...edge(1)))
  const { steps } = plan

  test('gives kept objects a second name, and switches the link by compare-and-swap', () => {
    expect(steps).toContainEqual({
      phase: 'prepare',
      kind: 'link-pin',
      target: 'live:map.flows',
      from: 'live/maps/flows',
      to: 'next/maps/flows',
    })
    expect(steps).toContainEqual({
      phase: 'switch',
      kind: 'update-link',
      target: 'live:link.eth0',
      program: 'next:program.ingress',
      expected: 'live:program.ingress',
    })
  })

  test('retires links first, programs after a drain, and the old array last and only once it is unused', () => {
    const retired = steps.filter((step) => step.phase === 'retire')
    expect(retired.map((step) => ('path' in step ? `${step.kind} ${step.path}` : step.kind))).toEqual([
      'rename',
      'unpin gen-7/links/eth0',
      'drain',
      'unpin gen-7/programs/ingress',
      'unpin gen-7/programs/ipv4',
      'unpin gen-7/maps/flows',
      'await-unused gen-7/maps/tail_calls',
      'unpin gen-7/maps/tail_calls',
      'remove-directory gen-7/links',
      'remove-directory gen-7/programs',
      'remove-directory gen-7/maps',
      'remove-directory gen-7',
    ])
  })

  test('waits for the callers of the old array; its members go with it', () => {
    expect(steps.find((step) => step.kind === 'await-unused')).toMatchObject({ programs: [12], members: [] })
    const loop = (version: number): Resource[] => [
      array('a', { 0: 'p' }),
      program('p', ['a'], version),
      link('eth0', 'p'),
    ]
    const cyclic = makePlan(applied(loop(0)), desired(...loop(1)))
    expect(cyclic.steps.find((step) => step.kind === 'await-unused')).toMatchObject({ programs: [], members: [11] })
  })

  test('waits for nobody at an array that is kept', () => {
    const other = edge().map((it) =>
      it.address === 'program.ingress' ? program('ingress', ['tail_calls', 'flows'], 1) : it,
    )
    const paths = makePlan(applied(edge()), desired(...other)).steps.filter((step) => step.kind === 'await-unused')
    expect(paths).toEqual([])
  })

  test('is recorded with its own generation, and the old one gets a name that is free', () => {
    expect(plan.generation).toEqual({ from: 7, to: 8 })
    expect(plan.record).toMatchObject({ generation: 8, phase: 'published' })
    const current = applied(edge())
    const remainder = { name: 'gen-7', record: undefined, pins: [], directories: ['gen-7'] }
    const busy = makePlan({ ...current, trees: [...current.trees, remainder] }, desired(...edge(1)))
    expect(busy.steps).toContainEqual({ phase: 'retire', kind: 'rename', from: 'next', to: 'gen-7-1' })
  })

  test('proves that both arrays are held at every step', () => {
    expect(plan.ledger.arrays).toEqual(['live:map.tail_calls', 'next:map.tail_calls'])
    for (const row of plan.ledger.rows)
      for (const holder of row.holders) if (holder.reachable) expect(holder.pins.length).toBeGreaterThan(0)
  })

  test('relies on every live pin and on what the link runs', () => {
    expect(plan.preconditions).toContainEqual({ kind: 'pin', path: 'live/maps/flows', object: 'map', id: 10 })
    expect(plan.preconditions).toContainEqual({ kind: 'link-runs', link: 14, program: 12 })
    expect(plan.preconditions).toContainEqual({ kind: 'absent', path: 'next' })
  })
})

test('one slot in place is exchanged in the live array, and no link is touched', () => {
  const inPlace = array('tail_calls', { 0: 'ipv4' }, { onSlotChange: 'in-place' })
  const after = edge(1).map((it) => (it.address === 'map.tail_calls' ? inPlace : it))
  const { steps } = makePlan(applied(edge()), desired(...after))
  expect(steps).toContainEqual({
    phase: 'switch',
    kind: 'replace-slot',
    array: 'live:map.tail_calls',
    index: 0,
    before: 'live:program.ipv4',
    after: 'next:program.ipv4',
  })
  expect(kinds(steps)).not.toContain('update-link')
})

test('a link with a gap is detached before the new one is made, and not unpinned twice', () => {
  const generic = link('eth0', 'ingress', { target: { kind: 'xdp', interface: 'eth0', ifindex: 1, mode: 'generic' } })
  const after = edge().map((it) => (it.address === 'link.eth0' ? generic : it))
  const { steps, diagnostics } = makePlan(applied(edge()), desired(...after))
  // Where it was, so that a failure can attach it there again.
  const attached = link('eth0', 'ingress').target
  expect(steps).toContainEqual(expect.objectContaining({ kind: 'detach-link', attached }))
  expect(indexOf(steps, { kind: 'detach-link' })).toBeLessThan(indexOf(steps, { kind: 'create-link' }))
  expect(indexOf(steps, { kind: 'unpin', path: 'gen-7/links/eth0' })).toBe(-1)
  expect(diagnostics).toMatchObject([{ code: 'P104', severity: 'warning' }])
})

describe('what is refused or warned of', () => {
  test('an array without a pin, before anything else, naming the array, who uses it and what to write', () => {
    const unpinned = edge().map((it) => (it.address === 'map.tail_calls' ? { ...it, pinned: false } : it))
    expect(() => makePlan(nothing, desired(...(unpinned as Resource[])))).toThrow(
      expect.objectContaining({
        code: 'P101',
        diagnostics: [
          expect.objectContaining({
            address: 'map.tail_calls',
            detail: expect.stringContaining('program.ingress'),
            hint: expect.stringContaining('remove "pin: false"'),
          }),
        ],
      }),
    )
  })

  test.each(['sockmap', 'sockhash'] as const)('a %s without a pin too', (type) => {
    const sockets = map('s', { pinned: false, shape: { ...map('s').shape, type } })
    expect(() => makePlan(nothing, desired(sockets))).toThrow(expect.objectContaining({ code: 'P101' }))
  })

  test('a map with a timer without a pin too; any other map may do without', () => {
    for (const type of ['bpf_timer', 'bpf_wq']) {
      const timers = map('t', { pinned: false, layout: { value: `struct { struct ${type} t }` } })
      expect(() => makePlan(nothing, desired(timers))).toThrow(expect.objectContaining({ code: 'P101' }))
    }
    expect(makePlan(nothing, desired(map('plain', { pinned: false }))).diagnostics).toEqual([])
  })

  test('a map that differs, unless the manifest says replace, which warns that entries are lost', () => {
    const larger = (onChange: 'refuse' | 'replace') =>
      map('flows', { onChange, shape: { ...map('flows').shape, maxEntries: 9 } })
    const plan = (onChange: 'refuse' | 'replace') => makePlan(applied([map('flows')]), desired(larger(onChange)))
    expect(plan('refuse').diagnostics).toMatchObject([{ code: 'P102', severity: 'error' }])
    expect(plan('refuse').diagnostics.every(isBlocked)).toBe(true)
    expect(plan('replace').diagnostics).toMatchObject([{ code: 'P103', severity: 'warning' }])
  })

  test('a map that goes with its entries; globals that start anew', () => {
    expect(makePlan(applied([map('flows')]), desired()).diagnostics).toMatchObject([
      { code: 'P103', severity: 'warning' },
    ])
    const data = (initial: string) => map('data', { contents: { kind: 'data', initial, frozen: false } })
    expect(makePlan(applied([data('00')]), desired(data('01'))).diagnostics).toMatchObject([
      { code: 'P103', severity: 'warning' },
    ])
  })

  test('a program that may sleep, and so run on after the switch', () => {
    const sleepy = (version: number) => {
      const base = program('p', [], version)
      return { ...base, load: { type: 'tracing', license: 'GPL', flags: 1 << 4 } } as Resource
    }
    expect(makePlan(applied([sleepy(0)]), desired(sleepy(1))).diagnostics).toMatchObject([
      { code: planCodes.longDrain.code, severity: 'warning', address: 'program.p' },
    ])
    expect(makePlan(nothing, desired(sleepy(0))).diagnostics).toEqual([])
  })

  test('a program of the stack that somebody else attached', () => {
    const current = applied(edge())
    const root = { program: 12 as never, via: 'link #99', link: 99 as never }
    const shared = { ...current, graph: { ...current.graph, roots: [...current.graph.roots, root] } }
    expect(makePlan(shared, desired(...edge(1))).diagnostics).toMatchObject([{ code: 'P106', severity: 'warning' }])
    const severed = { ...shared, graph: { ...shared.graph, roots: [{ ...root, severed: true as const }] } }
    expect(makePlan(severed, desired(...edge(1))).diagnostics).toMatchObject([
      {
        code: 'P106',
        detail: expect.stringContaining('is also kept by a severed link #99'),
        hint: expect.stringMatching(/^remove its pins and/),
      },
    ])
  })

  describe('somebody else’s pin', () => {
    const record = makeRecord(desired(...edge()), 7)
    const guest = (tree: string): TreePin => ({ path: `${tree}/maps/guest`, kind: 'foreign', what: 'map #9 (guest)' })
    const withGuest = (tree: string, known: StackRecord | undefined = record): CurrentState => {
      const current = applied(edge())
      const live = { ...(current.trees[0] as Tree), record }
      const trees = tree === 'live' ? [] : [live]
      const host = tree === 'live' ? live : { name: tree, directories: [tree], pins: [] }
      return { ...current, record, trees: [...trees, { ...host, record: known, pins: [...host.pins, guest(tree)] }] }
    }
    const severities = (current: CurrentState, wanted: readonly Resource[]): string[] =>
      makePlan(current, desired(...wanted)).diagnostics.map(({ code, severity }) => `${severity} ${code}`)

    test('in the live or the staged tree stands in the way of an exchange', () => {
      expect(severities(withGuest('live'), edge(1))).toEqual(['error P107'])
      expect(severities(withGuest('next'), edge(1))).toEqual(['error P107'])
    })

    test('stays where it is while nothing is exchanged, and in a former generation', () => {
      expect(severities(withGuest('live'), edge())).toEqual(['warning P107'])
      expect(severities(withGuest('gen-6'), edge(1))).toEqual(['warning P107'])
    })

    test('is told with what it is and what to do, and all at once where the record is lost', () => {
      const [known] = makePlan(withGuest('live'), desired(...edge(1))).diagnostics
      expect(known?.detail).toContain('live/maps/guest (map #9 (guest)) is not in the stack')
      expect(known?.hint).toContain('--adopt')
      const lost = { ...withGuest('live'), record: undefined }
      const trees = lost.trees.map((tree) => ({ ...tree, record: undefined, pins: [guest('live'), guest('live')] }))
      const told = makePlan({ ...lost, trees }, desired(...edge(1))).diagnostics.filter(({ code }) => code === 'P107')
      expect(told.map(({ detail }) => detail)).toEqual([expect.stringContaining('live has no record')])
    })

    test('is left by a destroy, which says so', () => {
      const plan = makeDestroyPlan(withGuest('live'))
      expect(plan.diagnostics).toMatchObject([{ code: 'P103' }, { code: 'P107', severity: 'warning' }])
      const removed = plan.steps.flatMap((step) => ('path' in step ? [step.path] : []))
      expect(removed).toContain('live/maps/tail_calls')
      expect(removed).toContain('live/links')
      expect(removed).not.toContain('live/maps/guest')
      expect(removed).not.toContain('live/maps')
      expect(removed).not.toContain('')
    })

    test('beside the trees keeps the stack’s directory, and is in no other way', () => {
      const strays = [{ path: 'beside', what: 'map #9 (guest)' }]
      const current = { ...applied(edge()), strays }
      expect(makePlan(current, desired(...edge(1))).diagnostics).toEqual([])
      const plan = makeDestroyPlan(current)
      expect(plan.diagnostics).toMatchObject([{ code: 'P103' }, { code: 'P107', severity: 'warning' }])
      expect(plan.steps.filter((step) => step.kind === 'remove-directory').map(({ path }) => path)).not.toContain('')
    })
  })
})

describe('destroy', () => {
  const record = makeRecord(desired(...edge()), 7)
  const plan = makeDestroyPlan({ ...applied(edge()), record })

  test('says so in the record first and removes the array last', () => {
    expect(plan.steps[0]).toEqual({ phase: 'prepare', kind: 'write-record', path: 'live/record' })
    expect(plan.record).toEqual({ ...record, phase: 'destroying' })
    const unpins = plan.steps.flatMap((step) => (step.kind === 'unpin' ? [step.path] : []))
    expect(unpins[0]).toBe('live/links/eth0')
    expect(unpins.at(-1)).toBe('live/maps/tail_calls')
    expect(plan.steps.at(-1)).toEqual({ phase: 'retire', kind: 'remove-directory', path: '' })
  })

  test('of a stack without a record begins at once', () => {
    expect(makeDestroyPlan(applied(edge())).steps[0]).toMatchObject({ kind: 'unpin', path: 'live/links/eth0' })
  })
})

describe('the ledger', () => {
  const current = applied(edge())
  const plan = makePlan(current, desired(...edge(1)))
  const judge = (steps: readonly Step[]) =>
    keepLedger({ current, desired: desired(...edge(1)), steps, existing: plan.existing }).violations
  const moveTo = (from: number, to: number): Step[] => {
    const steps = [...plan.steps]
    const [step] = steps.splice(from, 1)
    if (step) steps.splice(to, 0, step)
    return steps
  }
  const switched = indexOf(plan.steps, { kind: 'update-link' })

  test('accepts the plan’s own order', () => {
    expect(judge(plan.steps)).toEqual([])
  })

  test('refuses to switch a link before its array is pinned: a crash in between would empty it', () => {
    const steps = moveTo(indexOf(plan.steps, { kind: 'pin', path: 'next/maps/tail_calls' }), switched)
    expect(judge(steps)).toContainEqual(
      expect.objectContaining({ when: 'after a crash', what: 'no holder', array: 'next:map.tail_calls' }),
    )
  })

  test('refuses to switch a link before every slot is filled', () => {
    const steps = moveTo(indexOf(plan.steps, { kind: 'fill-slot' }), switched)
    expect(judge(steps)).toContainEqual(expect.objectContaining({ when: 'now', what: 'empty slot' }))
  })

  test('refuses to remove the old array while the link still runs its caller', () => {
    const steps = [{ phase: 'switch', kind: 'unpin', path: 'live/maps/tail_calls' } as const, ...plan.steps]
    expect(judge(steps)).toContainEqual(
      expect.objectContaining({ step: 0, what: 'no holder', array: 'live:map.tail_calls' }),
    )
  })

  test('knows that a wait for a live caller keeps the array', () => {
    const waiting = plan.steps.find((step) => step.kind === 'await-unused')
    if (waiting?.kind !== 'await-unused') throw new Error('no await-unused in the plan')
    const path = 'live/maps/tail_calls'
    const steps = [{ ...waiting, path }, { phase: 'retire', kind: 'unpin', path } as const]
    expect(judge(steps)).toEqual([])
  })
})
