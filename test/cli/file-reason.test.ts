import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { whyUnreadable, whyUnwritable } from '../../src/cli/file-reason.ts'
import { main } from '../../src/cli/main.ts'
import { fakeTerminal } from './support/fake-terminal.ts'

const directory = mkdtempSync(join(tmpdir(), 'pinfold-reason-'))
afterAll(() => rmSync(directory, { recursive: true }))
writeFileSync(join(directory, 'file'), '')

const memory = ['-f', 'examples/tail-calls/pinfold.yaml', '--kernel', 'memory']

test.each([
  [
    ['show', directory],
    'C130: cannot use HERE as a plan: it is a directory\n!   hint: a stack goes by its name, without its path',
  ],
  [['apply', join(directory, 'none.json')], 'C130: cannot use HERE/none.json as a plan: there is no such file'],
  [['inspect', directory], 'C113: cannot read HERE: it is a directory'],
  [
    ['plan', '--against', join(directory, 'file/x'), ...memory.slice(0, 2)],
    'C150: cannot read HERE/file/x: a part of its path is no directory',
  ],
  [
    ['plan', '--out', join(directory, 'none/x'), ...memory],
    'C134: cannot save the plan as HERE/none/x: its directory does not exist',
  ],
  [
    ['plan', '--state', join(directory, 'none/x'), ...memory],
    'C112: cannot use HERE/none/x: its directory does not exist',
  ],
])('a file that cannot be had is told in words, and nothing of how it was tried: %j', async (words, says) => {
  const { terminal, printed } = fakeTerminal()
  expect(await main(words, terminal)).toBe(1)
  expect(printed().replaceAll(directory, 'HERE')).toContain(`error ${says}\n`)
})

test('what the words do not know is told as Node does', () => {
  const unknown = Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })
  expect([whyUnreadable(unknown), whyUnwritable(unknown)]).toEqual(['EIO: i/o error', 'EIO: i/o error'])
  expect(whyUnwritable(Object.assign(new Error(''), { code: 'ENOSPC' }))).toBe('no space is left there')
})
