import { describe, expect, test } from 'vitest'
import { mapAddress } from '../../src/model/address.ts'
import type { Resource } from '../../src/model/state.ts'
import { byAddress, diff } from '../../src/plan/diff.ts'
import { applied, array, desired, link, map, program } from '../support/builders.ts'

/** Entry program -> array -> two handlers; the entry and the second handler count in a map. */
const edge = (): Resource[] => [
  map('flows'),
  array('tail_calls', { 0: 'ipv4', 1: 'ipv6' }),
  program('ingress', ['tail_calls', 'flows']),
  program('ipv4'),
  program('ipv6', ['flows']),
  link('eth0', 'ingress'),
]

const replaced = (resources: readonly Resource[], ...others: readonly Resource[]): Resource[] =>
  resources.map((resource) => others.find((it) => it.address === resource.address) ?? resource)

const actions = (before: readonly Resource[], after: readonly Resource[]): Record<string, string> =>
  Object.fromEntries(diff(applied(before), desired(...after)).map((change) => [change.address, change.action]))

test('a state that is as wanted is kept whole', () => {
  expect(new Set(Object.values(actions(edge(), edge())))).toEqual(new Set(['keep']))
})

test('what only one side has is created or deleted', () => {
  expect(actions([map('old')], [map('new')])).toEqual({ 'map.new': 'create', 'map.old': 'delete' })
})

test('a changed handler brings a new array, and that its caller and the link', () => {
  expect(actions(edge(), replaced(edge(), program('ipv4', [], 1)))).toEqual({
    'map.flows': 'keep',
    'map.tail_calls': 'replace',
    'program.ingress': 'update',
    'program.ipv4': 'update',
    'program.ipv6': 'keep',
    'link.eth0': 'update',
  })
})

test('the caller of a new array says which map it was reloaded for, and its link is switched atomically', () => {
  const changes = byAddress(diff(applied(edge()), desired(...replaced(edge(), program('ipv4', [], 1)))))
  expect(changes.get('program.ingress')?.because).toEqual([{ attribute: 'uses', after: 'map.tail_calls' }])
  expect(changes.get('map.tail_calls')).toMatchObject({ verdict: 'atomic', because: [{ attribute: 'slots.0' }] })
  expect(changes.get('link.eth0')).toMatchObject({ verdict: 'atomic' })
})

test('one changed slot is exchanged in place where the manifest allows it, and its callers stay', () => {
  const inPlace = array('tail_calls', { 0: 'ipv4', 1: 'ipv6' }, { onSlotChange: 'in-place' })
  expect(actions(edge(), replaced(edge(), inPlace, program('ipv4', [], 1)))).toMatchObject({
    'map.tail_calls': 'update',
    'program.ingress': 'keep',
    'link.eth0': 'keep',
  })
})

test('two changed slots need a new array even where one could be exchanged in place', () => {
  const inPlace = array('tail_calls', { 0: 'ipv4', 1: 'ipv6' }, { onSlotChange: 'in-place' })
  const after = replaced(edge(), inPlace, program('ipv4', [], 1), program('ipv6', ['flows'], 1))
  expect(actions(edge(), after)).toMatchObject({ 'map.tail_calls': 'replace', 'program.ingress': 'update' })
})

test('an array whose program tail-calls itself is replaced once, and the search ends', () => {
  const loop = [array('a', { 0: 'p' }), program('p', ['a']), link('eth0', 'p')]
  expect(actions(loop, replaced(loop, program('p', ['a'], 1)))).toEqual({
    'map.a': 'replace',
    'program.p': 'update',
    'link.eth0': 'update',
  })
})

test('an array whose own size differs is replaced, though one slot of it could be exchanged in place', () => {
  const slots = { 0: 'ipv4', 1: 'ipv6' }
  const live = array('tail_calls', slots)
  const larger = array('tail_calls', slots, { onSlotChange: 'in-place', shape: { ...live.shape, maxEntries: 16 } })
  expect(actions(edge(), replaced(edge(), larger, program('ipv4', [], 1)))).toMatchObject({
    'map.tail_calls': 'replace',
    'program.ingress': 'update',
  })
})

