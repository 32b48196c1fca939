import { expect, test } from 'vitest'
import { renderLedger, renderPlan } from '../../../src/cli/views/plan.ts'
import type { Holders, Ledger } from '../../../src/index.ts'
import { change, linux, plain, plan } from './samples.ts'

const array = 'live:map.tail_calls'
const held: Holders = { array, reachable: true, pins: ['live/maps/tail_calls'], open: false }
const ledgerOf = (...rows: Holders[]): Ledger => ({
  arrays: [array],
  rows: rows.map((holders, step) => ({ step, holders: [holders] })),
})

const upgrade = plan(
  [
    change('keep', 'map.flows', { entries: 1204 }),
    change('keep', 'program.parse_ipv4'),
    change('update', 'program.parse_ipv6', { because: [{ attribute: 'code' }] }),
    change('replace', 'map.tail_calls', { because: [{ attribute: 'slots.1' }], verdict: 'atomic' }),
    change('update', 'program.ingress', { because: [{ attribute: 'uses', after: 'map.tail_calls' }] }),
    change('update', 'link.eth0', {
      because: [{ attribute: 'program', before: 'program.ingress', after: 'program.ingress' }],
      verdict: 'atomic',
      liveId: 89,
    }),
  ],
  { existing: { 'live:program.ingress': 223 }, ledger: ledgerOf(held) },
)

test('the plan of the design, letter by letter', () => {
  expect(
    renderPlan(upgrade, { identity: linux, paint: plain }),
  ).toBe(`pinfold plan · edge · kernel 6.18 · generation 7 -> 8

  = map      flows        kept, 1,204 entries
  = program  parse_ipv4   unchanged
  ~ program  parse_ipv6   code differs
 +/- map     tail_calls   slot 1 differs: new array, switched with its callers   atomic
  ~ program  ingress      reloaded: uses map.tail_calls
  ~ link     eth0         program #223 -> new ingress, same link #89             atomic

Plan: 0 to create, 3 to update, 1 to replace, 0 to delete, 2 kept.
Tail calls: 1 array, held at every step and after a crash at every step.
`)
})

test('what is only known by another address is kept, and says where it was', () => {
  const changes = [
    change('keep', 'map.flows', { entries: 3, movedFrom: 'map.sessions' }),
    change('update', 'program.ingress', { because: [{ attribute: 'code' }], movedFrom: 'program.main' }),
  ]
  expect(renderPlan(plan(changes), { identity: linux, paint: plain })).toContain(
    `
  = map      flows     moved from map.sessions, kept, 3 entries
  ~ program  ingress   moved from program.main, code differs
`,
  )
})

test('what may not be is marked, in its line and at its steps, and so is what becomes of a protection', () => {
  const shown = plan(
    [
      change('keep', 'map.seen', { protection: 'set' }),
      change('replace', 'map.flows', {
        because: [{ attribute: 'maxEntries', before: 8, after: 16 }],
        verdict: 'data loss',
        entries: 3,
        blocked: 'P140',
      }),
      change('delete', 'program.old', { protection: 'lifted', blocked: 'P140' }),
    ],
    {
      protection: 'lifted',
      steps: [{ phase: 'prepare', kind: 'create-map', target: 'next:map.flows', blocked: 'P140' }],
      diagnostics: [{ severity: 'error', code: 'P140', summary: 'Protected', detail: 'It is.', address: 'map.flows' }],
    },
  )
  expect(
    renderPlan(shown, { identity: linux, paint: plain, steps: true }),
  ).toBe(`pinfold plan · edge · kernel 6.18 · generation 7 -> 8

  = map      seen    kept, protected from now on
 +/- map     flows   max entries 8 -> 16: new map, 3 entries lost   data loss   BLOCKED P140
  - program  old     no longer declared, not protected any more                 BLOCKED P140

Plan: 0 to create, 0 to update, 1 to replace, 1 to delete, 1 kept.
The stack is not protected any more.

Prepare: nothing live is touched
  1. create map.flows   BLOCKED P140

map.flows: error P140 Protected: It is.
  hint: pinfold explain P140 says more
`)
})

