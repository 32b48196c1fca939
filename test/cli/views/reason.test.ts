import { expect, test } from 'vitest'
import { renderReason } from '../../../src/cli/views/reason.ts'
import type { Change, Reason } from '../../../src/index.ts'
import { change, plan } from './samples.ts'

const phrase = (because: readonly Reason[], other: Partial<Change> = {}, address: Change['address'] = 'map.flows') =>
  renderReason(change('replace', address, { because, ...other }), plan([]))

test.each<readonly [string, readonly Reason[], string]>([
  ['one number', [{ attribute: 'maxEntries', before: 1024, after: 4096 }], 'max entries 1,024 -> 4,096: new map'],
  [
    'what was not there',
    [{ attribute: 'load.attachTo', after: 'bpf_iter_task' }],
    'attach to none -> bpf_iter_task: new map',
  ],
  [
    'several slots',
    [{ attribute: 'slots.1' }, { attribute: 'slots.2' }],
    'slots 1, 2 differ: new array, switched with its callers',
  ],
  ['members', [{ attribute: 'members.8' }], 'one of its programs differs: new map, switched with its link'],
  [
    'many members',
    [{ attribute: 'members.8' }, { attribute: 'members.16' }],
    '2 of its programs differ: new map, switched with its link',
  ],
  ['a struct', [{ attribute: 'value' }], 'the value differs: new map, switched with its link'],
  ['inner maps', [{ attribute: 'inner.0' }, { attribute: 'inner.3' }], 'inner maps 0, 3 differ: new map'],
  ['data', [{ attribute: 'initial' }], 'initial data differs: new map'],
  ['no record', [{ attribute: 'unknown' }], 'no record tells what is loaded: new map'],
  ['another pin', [{ attribute: 'tag', before: 'aa' }], 'somebody replaced it: new map'],
  ['an offset', [{ attribute: 'offset.map.rodata' }], 'place within map.rodata differs: new map'],
  ['a lost pin', [{ attribute: 'pin', after: 'true' }], 'its pin is missing: new map'],
  ['a pin that goes', [{ attribute: 'pin', before: 'true' }], 'its pin goes: new map'],
  ['a former generation', [{ attribute: 'generation', after: 7 }], 'the former one again, #7'],
  [
    'many fields',
    ['a', 'b', 'c', 'd', 'e'].map((field) => ({ attribute: `layout.value.${field}`, before: 'u32', after: 'u64' })),
    'value.a u32 -> u64, value.b u32 -> u64, value.c u32 -> u64 and 2 more fields: new map',
  ],
  [
    'fields that come and go, and something else',
    [
      { attribute: 'layout.value.new', after: 'u32' },
      { attribute: 'layout.value.old', before: 'u32' },
      { attribute: 'flags', before: 0, after: 1 },
    ],
    'new value.new, without value.old; flags 0 -> 1: new map',
  ],
])('%s', (_, because, text) => {
  expect(phrase(because)).toBe(text)
})

test('what becomes of the entries of a map that is replaced', () => {
  const because = [{ attribute: 'maxEntries', before: 1, after: 2 }]
  const larger = 'max entries 1 -> 2: new map'
  expect(phrase(because, { entries: 1, verdict: 'data loss' })).toBe(`${larger}, 1 entry lost`)
  expect(phrase(because, { entries: 1204, migration: {} as never })).toBe(`${larger}, 1,204 entries carried over`)
  expect(phrase(because, { migration: { merge: 'sum' } as never })).toBe(
    `${larger}, contents carried over, counts added`,
  )
})

test('what a link runs is told by id and name, former ones and maps of programs, too', () => {
  const because = (before: string, after: string) => [{ attribute: 'program', before, after }]
  const text = (before: string, after: string, made: Change) =>
    renderReason(
      change('update', 'link.eth0', { because: because(before, after), liveId: 9 }),
      plan([made], { existing: { 'live:program.a': 5 } }),
    )
  expect(text('program.a', 'program.a', change('keep', 'program.a'))).toBe('program #5 -> a, same link #9')
  expect(text('#12', 'program.a', change('create', 'program.a'))).toBe('program #12 -> new a, same link #9')
  const former = change('replace', 'program.a', { because: [{ attribute: 'generation', after: 3 }] })
  expect(text('program.b', 'program.a', former)).toBe('program b -> former a, same link #9')
  expect(text('map.cubic', 'map.reno', change('create', 'map.reno'))).toBe('map cubic -> new reno, same link #9')
})
