import { describe, expect, test } from 'vitest'
import type { StackRecord } from '../../src/model/record.ts'
import type { CurrentState, DesiredState, LinkState, Resource, Tree } from '../../src/model/state.ts'
import { isBlocked } from '../../src/plan/block.ts'
import { makeDestroyPlan } from '../../src/plan/destroy.ts'
import { hasChanges, makePlan } from '../../src/plan/make-plan.ts'
import { makeRecord } from '../../src/plan/make-record.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { formerState } from '../../src/plan/rollback.ts'
import { applied, array, desired, link, map, program } from '../support/builders.ts'

const edge = (protect?: boolean): Resource[] => [
  map('flows', { protect }),
  array('calls', { 0: 'callee' }, { protect }),
  { ...program('ingress', ['calls', 'flows']), ...(protect === undefined ? {} : { protect }) },
  program('callee'),
  link('eth0', 'ingress', { protect }),
]

/** What is live after these were applied, with its record. */
function live(resources: readonly Resource[], change: Partial<StackRecord> = {}): CurrentState {
  const base = applied(resources)
  const record = { ...makeRecord(desired(...resources), 7), ...change }
  return { ...base, record, trees: base.trees.map((tree) => ({ ...tree, record })) }
}

const replacing = (address: string, by: Resource | undefined, all = edge()): Resource[] =>
  all.flatMap((it) => (it.address !== address ? [it] : by ? [by] : []))

const forbidden = (plan: Plan): readonly (string | undefined)[] =>
  plan.diagnostics.filter((it) => it.code === 'P140' && isBlocked(it)).map(({ address }) => address)

const elsewhere = { kind: 'xdp', interface: 'eth1', ifindex: 2, mode: 'native' } as const
const otherMode = { kind: 'xdp', interface: 'eth0', ifindex: 1, mode: 'generic' } as const
const larger = { ...map('flows').shape, maxEntries: 4096 }

describe('what is protected, though its block says nothing of it any more,', () => {
  test.each([
    ['a map deleted', 'map.flows', undefined],
    ['a map replaced, its entries lost', 'map.flows', map('flows', { shape: larger, onChange: 'replace' })],
    ['a program deleted', 'program.ingress', undefined],
    ['a link deleted', 'link.eth0', undefined],
    ['a link attached elsewhere', 'link.eth0', link('eth0', 'ingress', { target: elsewhere })],
    ['a link replaced with a gap', 'link.eth0', link('eth0', 'ingress', { target: otherMode })],
  ] as const)('may not be: %s', (_, address, by) => {
    const plan = makePlan(live(edge(true)), desired(...replacing(address, by)))
    expect(forbidden(plan)).toEqual([address])
    expect(plan.changes.filter(({ blocked }) => blocked).map((it) => [it.address, it.blocked])).toEqual([
      [address, 'P140'],
    ])
    expect(hasChanges(plan)).toBe(true)
    expect(forbidden(makePlan(live(edge()), desired(...replacing(address, by))))).toEqual([])
  })

  test.each([
    ['a map kept', 'map.flows', map('flows')],
    ['a map migrated', 'map.flows', map('flows', { shape: larger, onChange: 'migrate' })],
    ['an array made anew', 'map.calls', array('calls', {})],
    ['a program loaded anew', 'program.ingress', program('ingress', ['calls', 'flows'], 1)],
    ['a link switched', 'link.eth0', link('eth0', 'callee')],
  ] as const)('may be: %s', (_, address, by) => {
    expect(forbidden(makePlan(live(edge(true)), desired(...replacing(address, by))))).toEqual([])
  })

  test('may be attached again where a link has lost its device', () => {
    const current = live(edge(true))
    const severed = current.resources.get('link.eth0') as LinkState & { live: object }
    const resources = new Map([
      ...current.resources,
      ['link.eth0', { ...severed, live: { ...severed.live, severed: true } }],
    ])
    const moved = desired(...replacing('link.eth0', link('eth0', 'ingress', { target: elsewhere })))
    expect(forbidden(makePlan({ ...current, resources } as CurrentState, moved))).toEqual([])
  })

  test('is refused by onChange first, which loses nothing', () => {
    const plan = makePlan(live(edge(true)), desired(...replacing('map.flows', map('flows', { shape: larger }))))
    expect(plan.diagnostics.filter(isBlocked).map(({ code }) => code)).toEqual(['P102'])
    expect(plan.changes.find(({ address }) => address === 'map.flows')).toMatchObject({ blocked: 'P102' })
  })
})

test('a protection that is not applied yet holds already, and one that is lifted still holds in that plan', () => {
  for (const [before, after] of [
    [undefined, true],
    [true, false],
  ] as const) {
    const wanted = map('flows', { shape: larger, onChange: 'replace', protect: after })
    const plan = makePlan(live(edge(before)), desired(...replacing('map.flows', wanted)))
    expect(forbidden(plan)).toEqual(['map.flows'])
  }
})

