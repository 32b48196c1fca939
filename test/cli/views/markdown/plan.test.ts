import { expect, test } from 'vitest'
import { renderErrorMarkdown } from '../../../../src/cli/views/markdown/error.ts'
import { renderMarkdown } from '../../../../src/cli/views/markdown/plan.ts'
import { type Diagnostic, type Holders, ManifestError, type Plan, PlanError } from '../../../../src/index.ts'
import { change, document, plan } from '../samples.ts'

const markdown = (it: Plan, limit?: number): string => renderMarkdown([document(it)], limit)

const array = 'live:map.tail_calls'
const held: Holders = { array, reachable: true, pins: ['live/maps/tail_calls'], open: false }

const upgrade = plan(
  [
    change('keep', 'map.flows', { entries: 1204 }),
    change('keep', 'program.parse_ipv4'),
    change('update', 'program.parse_ipv6', { because: [{ attribute: 'code' }] }),
    change('replace', 'map.tail_calls', { because: [{ attribute: 'slots.1' }], verdict: 'atomic' }),
    change('update', 'link.eth0', {
      because: [{ attribute: 'program', before: 'program.ingress', after: 'program.ingress' }],
      verdict: 'atomic',
      liveId: 89,
    }),
  ],
  {
    existing: { 'live:program.ingress': 223 },
    steps: [
      { phase: 'switch', kind: 'drain' },
      { phase: 'publish', kind: 'exchange', a: 'next', b: 'live' },
      { phase: 'retire', kind: 'drain' },
    ],
    ledger: {
      arrays: [array],
      rows: [0, 1, 2].map((step) => ({ step, holders: [{ ...held, open: step === 2 }] })),
    },
    pins: [{ action: 'create', path: '/sys/fs/bpf/tc/flows', address: 'map.flows' }],
  },
)

const lossy: Diagnostic = {
  severity: 'warning',
  code: 'P103',
  summary: 'Map replaced or deleted, entries lost',
  detail: 'map.counts is deleted: its 3 entries will be lost.',
  address: 'map.counts',
}
const refused: Diagnostic = {
  severity: 'error',
  code: 'P102',
  summary: 'Change of a map refused',
  detail: 'map.flows would be replaced.',
  hint: 'write `onChange: migrate`',
  address: 'map.flows',
  at: { file: 'pinfold.yaml', line: 100, column: 7 },
}

test('an upgrade: one line, the changes, the proof; what is unchanged and the steps are folded', () => {
  expect(markdown(upgrade)).toBe(`\
**pinfold plan · edge** · edge-1, kernel 6.18 · generation 7 → 8 · **1 to create, 2 to update, 1 to replace** (at worst: atomic) · not blocked

| | kind | name | what and why | verdict |
|:-:|---|---|---|---|
| \`~\` | program | \`parse_ipv6\` | code differs | |
| \`+/-\` | map | \`tail_calls\` | slot 1 differs: new array, switched with its callers | atomic |
| \`~\` | link | \`eth0\` | program #&#x200b;223 -> ingress, same link #&#x200b;89 | atomic |
| \`+\` | pin | \`/sys/fs/bpf/tc/flows\` | to map.flows | |

Tail calls: 1 array, held at every step and after a crash at every step.

<details><summary>2 unchanged</summary>

| | kind | name | state |
|:-:|---|---|---|
| \`=\` | map | \`flows\` | kept, 1,204 entries |
| \`=\` | program | \`parse_ipv4\` | unchanged |

</details>

<details><summary>3 steps, and who holds each program array where that changes</summary>

\`\`\`
Switch: live objects change, each step can be undone
  1. wait until no packet is inside a replaced program
       map.tail_calls (live): held by live/maps/tail_calls
Publish: the new tree takes the place of the old
  2. exchange next and live
Retire: what the old generation left goes
  3. wait until no packet is inside a replaced program
       map.tail_calls (live): held by live/maps/tail_calls, this process
\`\`\`

</details>
`)
})

