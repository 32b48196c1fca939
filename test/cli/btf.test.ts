import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { BtfBuilder } from '../support/btf-builder.ts'
import { fakeTerminal } from './support/fake-terminal.ts'

const directory = mkdtempSync(join(tmpdir(), 'pinfold-btf-'))
afterAll(() => rmSync(directory, { recursive: true }))

const write = (name: string, bytes: string | Uint8Array): string => {
  writeFileSync(join(directory, name), bytes)
  return join(directory, name)
}
const object = resolve('test/fixtures/core.bpf.o')
const manifest = write(
  'core.yaml',
  `version: 1\nname: core\nobjects: { main: { file: ${object} } }\nprograms: { direct: {} }\n`,
)

async function run(...args: string[]): Promise<string> {
  const { terminal, printed } = fakeTerminal()
  const code = await main([...args, '-f', manifest], terminal)
  return `${printed().replaceAll(directory, '.')}[exit ${code}]`
}

/** A kernel whose sk_buff has a length and nothing else. */
function poorKernel(): Uint8Array {
  const types = new BtfBuilder()
  types.struct('sk_buff', 8, [{ name: 'len', type: types.int('unsigned int', 4), bit: 32 }])
  return types.bytes()
}

test('validate adapts to the kernel of a file, and lists what that one lacks', async () => {
  const valid = 'Valid: ./core.yaml declares stack core with 1 map, 1 program, 0 links.\n'
  expect(await run('validate')).toBe(`${valid}[exit 0]`)
  expect(await run('validate', '--btf', object)).toBe(`${valid}[exit 0]`)
  const printed = await run('validate', '--btf', write('poor.btf', poorKernel()))
  expect(printed.startsWith(valid)).toBe(true)
  expect(printed).toMatch(
    / {2}program\.direct: struct sk_buff has no field dev; it must not come there \(.*core\.bpf\.c:\d+\)\n/,
  )
  expect(printed).not.toContain('no field len')
  expect(printed).toMatch(/\[exit 0\]$/)
})

test('the same as a document', async () => {
  const printed = await run('validate', '--json', '--btf', join(directory, 'poor.btf'))
  const { lacks } = JSON.parse(printed.replace(/\[exit 0\]$/, ''))
  expect(lacks).toContainEqual({
    address: 'program.direct',
    missing: 'struct sk_buff has no field dev',
    sources: [expect.stringMatching(/core\.bpf\.c:\d+$/)],
  })
})

test('plan and apply on a kernel in memory take it, too, and the plan follows the code', async () => {
  const memory = ['--kernel', 'memory', '--state', join(directory, 'state')]
  expect(await run('apply', '--auto-approve', ...memory, '--btf', object)).toMatch(/\[exit 0\]$/)
  expect(await run('plan', ...memory, '--btf', object)).toMatch(/\[exit 0\]$/)
  const other = await run('plan', ...memory, '--btf', join(directory, 'poor.btf'))
  expect(other).toMatch(/program\s+direct/)
  expect(other).toMatch(/\[exit 2\]$/)
})

test('a file that is not there, or has no types, is an error of its own', async () => {
  expect(await run('validate', '--btf', join(directory, 'none'))).toMatch(
    /error C113: cannot read \.\/none: there is no such file\n.*hint: .*\[exit 1\]/s,
  )
  expect(await run('validate', '--btf', manifest)).toMatch(
    /error O060: cannot read the BTF of \.\/core\.yaml: .*\[exit 1\]/s,
  )
})