test('a replaced map is as abrupt as the worst link that leads to it, over slots and inner maps', () => {
  const frozen = (initial: string) => map('d', { contents: { kind: 'data', initial, frozen: true } })
  const raw = (name: string, onReplace: 'overlap' | 'gap') =>
    link(name, 'p', { target: { kind: 'raw_tracepoint', name }, onReplace })
  const over = (...more: Resource[]) =>
    byAddress(diff(applied([frozen('00'), ...more]), desired(frozen('01'), ...more))).get('map.d')?.verdict
  const slots = [array('a', { 0: 'q' }), program('q', ['d']), program('p', ['a'])]
  expect(over(...slots, raw('one', 'overlap'))).toBe('overlap')
  expect(over(...slots, raw('one', 'overlap'), raw('two', 'gap'))).toBe('gap')
  const outer = map('o', { contents: { kind: 'inner', slots: new Map([[0, mapAddress('d')]]) } })
  const nested = (version: number, initial: string) => [
    frozen(initial),
    outer,
    program('p', ['o'], version),
    raw('one', 'overlap'),
  ]
  const changes = byAddress(diff(applied(nested(0, '00')), desired(...nested(1, '01'))))
  expect(changes.get('map.d')?.verdict).toBe('overlap')
})

test('what goes is listed from the links down to the maps', () => {
  const [first, ...others] = edge()
  const gone = diff(applied([...others, first as Resource]), desired()).map((change) => change.address.split('.')[0])
  expect(gone).toEqual(['link', 'program', 'program', 'program', 'map', 'map'])
})

test('a replaced data map reloads every program that uses it, and what follows from that', () => {
  const larger = map('flows', { onChange: 'replace', shape: { ...map('flows').shape, maxEntries: 4096 } })
  expect(actions(edge(), replaced(edge(), larger))).toEqual({
    'map.flows': 'replace',
    'map.tail_calls': 'replace',
    'program.ingress': 'update',
    'program.ipv4': 'keep',
    'program.ipv6': 'update',
    'link.eth0': 'update',
  })
})

describe('a map', () => {
  const shapes = { type: 'lru_hash', keySize: 8, valueSize: 16, maxEntries: 1, flags: 1, mapExtra: 3 } as const
  for (const [field, value] of Object.entries(shapes)) {
    test(`with another ${field} is replaced, and the change says why`, () => {
      const after = map('flows', { shape: { ...map('flows').shape, [field]: value } })
      expect(diff(applied([map('flows')]), desired(after))).toMatchObject([
        { action: 'replace', verdict: 'data loss', because: [{ attribute: field, after: value }] },
      ])
    })
  }

  test('of the same size but another layout is replaced', () => {
    const after = map('flows', { layout: { key: 'u32', value: 'struct { u32 a; u32 b }' } })
    expect(diff(applied([map('flows')]), desired(after))).toMatchObject([
      { action: 'replace', because: [{ attribute: 'layout.value' }] },
    ])
  })

  test('whose layout is unknown is not said to have changed', () => {
    expect(actions([map('flows', { layout: {} })], [map('flows')])).toEqual({ 'map.flows': 'keep' })
  })

  test('is kept where only what the kernel adjusts differs', () => {
    const shape = { ...map('dev').shape, type: 'devmap' } as const
    expect(actions([map('dev', { shape: { ...shape, flags: 0x80 } })], [map('dev', { shape })])).toEqual({
      'map.dev': 'keep',
    })
    const data = { ...map('d').shape, type: 'array' } as const
    expect(actions([map('d', { shape: { ...data, flags: 0x400 } })], [map('d', { shape: data })])).toEqual({
      'map.d': 'keep',
    })
    const perCpu = { ...map('l').shape, type: 'lru_percpu_hash', flags: 2, maxEntries: 1001 } as const
    expect(actions([map('l', { shape: { ...perCpu, maxEntries: 1002 } })], [map('l', { shape: perCpu })])).toEqual({
      'map.l': 'keep',
    })
  })

  test('gets its declared entries written where it is; those that nobody declares stay', () => {
    const before = map('allow', { contents: { kind: 'entries', entries: [{ key: '01', value: '05' }] } })
    const after = map('allow', {
      contents: {
        kind: 'entries',
        entries: [
          { key: '01', value: '06' },
          { key: '02', value: '07' },
        ],
      },
    })
    expect(diff(applied([before]), desired(after))).toMatchObject([
      {
        action: 'update',
        because: [
          { attribute: 'entries.01', before: '05', after: '06' },
          { attribute: 'entries.02', after: '07' },
        ],
      },
    ])
  })

  test('of read-only data is made anew for one byte, and not called a loss', () => {
    const rodata = (initial: string): Resource => map('rodata', { contents: { kind: 'data', initial, frozen: true } })
    expect(diff(applied([rodata('00')]), desired(rodata('01')))).toMatchObject([
      { action: 'replace', verdict: 'atomic' },
    ])
  })

  test('that its owner replaced under the same path is another map', () => {
    const foreign = (id: number): Resource => map('shared', { owner: 'foreign', live: { id: id as never, pins: [] } })
    const current = applied([foreign(1)], { firstId: 1 })
    expect(diff(current, desired(foreign(1)))).toMatchObject([{ action: 'keep' }])
    expect(diff(current, desired(foreign(2)))).toMatchObject([{ action: 'replace', because: [{ attribute: 'id' }] }])
  })

  test('replaced inside an outer map is set into it', () => {
    const outer = map('outer', { contents: { kind: 'inner', slots: new Map([[3, mapAddress('flows')]]) } })
    const larger = map('flows', { shape: { ...map('flows').shape, maxEntries: 4096 } })
    expect(diff(applied([map('flows'), outer]), desired(larger, outer))).toMatchObject([
      { action: 'replace' },
      { action: 'update', because: [{ attribute: 'inner.3' }] },
    ])
  })
})