test('pins elsewhere stand below the objects, each with what it leads to, and are counted', () => {
  const path = (name: string) => `/sys/fs/bpf/tc/${name}`
  const pins = [
    { action: 'create', path: path('new'), address: 'map.flows' },
    { action: 'create', path: path('lost'), address: 'map.flows', cause: 'drift' },
    { action: 'update', path: path('calls'), address: 'map.calls' },
    { action: 'keep', path: path('flows'), address: 'map.flows' },
    { action: 'delete', path: path('old'), address: 'map.flows' },
  ] as const
  const changes = [change('replace', 'map.calls', { because: [{ attribute: 'slots.1' }], verdict: 'atomic' })]
  expect(renderPlan(plan(changes, { pins }), { identity: linux, paint: plain })).toBe(
    `pinfold plan · edge · kernel 6.18 · generation 7 -> 8

 +/- map     calls                  slot 1 differs: new array, switched with its callers   atomic
  + pin      /sys/fs/bpf/tc/new     to map.flows
  + pin      /sys/fs/bpf/tc/lost    drift: to map.flows: somebody removed it
  ~ pin      /sys/fs/bpf/tc/calls   to the new map.calls                                   atomic
  = pin      /sys/fs/bpf/tc/flows   to map.flows
  - pin      /sys/fs/bpf/tc/old     to map.flows, no longer declared

Plan: 2 to create, 1 to update, 1 to replace, 1 to delete, 1 kept.
`,
  )
})

test('with nothing to do it says so, and that the arrays are held', () => {
  const nothing = plan([change('keep', 'map.tail_calls')], {
    generation: { from: 7, to: 7 },
    ledger: { arrays: [array], rows: [] },
  })
  expect(renderPlan(nothing, { identity: { ...linux, kind: 'memory' }, paint: plain })).toBe(
    `pinfold plan · edge · kernel 6.18 in memory · generation 7

No changes. 1 object as declared.
Tail calls: 1 array, held.
`,
  )
})

test('creation, deletion and loss are told with their reasons; risks stand below', () => {
  const risky = plan(
    [
      change('create', 'program.extra'),
      change('delete', 'link.old'),
      change('delete', 'map.counts', { entries: 3, verdict: 'data loss' }),
      change('replace', 'link.tp', { because: [{ attribute: 'severed' }], verdict: 'gap', cause: 'drift' }),
    ],
    {
      diagnostics: [
        {
          severity: 'warning',
          code: 'P103',
          summary: 'Map replaced or deleted, entries lost',
          detail: 'map.counts is deleted: its 3 entries will be lost.',
          address: 'map.counts',
        },
      ],
    },
  )
  expect(renderPlan(risky, { identity: linux, paint: plain })).toBe(
    `pinfold plan · edge · kernel 6.18 · generation 7 -> 8

  + program  extra    new
  - link     old      no longer declared
  - map      counts   no longer declared, 3 entries lost                      data loss
 +/- link    tp       drift: what it was attached to is gone: attached anew   gap

Plan: 1 to create, 0 to update, 1 to replace, 2 to delete, 0 kept.

map.counts: warning P103 Map replaced or deleted, entries lost: map.counts is deleted: its 3 entries will be lost.
`,
  )
})

test('--steps lists each step under its phase, with the holders of each array that exists', () => {
  const gone: Holders = { array: 'next:map.tail_calls', reachable: false, pins: [], open: false }
  const stepped = plan(upgrade.changes, {
    steps: [
      { phase: 'prepare', kind: 'create-map', target: 'next:map.tail_calls' },
      { phase: 'publish', kind: 'exchange', a: 'next', b: 'live' },
      {
        phase: 'retire',
        kind: 'await-unused',
        path: 'gen-7/maps/tail_calls',
        target: 'live:map.tail_calls',
        programs: [],
        members: [],
      },
    ],
    ledger: {
      arrays: [array, gone.array],
      rows: [
        { step: 0, holders: [held, { ...gone, open: true }] },
        { step: 1, holders: [held, { ...gone, open: true, pins: ['live/maps/tail_calls'], reachable: true }] },
        {
          step: 2,
          holders: [
            { ...held, pins: [], reachable: false },
            { ...gone, open: true, reachable: true },
          ],
        },
      ],
    },
  })
  const text = renderPlan(stepped, { identity: linux, paint: plain, steps: true })
  expect(
    text.slice(text.indexOf('Tail calls')),
  ).toBe(`Tail calls: 1 array, held at every step, but NOT after a crash at step 3.

Prepare: nothing live is touched
  1. create map.tail_calls
       map.tail_calls (live): held by live/maps/tail_calls
       map.tail_calls (next): held by this process (no live program reaches it)
Publish: the new tree takes the place of the old
  2. exchange next and live
       map.tail_calls (live): held by live/maps/tail_calls
       map.tail_calls (next): held by live/maps/tail_calls, this process
Retire: what the old generation left goes
  3. see that nothing uses map.tail_calls any more
       map.tail_calls (next): held by this process
`)
})

