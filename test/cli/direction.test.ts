import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { inOneDirection } from '../../src/cli/views/text.ts'
import { pinfold } from './support/pinfold.ts'

const directory = mkdtempSync(join(tmpdir(), 'pinfold-direction-'))
afterAll(() => rmSync(directory, { recursive: true }))
const turning = /\p{Bidi_Control}/u
const memory = ['--kernel', 'memory', '--state', join(directory, 'kernel.json')]

test('every character that turns the direction of reading is escaped, and nothing else', () => {
  const all = Array.from({ length: 0x10000 }, (_, point) => String.fromCharCode(point))
  expect(all.filter((it) => inOneDirection(it) !== it)).toEqual(all.filter((it) => turning.test(it)))
})

test('names that turn the direction of reading do so in no command; documents hold them as they are', async () => {
  const [link, program] = ['up\u202eknil', 'in\u2066sserg\u2069']
  const manifest = ['-f', manifestOf(link, program), ...memory]
  const document = await pinfold('plan', '--json', ...manifest)
  const addresses = JSON.parse(document.printed).changes.map((change: { address: string }) => change.address)
  expect(addresses).toEqual(expect.arrayContaining([`link.${link}`, `program.${program}`]))
  for (const words of [
    ['plan', '--steps', '--diff', ...manifest],
    ['plan', '--format', 'markdown', ...manifest],
    ['apply', '--auto-approve', ...manifest],
    ['show', ...memory],
    ['show', '--json', ...memory],
    ['snapshot', ...memory],
    ['forget', `link.${program}`, '--stack', 'edge', ...memory],
    ['destroy', '--auto-approve', ...manifest],
    ['show', link, ...memory],
  ]) {
    const { printed } = await pinfold(...words)
    expect(printed, words[0]).toMatch(/\\u(202e|2066)/)
    expect(printed, words[0]).not.toMatch(turning)
  }
  expect(document.printed).not.toMatch(turning)
})

function manifestOf(link: string, program: string): string {
  const file = join(directory, 'edge.yaml')
  writeFileSync(
    file,
    `version: 1
name: edge
objects: { main: { file: ${resolve('examples/rolling-upgrade/v1.bpf.o')} } }
maps: { handlers: { slots: { 0: count_protocol } } }
programs: { "${program}": { function: ingress }, count_protocol: {} }
links: { "${link}": { program: "${program}", attach: { xdp: { interface: eth0, mode: generic } } } }
`,
  )
  return file
}
