import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { allCodes } from '../../src/cli/all-codes.ts'
import { main } from '../../src/cli/main.ts'
import { fakeTerminal } from './support/fake-terminal.ts'

async function explain(...words: string[]): Promise<string> {
  const { terminal, printed } = fakeTerminal()
  expect(await main(['explain', ...words], terminal)).toBe(0)
  return printed()
}

/** The rows of docs/errors.md. */
const rows = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| ([A-Z]\d+) \| (.*?) \| (.*) \|$/gm)].map(
  ([, code = '', ...cells]) => [code, ...cells.map((cell) => cell.replaceAll('\\|', '|'))] as const,
)

test('explain prints of every code what docs/errors.md says of it', async () => {
  expect(rows.length).toBeGreaterThan(100)
  const text = await explain(...rows.map(([code]) => code))
  expect(text).toBe(rows.map(([code, summary, explanation]) => `${code} ${summary}\n  ${explanation}\n`).join(''))
})

test('without a code it lists them all, one a line, in order', async () => {
  const lines = (await explain()).trimEnd().split('\n')
  expect(lines).toEqual([...allCodes()].map(([code, { summary }]) => `${code} ${summary}`))
  expect(lines.map((line) => line.slice(0, 4))).toEqual(rows.map(([code]) => code).toSorted())
})

test('it works without the addon and off Linux', () => {
  const elsewhere =
    'data:text/javascript,Object.defineProperty(process,"platform",{value:"darwin"});process.dlopen=()=>{throw new Error("no addon here")}'
  const words = ['--import', elsewhere, 'dist/cli/pinfold.js', 'explain', 'K104']
  const { status, stdout } = spawnSync(process.execPath, words, { encoding: 'utf8' })
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^K104 No native addon\n {2}Run /) })
})
