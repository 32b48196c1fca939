import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readObject } from '../../src/object/read.ts'

const inExamples = readdirSync('examples', { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.bpf.c'),
)
const sources = [
  ...inExamples.map((name) => `examples/${name.replace('.bpf.c', '')}`),
  'bench/hundred/hundred',
  'bench/upgrade/chain',
]
const canCompile = spawnSync('clang-16', ['--version']).status === 0

describe.skipIf(!canCompile)('the committed objects are what clang-16 makes of their sources', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pinfold-compile-'))
  beforeAll(() => {
    execFileSync('scripts/compile-bpf', ['--out', directory, ...sources.map((source) => `${source}.bpf.c`)])
  })
  afterAll(() => rmSync(directory, { recursive: true }))

  test.each(sources)('%s', (source) => {
    const committed = readObject(read(`${source}.bpf.o`), source)
    const compiled = readObject(read(join(directory, `${source}.bpf.o`)), source)
    expect(compiled.programs.map(({ name, section, code }) => ({ name, section, code }))).toEqual(
      committed.programs.map(({ name, section, code }) => ({ name, section, code })),
    )
    expect(compiled.maps).toEqual(committed.maps)
    expect(compiled.btf?.bytes).toEqual(committed.btf?.bytes)
    expect(compiled.license).toBe(committed.license)
  })
})

test('a program that was changed after it was compiled is noticed', () => {
  const bytes = read('examples/tail-calls/tail-calls.bpf.o')
  const [before] = readObject(bytes, 'before').programs
  const changed = bytes.slice()
  const at = Buffer.from(changed).indexOf(Buffer.from(before?.code.instructions.subarray(0, 16) ?? []))
  changed[at + 4] = (changed[at + 4] ?? 0) ^ 1
  const [after] = readObject(changed, 'after').programs
  expect(at).toBeGreaterThan(0)
  expect(after?.code).not.toEqual(before?.code)
})

const read = (path: string): Uint8Array => new Uint8Array(readFileSync(path))