test('lifting is a plan of its own, after which nothing is forbidden', () => {
  const plan = makePlan(live(edge(true)), desired(...edge(false)))
  expect(forbidden(plan)).toEqual([])
  expect(plan.changes.map(({ action, protection }) => [action, protection])).toEqual([
    ['keep', 'lifted'],
    ['keep', 'lifted'],
    ['keep', 'lifted'],
    ['keep', undefined],
    ['keep', 'lifted'],
  ])
  const after = { ...live(edge()), record: plan.record }
  expect(hasChanges(makePlan(after, desired(...edge(false))))).toBe(false)
  expect(forbidden(makePlan(after, desired()))).toEqual([])
})

test('the record carries protection on through manifests that do not mention it', () => {
  const current = live(edge(true), { protect: true })
  const next = makePlan(current, desired(...replacing('program.callee', program('callee', [], 1))))
  expect(next.record).toMatchObject({
    protect: true,
    maps: { flows: { protect: true } },
    programs: { ingress: { protect: true } },
    links: { eth0: { protect: true } },
  })
  expect(next.record?.programs['callee']).not.toHaveProperty('protect')
  expect(hasChanges(makePlan(current, desired(...edge())))).toBe(false)
})

test('the protection of the whole stack alone is a change of its own', () => {
  const protectedStack = { ...desired(...edge()), protect: true }
  expect(makePlan(live(edge()), protectedStack)).toMatchObject({ protection: 'set', record: { protect: true } })
  const lifted = makePlan(live(edge(), { protect: true }), { ...desired(...edge()), protect: false })
  expect(lifted.protection).toBe('lifted')
  expect(lifted.record).not.toHaveProperty('protect')
})

test('the steps on a protected object are marked, and no others', () => {
  const plan = makePlan(
    live(edge(true)),
    desired(...replacing('map.flows', map('flows', { shape: larger, onChange: 'replace' }))),
  )
  const marked = plan.steps.filter(({ blocked }) => blocked === 'P140')
  expect(marked.map((step) => [step.kind, 'path' in step ? step.path : undefined])).toEqual([
    ['create-map', undefined],
    ['pin', 'next/maps/flows'],
    ['unpin', 'gen-7/maps/flows'],
  ])
})

describe('a destroy', () => {
  test('is forbidden for the sake of the stack, or of each protected object', () => {
    expect(forbidden(makeDestroyPlan(live(edge(true))))).toEqual([
      'link.eth0',
      'program.ingress',
      'map.calls',
      'map.flows',
    ])
    const whole = makeDestroyPlan(live(edge(), { protect: true }))
    expect(forbidden(whole)).toEqual([undefined])
    expect([...whole.changes, ...whole.steps].every(({ blocked }) => blocked === 'P140')).toBe(true)
    expect(forbidden(makeDestroyPlan(live(edge())))).toEqual([])
  })

  test('that takes back a first generation which nobody confirmed is not', () => {
    const awaits = { within: 1000, former: 0 }
    expect(forbidden(makeDestroyPlan(live(edge(true), { protect: true, awaits })))).toEqual([])
    expect(forbidden(makeDestroyPlan(live(edge(), { protect: true, awaits: { within: 1000, former: 6 } })))).toEqual([
      undefined,
    ])
  })
})

describe('a rollback', () => {
  const shadowed = (tree: Tree, name: string, resources: readonly Resource[]): Tree => {
    const pins = tree.pins.flatMap((pin) =>
      pin.kind === 'link'
        ? []
        : [{ ...pin, path: pin.path.replace('live', name), ...('id' in pin && { id: pin.id + 50 }) }],
    )
    return {
      ...tree,
      name,
      record: makeRecord(desired(...resources), 6),
      pins: pins as Tree['pins'],
      directories: [name],
    }
  }
  /** Generation 7 of these resources beside generation 6 of those, which is loaded still. */
  function beside(
    now: readonly Resource[],
    former: readonly Resource[],
    change: Partial<StackRecord> = {},
  ): CurrentState {
    const current = live(now, { history: 1, ...change })
    const [tree] = applied(former).trees
    return { ...current, trees: [...current.trees, shadowed(tree as Tree, 'gen-6', former)] }
  }
  const without = replacing('map.flows', undefined, [
    array('calls', {}),
    program('ingress', ['calls']),
    link('eth0', 'ingress'),
  ])
  const back = (current: CurrentState): DesiredState => formerState(current, 6)

  test('may not delete what is protected, unless that was never confirmed', () => {
    const current = beside(edge(true), without)
    expect(forbidden(makePlan(current, back(current)))).toEqual(['map.flows'])
    const unconfirmed = beside(edge(true), without, { awaits: { within: 1000, former: 6 } })
    const plan = makePlan(unconfirmed, back(unconfirmed))
    expect(forbidden(plan)).toEqual([])
    // As if it had never been.
    expect(plan.record?.links['eth0']).not.toHaveProperty('protect')
  })

  test('leaves entries in a protected map only where the generation that goes is kept', () => {
    const kept = beside(edge(true), edge(true))
    expect(forbidden(makePlan(kept, back(kept)))).toEqual([])
    const lost = beside(edge(true), edge(true), { history: 0 })
    expect(forbidden(makePlan(lost, back(lost)))).toEqual(['map.flows'])
  })

  test('protects again what was protected then', () => {
    const current = beside(edge(), edge(true))
    expect(makePlan(current, back(current)).record?.maps['flows']).toMatchObject({ protect: true })
  })
})
