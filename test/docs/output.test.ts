import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { commandNames } from '../../src/cli/command-table.ts'
import { exitCodeTexts } from '../../src/cli/exit-codes.ts'

const page = readFileSync('docs/output.md', 'utf8')
const directory = mkdtempSync(join(tmpdir(), 'pinfold-output-page-'))
afterAll(() => rmSync(directory, { recursive: true }))

test('docs/output.md says of every command what it prints, and of every exit code what it means', () => {
  for (const name of commandNames) expect(page).toMatch(new RegExp(`^\\| .*\`${name}[ \`].* \\|$`, 'm'))
  for (const [code, text] of Object.entries(exitCodeTexts)) expect(page).toContain(`\n| ${code} | ${text} |\n`)
})

test('every example in it prints what stands below it', () => {
  prepare()
  const examples = [...page.matchAll(/```sh\n(.*?)```\n\n```text\n(.*?)```/gs)]
  expect(examples.length).toBe([...page.matchAll(/```sh/g)].length)
  for (const [, script = '', expected] of examples) {
    const env = { ...process.env, PATH: `${directory}/bin:${process.env['PATH']}` }
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: directory, env, encoding: 'utf8' })
    expect({ stdout, stderr }).toEqual({ stdout: expected, stderr: '' })
  }
})

/** A manifest, and a pinfold that has its kernel in memory. */
function prepare(): void {
  copyFileSync('examples/byte-counters/byte-counters.bpf.o', join(directory, 'edge.bpf.o'))
  writeFileSync(join(directory, 'pinfold.yaml'), manifest)
  mkdirSync(join(directory, 'bin'))
  const command = join(directory, 'bin/pinfold')
  const memory = '--kernel memory --state kernel.json'
  writeFileSync(command, `#!/bin/sh\nexec ${process.execPath} ${resolve('dist/cli/pinfold.js')} "$@" ${memory}\n`)
  chmodSync(command, 0o755)
  mkdirSync(join(directory, 'node_modules'))
  symlinkSync(resolve('.'), join(directory, 'node_modules/pinfold'))
  symlinkSync(resolve('node_modules/ajv'), join(directory, 'node_modules/ajv'))
}

const manifest = `
version: 1
name: bytes
objects:
  main: { file: edge.bpf.o }
programs:
  count_ingress:
links:
  in: { program: count_ingress, attach: { tcx: { interface: eth0, direction: ingress } } }
`