describe('a program', () => {
  test('is loaded anew when only the map it uses differs, though the tag stays', () => {
    const [a, b] = [program('p', ['a']), program('p', ['b'])]
    expect(a.code?.instructions).toEqual(b.code?.instructions)
    const changes = byAddress(diff(applied([map('a'), map('b'), a]), desired(map('a'), map('b'), b)))
    expect(changes.get('program.p')).toMatchObject({ action: 'update', because: [{ attribute: 'maps' }] })
  })

  test('is loaded anew when only the offset of a global differs', () => {
    const moved = (offset: number): Resource => {
      const base = program('p', ['data'])
      const references = base.code?.references.map((it) => ({ ...it, kind: 'value', offset }) as const) ?? []
      return { ...base, code: { instructions: base.code?.instructions ?? new Uint8Array(), references } }
    }
    expect(actions([map('data'), moved(0)], [map('data'), moved(4)])).toMatchObject({ 'program.p': 'update' })
  })

  test.each([
    ['type', 'sched_cls'],
    ['attachType', 'xdp_devmap'],
    ['flags', 32],
    ['license', 'MIT'],
    ['attachTo', 'bpf_iter_task'],
    ['kernelVersion', 1],
  ])('is loaded anew when its %s differs', (attribute, value) => {
    const other = program('p')
    const after = { ...other, load: { ...other.load, [attribute]: value } } as Resource
    expect(diff(applied([program('p')]), desired(after))).toMatchObject([
      { action: 'update', because: [{ attribute: `load.${attribute}` }] },
    ])
  })

  test('of which no record tells is unknown, not changed', () => {
    const current = applied([{ ...program('p'), load: undefined, code: undefined }])
    expect(diff(current, desired(program('p')))).toMatchObject([
      { action: 'update', because: [{ attribute: 'unknown' }] },
    ])
  })

  test('that the kernel binds to another map than the record says is loaded anew', () => {
    const current = applied([map('a'), { ...program('p', ['a']), maps: ['#99'] }])
    const change = byAddress(diff(current, desired(map('a'), program('p', ['a'])))).get('program.p')
    expect(change).toMatchObject({ action: 'update', because: [{ attribute: 'maps', before: '#99' }] })
  })
})

