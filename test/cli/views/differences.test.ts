import { expect, test } from 'vitest'
import { renderDifferences } from '../../../src/cli/views/differences.ts'
import { renderMarkdown } from '../../../src/cli/views/markdown/plan.ts'
import { renderPlan } from '../../../src/cli/views/plan.ts'
import type { Difference } from '../../../src/index.ts'
import { checkDocument } from '../../support/printed.ts'
import { change, document, linux, plain, plan } from './samples.ts'

const differences: readonly Difference[] = [
  {
    address: 'map.allow',
    parts: [
      { kind: 'attributes', values: [{ name: 'maxEntries', before: '1024', after: '4096' }] },
      {
        kind: 'entries',
        values: [
          { name: '10.0.0.0/8', before: '1', after: '2' },
          { name: '192.168.0.0/16', after: '1' },
        ],
        omitted: 1200,
      },
    ],
  },
  { address: 'map.calls', parts: [{ kind: 'slots', values: [{ name: '3', before: 'program.old' }] }] },
  {
    address: 'program.filter',
    parts: [
      {
        kind: 'code',
        instructions: { before: 45, after: 46 },
        lines: { removed: 1, added: 2 },
        hunks: [
          {
            before: { instruction: 12, count: 2 },
            after: { instruction: 12, count: 3 },
            function: 'filter',
            source: 'allow.bpf.c:45',
            lines: [' r1 = 5', ';return x; @ allow.bpf.c:45', '-r2 = 6', '+r2 = 7', '+r3 = 8'],
          },
          { before: { instruction: 30, count: 0 }, after: { instruction: 31, count: 1 }, lines: ['+exit'] },
        ],
        omitted: 1,
      },
    ],
  },
  { address: 'program.other', parts: [{ kind: 'code', instructions: { before: 5, after: 5000 }, hunks: [] }] },
]

const text = `\
map.allow, attributes:
- maxEntries: 1024
+ maxEntries: 4096

map.allow, declared entries:
- 10.0.0.0/8: 1
+ 10.0.0.0/8: 2
+ 192.168.0.0/16: 1
... 1,200 more values left out

map.calls, slots:
- slot 3: program.old

program.filter, 45 -> 46 instructions, 1 line removed, 2 added:
@@ -12,2 +12,3 @@ filter at allow.bpf.c:45
  r1 = 5
  ; return x; @ allow.bpf.c:45
- r2 = 6
+ r2 = 7
+ r3 = 8
@@ -30,0 +31,1 @@
+ exit
... 1 more hunk left out

program.other, 5 -> 5,000 instructions, too different to compare line by line`

test('every kind of difference, in the marks of a diff', () => {
  expect(renderDifferences(differences, plain)).toBe(text)
})

test('on a terminal titles are bold, and lines have the colours of a diff', () => {
  const seen: string[] = []
  renderDifferences(differences, (style, line) => {
    seen.push(`${style} ${line}`)
    return line
  })
  expect(seen).toContain('bold map.allow, attributes:')
  expect(seen).toContain('red - maxEntries: 1024')
  expect(seen).toContain('green + maxEntries: 4096')
  expect(seen).toContain('cyan @@ -30,0 +31,1 @@')
  expect(seen).toContain('dim   ; return x; @ allow.bpf.c:45')
  expect(seen.some((line) => line.includes('r1 = 5') || line.includes('left out'))).toBe(false)
})

const update = plan([change('update', 'program.filter', { because: [{ attribute: 'code' }] })])

test('in the text of a plan they stand between the total and the risks; where nothing is to be done not at all', () => {
  const view = { identity: linux, paint: plain, details: renderDifferences([], plain) }
  expect(renderPlan(update, view)).toBe(`\
pinfold plan · edge · kernel 6.18 · generation 7 -> 8

  ~ program  filter   code differs

Plan: 0 to create, 1 to update, 0 to replace, 0 to delete, 0 kept.

Nothing that exists differs in detail.
`)
  expect(renderPlan(plan([]), view)).not.toContain('differs in detail')
})

test('in markdown they are folded, as a diff', () => {
  const markdown = renderMarkdown([{ ...document(update), differences }])
  expect(markdown).toContain(`
<details><summary>What differs in 4 objects</summary>

\`\`\`diff
${text}
\`\`\`

</details>
`)
})

test('in JSON they are data, as the schema says, and nothing else fits it', () => {
  const plan = { ...document(update), differences }
  expect(() => checkDocument(plan, 'plan')).not.toThrow()
  const [first] = differences
  const strange = { ...plan, differences: [{ ...first, parts: [{ kind: 'entries', values: [], more: 1 }] }] }
  expect(() => checkDocument(strange, 'plan')).toThrow(/differences/)
})

test('a comment that is too long loses whole hunks and values, and says how many', () => {
  const hunk = {
    before: { instruction: 0, count: 1 },
    after: { instruction: 0, count: 1 },
    lines: ['-r1 = 0', '+r1 = 1'],
  }
  const many: Difference = {
    address: 'program.filter',
    parts: [
      {
        kind: 'code',
        instructions: { before: 9999, after: 9999 },
        lines: { removed: 5000, added: 5000 },
        hunks: Array.from({ length: 5000 }, () => hunk),
      },
    ],
  }
  const markdown = renderMarkdown([{ ...document(update), differences: [many] }])
  expect(markdown.length).toBeLessThan(65_536)
  const left = /^… ([\d,]+) more differences left out here; pinfold plan --diff prints all of them$/m.exec(
    markdown,
  )?.[1]
  expect(markdown.match(/^@@ -0,1 \+0,1 @@\n- r1 = 0\n\+ r1 = 1$/gm)?.length).toBe(
    5000 - Number(left?.replace(',', '')),
  )
})

test('what objects bring along cannot move the cursor of a terminal, nor make lines', () => {
  const values = [{ name: 'name\u001b[2J', before: '\u202e', after: 'a\nb' }]
  expect(renderDifferences([{ address: 'map.rodata', parts: [{ kind: 'variables', values }] }], plain)).toBe(
    'map.rodata, variables:\n- name\\u001b[2J: \\u202e\n+ name\\u001b[2J: a b',
  )
})
