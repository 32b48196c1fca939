import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { noSandbox, Sandbox } from '../examples/sandbox.ts'
import { play, readPage } from './page.ts'

const directory = mkdtempSync(join(tmpdir(), 'pinfold-ci-page-'))
afterAll(() => rmSync(directory, { recursive: true }))

describe.skipIf(noSandbox() !== undefined)('docs/ci.md', () => {
  test('every command in it, one after the other, ends with the exit code that it says, or 0', {
    timeout: 180_000,
  }, async () => {
    using sandbox = await Sandbox.create()
    const page = readPage('ci.md')
    expect(page.commands.length).toBeGreaterThan(20)
    const { status, stdout, stderr } = play(sandbox, page, directory)
    expect(status, stdout + stderr).toBe(0)
    expect(sandbox.shell('ls -A /sys/fs/bpf').stdout).not.toContain('rolling')
  })
})