describe('a link', () => {
  const tracepoint = { kind: 'raw_tracepoint', name: 'sched_switch' } as const

  test('without update is replaced, by overlap unless the manifest says gap', () => {
    const stack = (version: number, onReplace: 'overlap' | 'gap'): Resource[] => [
      program('p', [], version),
      link('t', 'p', { target: tracepoint, onReplace }),
    ]
    const change = (onReplace: 'overlap' | 'gap') =>
      byAddress(diff(applied(stack(0, 'overlap')), desired(...stack(1, onReplace)))).get('link.t')
    expect(change('overlap')).toMatchObject({ action: 'replace', verdict: 'overlap' })
    expect(change('gap')).toMatchObject({ action: 'replace', verdict: 'gap' })
  })

  test('on another interface is made anew beside the old one', () => {
    const moved = link('eth0', 'p', { target: { kind: 'xdp', interface: 'eth1', ifindex: 2, mode: 'native' } })
    const changes = byAddress(diff(applied([program('p'), link('eth0', 'p')]), desired(program('p'), moved)))
    expect(changes.get('link.eth0')).toMatchObject({
      action: 'replace',
      verdict: 'overlap',
      because: [{ attribute: 'target' }],
    })
  })

  test('of which no record tells the mode is as good as the wanted one', () => {
    const unknown = link('eth0', 'p', { target: { kind: 'xdp', interface: 'eth0', ifindex: 1 } as never })
    expect(actions([program('p'), unknown], [program('p'), link('eth0', 'p')])).toMatchObject({ 'link.eth0': 'keep' })
  })

  test('of an exclusive hook in another mode needs a gap', () => {
    const generic = link('eth0', 'p', { target: { kind: 'xdp', interface: 'eth0', ifindex: 1, mode: 'generic' } })
    const changes = byAddress(diff(applied([program('p'), link('eth0', 'p')]), desired(program('p'), generic)))
    expect(changes.get('link.eth0')).toMatchObject({ action: 'replace', verdict: 'gap' })
  })

  test('that runs somebody else’s program is switched back', () => {
    const current = applied([program('p'), link('eth0', 'p', { program: '#223' })])
    expect(byAddress(diff(current, desired(program('p'), link('eth0', 'p')))).get('link.eth0')).toMatchObject({
      action: 'update',
      because: [{ attribute: 'program', before: '#223', after: 'program.p' }],
    })
  })

  test('whose device is gone is made anew', () => {
    const current = applied([program('p'), link('eth0', 'p')])
    const severed = { ...link('eth0', 'p'), live: { id: 12 as never, pins: ['live/links/eth0'], severed: true } }
    const changed = { ...current, resources: new Map(current.resources).set('link.eth0', severed) }
    expect(byAddress(diff(changed, desired(program('p'), link('eth0', 'p')))).get('link.eth0')).toMatchObject({
      action: 'replace',
      because: [{ attribute: 'severed' }],
    })
  })
})

describe('a struct of functions', () => {
  const struct = (type: string, value = '00', change = 0): Resource[] => [
    program('start', [], change),
    map('ops', {
      shape: { type: 'struct_ops', keySize: 4, valueSize: 128, maxEntries: 1, flags: 0x2000, mapExtra: 0 },
      contents: { kind: 'members', value, slots: new Map([[64, 'program.start']]) },
    }),
    link('ops', '', { program: 'map.ops', target: { kind: 'struct_ops', type, name: 'own' } }),
  ]
  const changed = (type: string, after: readonly Resource[]) =>
    byAddress(diff(applied(struct(type)), desired(...after)))

  test('is made anew with a program of it, and exchanged in place where the kernel can do that, else with a gap', () => {
    const control = changed('tcp_congestion_ops', struct('tcp_congestion_ops', '00', 1))
    expect(control.get('map.ops')).toMatchObject({
      action: 'replace',
      verdict: 'atomic',
      because: [{ attribute: 'members.64' }],
    })
    expect(control.get('link.ops')).toMatchObject({ action: 'update', verdict: 'atomic' })
    const scheduler = changed('sched_ext_ops', struct('sched_ext_ops', '00', 1))
    expect(scheduler.get('link.ops')).toMatchObject({ action: 'replace', verdict: 'gap' })
    expect(scheduler.get('map.ops')).toMatchObject({ action: 'replace', verdict: 'gap' })
  })

  test('is another one with another value, without a loss of data', () => {
    const changes = changed('tcp_congestion_ops', struct('tcp_congestion_ops', '01'))
    expect(changes.get('map.ops')).toMatchObject({ action: 'replace', because: [{ attribute: 'value' }] })
    expect(changes.get('program.start')).toMatchObject({ action: 'keep' })
    expect(changes.get('link.ops')).toMatchObject({ action: 'update' })
  })

  test('whose type no record tells is as good as the wanted one', () => {
    const [, , unknown] = struct('?')
    const before = replaced(struct('tcp_congestion_ops'), unknown as Resource)
    expect(actions(before, struct('tcp_congestion_ops'))).toMatchObject({ 'link.ops': 'keep', 'map.ops': 'keep' })
  })
})

test('what extends a program is loaded anew with it', () => {
  const extension = {
    ...program('instead'),
    load: { type: 'ext', flags: 0, license: 'GPL', attachTo: 'f', attachProgram: 'program.p' },
  } as const
  const before = [program('p'), extension]
  expect(actions(before, [program('p'), extension])).toEqual({ 'program.p': 'keep', 'program.instead': 'keep' })
  expect(actions(before, [program('p', [], 1), extension])).toEqual({
    'program.p': 'update',
    'program.instead': 'update',
  })
})
