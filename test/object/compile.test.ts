import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fixtureNames, fixturePath } from './fixtures.ts'

const hasCompiler = ['clang-16', 'llvm-strip-16'].every((tool) => {
  try {
    return execFileSync(tool, ['--version']).length > 0
  } catch {
    return false
  }
})

test.runIf(hasCompiler)('the committed fixtures are what their sources compile to, wherever the checkout lies', () => {
  const copy = mkdtempSync(join(tmpdir(), 'pinfold-checkout-'))
  try {
    cpSync('test/fixtures', join(copy, 'test/fixtures'), { recursive: true })
    cpSync('scripts/compile-bpf', join(copy, 'scripts/compile-bpf'))
    const sources = fixtureNames.map((name) => fixturePath(name).replace(/o$/, 'c'))
    execFileSync(join(copy, 'scripts/compile-bpf'), sources)
    const different = fixtureNames.filter(
      (name) => !readFileSync(join(copy, fixturePath(name))).equals(readFileSync(fixturePath(name))),
    )
    expect(different).toEqual([])
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
})