test('what blocks or loses something is in the first line, and stands above the table with its advice', () => {
  const changes = [
    change('replace', 'map.flows', { because: [{ attribute: 'maxEntries', before: 1, after: 2 }] }),
    change('delete', 'map.counts', { entries: 3, verdict: 'data loss' }),
  ]
  expect(markdown(plan(changes, { steps: [], diagnostics: [refused, lossy] }))).toBe(`\
**pinfold plan · edge** · edge-1, kernel 6.18 · generation 7 → 8 · **1 to replace, 1 to delete** (at worst: **data loss**) · **BLOCKED by P102**

- **error P102** \`pinfold.yaml:100:7\` Change of a map refused: map.flows would be replaced.<br>_Hint:_ write &#x60;onChange: migrate&#x60;
- **warning P103** \`map.counts\` Map replaced or deleted, entries lost: map.counts is deleted: its 3 entries will be lost.

| | kind | name | what and why | verdict |
|:-:|---|---|---|---|
| \`+/-\` | map | \`flows\` | max entries 1 -> 2: new map | |
| \`-\` | map | \`counts\` | no longer declared, 3 entries lost | **data loss** |
`)
})

test.each([
  [plan([change('keep', 'map.flows')], { generation: { from: 7, to: 7 } }), 'no changes, 1 object as declared'],
  [plan([], { steps: upgrade.steps }), '**3 steps** · not blocked'],
  [plan([change('create', 'map.a')], { diagnostics: [lossy] }), '**1 to create** · not blocked, warnings: P103'],
])('the first line alone says what will happen (%#)', (it, end) => {
  const [line = ''] = markdown(it).split('\n')
  expect(line.slice(line.indexOf(' · ', line.indexOf('generation')) + 3)).toBe(end)
})

test('what may not be is marked in the table, and a change of protection is no unchanged object', () => {
  const shown = plan(
    [
      change('keep', 'map.seen', { protection: 'set' }),
      change('replace', 'map.flows', { because: [{ attribute: 'type' }], verdict: 'data loss', blocked: 'P102' }),
      change('delete', 'program.old', { blocked: 'P140' }),
    ],
    { protection: 'set', diagnostics: [refused], steps: [] },
  )
  expect(markdown(shown)).toContain(`
| \`=\` | map | \`seen\` | kept, protected from now on | |
| \`+/-\` | map | \`flows\` | type none -> none: new map | **data loss** **BLOCKED P102** |
| \`-\` | program | \`old\` | no longer declared | **BLOCKED P140** |

The stack is protected from now on.
`)
})

test('an interrupted run is named in the first line, since it is finished first', () => {
  const recovery = plan([], { action: 'recover' })
  const [line] = renderMarkdown([document(upgrade, recovery)]).split('\n')
  expect(line).toContain(' · **an interrupted run is finished first**, **1 to create, ')
})

test('what somebody else changed is in the first line, and told apart below', () => {
  const drift = [{ kind: 'lost', address: 'map.flows', path: 'live/maps/flows', because: [] }] as const
  const text = markdown(plan([change('create', 'map.flows')], { drift }))
  expect(text).toContain(' · **1 to create** · **drift: 1 difference** · not blocked\n')
  expect(text).toContain('\nDrift: 1 difference from what was last applied; pinfold plan --drift-only tells by whom.\n')
})

test('the plans of several hosts share the room, one line above the fold for each', () => {
  const text = renderMarkdown([document(upgrade), document(upgrade)], 1400)
  expect(text.length).toBeLessThanOrEqual(1400)
  expect(text.match(/^\*\*pinfold plan · edge\*\*/gm)).toHaveLength(2)
})

test('an error takes the place of the plan, with every mistake or its own advice', () => {
  expect(renderErrorMarkdown(new ManifestError('2 mistakes', [refused, lossy]))).toBe(`\
**pinfold plan failed** · 2 messages

- **error P102** \`pinfold.yaml:100:7\` Change of a map refused: map.flows would be replaced.<br>_Hint:_ write &#x60;onChange: migrate&#x60;
- **warning P103** \`map.counts\` Map replaced or deleted, entries lost: map.counts is deleted: its 3 entries will be lost.
`)
  expect(renderErrorMarkdown(new PlanError('cannot plan edge: <no>', { code: 'P101', hint: 'do *that*' }))).toBe(`\
**pinfold plan failed** · error P101: cannot plan edge: &#x3c;no>

_Hint:_ do &#x2a;that&#x2a;
`)
})
