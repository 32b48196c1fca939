import { expect, test } from 'vitest'
import { block, code, prose } from '../../../../src/cli/views/markdown/escape.ts'
import { renderMarkdown } from '../../../../src/cli/views/markdown/plan.ts'
import { change, document, plan } from '../samples.ts'

test.each([
  ['max entries 1,024 -> 2,048', 'max entries 1,024 -> 2,048'],
  ['uses tail_calls_v2', 'uses tail_calls_v2'],
  ['_em_ *strong* ~gone~', '&#x5f;em&#x5f; &#x2a;strong&#x2a; &#x7e;gone&#x7e;'],
  ['a | b', 'a &#x7c; b'],
  ['`rm`', '&#x60;rm&#x60;'],
  ['\\| \\', '&#x5c;&#x7c; &#x5c;'],
  ['</td><script>&lt;', '&#x3c;/td>&#x3c;script>&#x26;lt;'],
  ['![x](y) [a][b]', '!&#x5b;x](y) &#x5b;a]&#x5b;b]'],
  ['$x$', '&#x24;x&#x24;'],
  ['@root, a@b.c, #12, GH-12', '@&#x200b;root, a@&#x200b;b.c, #&#x200b;12, GH&#x200b;-12'],
  ['https://evil.example www.evil.example', 'https:&#x200b;//evil.example www&#x200b;.evil.example'],
  ['at :100: and :tada:', 'at :&#x200b;100: and :&#x200b;tada:'],
  ['two\nlines\r\n# title', 'two lines  # title'],
  ['\u202eevil\u0000\u200b', '&#x5c;u202eevil&#x5c;u0000&#x5c;u200b'],
])('%j is text and nothing else', (text, expected) => {
  expect(prose(text)).toBe(expected)
})

test.each([
  ['map.flows', '`map.flows`'],
  ['/sys/fs/bpf/tc/globals/flows', '`/sys/fs/bpf/tc/globals/flows`'],
  ['a`b', '<code>a&#x60;b</code>'],
  ['a|b', '<code>a&#x7c;b</code>'],
  ['*a* </code>', '<code>&#x2a;a&#x2a; &#x3c;&#x2f;code&#x3e;</code>'],
  ['x http://a', '<code>x http&#x3a;&#x2f;&#x2f;a</code>'],
  ['a @b', '<code>a &#x40;&#x200b;b</code>'],
  ['', '<code>&#x200b;</code>'],
  ['\u202e', '<code>&#x5c;u202e</code>'],
])('%j is a name and nothing else', (text, expected) => {
  expect(code(text)).toBe(expected)
})

test('what is too long for a sentence ends in dots', () => {
  expect(prose('x'.repeat(5000))).toBe(`${'x'.repeat(1000)}…`)
})

test('lines of a block cannot end it', () => {
  expect(block(['```', '</details>', 'a\nb ````'], 'diff')).toBe('`````diff\n```\n</details>\na b ````\n`````')
})

const nasty = '`|</details><img src=x>\n\n# @root #1 ![](http://x)'

test('names and messages from a manifest break neither the table nor what is around it', () => {
  const changes = [change('update', `map.${nasty}`, { because: [{ attribute: nasty, before: nasty, after: nasty }] })]
  const diagnostics = [
    {
      severity: 'warning',
      code: 'P103',
      summary: 'Risk',
      detail: nasty,
      hint: nasty,
      at: { file: nasty, line: 1, column: 2 },
    },
  ] as const
  const pins = [{ action: 'keep', path: nasty, address: `map.${nasty}` }] as const
  const steps = [{ phase: 'prepare', kind: 'make-directory', path: `\n\`\`\`\n</details>${nasty}` }] as const
  const text = renderMarkdown([document(plan(changes, { stack: nasty, pins, steps, diagnostics }))])
  const outside = text.replace(/^(`{3,})\n[\s\S]*?\n\1$/gm, '')
  // Only the markup that the view makes itself is left: nothing of what came in.
  const tags = outside.match(/<[^>]*>?/g) ?? []
  expect(new Set(tags)).toEqual(
    new Set(['<code>', '</code>', '<br>', '<details>', '<summary>', '</summary>', '</details>']),
  )
  expect(outside).not.toMatch(/@root|#1\b(?!;)|!\[\]|http:\/\//)
  const rows = outside.split('\n').filter((line) => line.startsWith('|'))
  expect(rows.map((row) => row.split('|').length)).toEqual([7, 7, 7, 6, 6, 6])
  expect(outside.split('\n').filter((line) => line.startsWith('- '))).toHaveLength(1)
})