test.each([
  ['no arrays', { arrays: [], rows: [] }, undefined],
  ['a lost one', ledgerOf(held, { ...held, pins: [] }), 'Tail calls: 1 array, NOT held after step 2.'],
  [
    'one that only a descriptor holds',
    ledgerOf({ ...held, pins: [], open: true }),
    'Tail calls: 1 array, held at every step, but NOT after a crash at step 1.',
  ],
  [
    'one that nothing reaches',
    ledgerOf({ ...held, pins: [], reachable: false }),
    'Tail calls: 1 array, held at every step and after a crash at every step.',
  ],
])('the proof in one line never claims more than the ledger: %s', (_, ledger, line) => {
  expect(renderLedger(ledger)).toBe(line)
})

test('what a destroy keeps is told with its reason, and what is left alone is no deletion', () => {
  const kept = [
    change('keep', 'map.flows', { because: [{ attribute: 'onDestroy', after: 'keep' }], entries: 3 }),
    change('keep', 'program.ingress', { because: [{ attribute: 'neededBy', after: 'link.eth0' }] }),
  ]
  const destroy = { action: 'destroy', generation: { from: 7, to: 8 } } as const
  expect(renderPlan(plan([...kept, change('delete', 'link.eth1')], destroy), { identity: linux, paint: plain })).toBe(
    `pinfold destroy · edge · kernel 6.18 · generation 7 -> 8

  = map      flows     kept, 3 entries: onDestroy: keep
  = program  ingress   kept: link.eth0 needs it
  - link     eth1      removed

Plan: 0 to create, 0 to update, 0 to replace, 1 to delete, 2 kept.
`,
  )
  const again = plan(kept, { ...destroy, generation: { from: 8, to: 8 } })
  expect(renderPlan(again, { identity: linux, paint: plain })).toBe(
    `pinfold destroy · edge · kernel 6.18 · generation 8

  = map      flows     kept, 3 entries: onDestroy: keep
  = program  ingress   kept: link.eth0 needs it

Nothing to destroy: 2 objects kept; --purge removes what is kept, too.
`,
  )
})

test('what leaves the stack is counted as kept; what a destroy will do is a change', () => {
  const path = '/sys/fs/bpf/forgotten/edge/maps/flows'
  const changes = [
    change('keep', 'map.hosts', { retention: 'set' }),
    change('keep', 'link.eth0', { retention: 'lifted' }),
    change('delete', 'map.flows', { leaves: path }),
  ]
  const pins = [{ action: 'create', path, address: 'map.flows' }] as const
  expect(renderPlan(plan(changes, { action: 'forget', pins }), { identity: linux, paint: plain })).toBe(
    `pinfold forget · edge · kernel 6.18 · generation 7 -> 8

  = map      hosts                                   kept, kept by a destroy from now on
  = link     eth0                                    unchanged, not kept by a destroy any more
  - map      flows                                   leaves the stack as it is, pinned at ${path}
  + pin      /sys/fs/bpf/forgotten/edge/maps/flows   to map.flows

Plan: 1 to create, 0 to update, 0 to replace, 0 to delete, 3 kept.
`,
  )
})

test('a plan says of each change whether it is drift, and that there is some', () => {
  const changes = [
    change('update', 'program.ingress', { because: [{ attribute: 'tag', before: 'aa' }], cause: 'drift' }),
    change('update', 'program.parse', { because: [{ attribute: 'code' }], cause: 'both' }),
    change('create', 'map.flows', { cause: 'drift' }),
  ]
  const drift = [{ kind: 'lost', address: 'map.flows', path: 'live/maps/flows', because: [] }] as const
  expect(renderPlan(plan(changes, { drift }), { identity: linux, paint: plain })).toBe(
    `pinfold plan · edge · kernel 6.18 · generation 7 -> 8

  ~ program  ingress   drift: somebody replaced it
  ~ program  parse     drift, and the manifest: code differs
  + map      flows     drift: somebody removed its pin: new

Plan: 1 to create, 2 to update, 0 to replace, 0 to delete, 0 kept.
Drift: 1 difference from what was last applied; pinfold plan --drift-only tells by whom.
`,
  )
})
