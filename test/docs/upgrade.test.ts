import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { noSandbox, Sandbox } from '../examples/sandbox.ts'
import { play, readPage } from './page.ts'

const page = readPage('upgrade.md')

const directory = mkdtempSync(join(tmpdir(), 'pinfold-upgrade-page-'))
afterAll(() => rmSync(directory, { recursive: true }))

describe.skipIf(noSandbox() !== undefined)('docs/upgrade.md', () => {
  test('every command in it, one after the other, ends with the exit code that it says, or 0', {
    timeout: 180_000,
  }, async () => {
    using sandbox = await Sandbox.create()
    expect(page.commands.length).toBeGreaterThan(8)
    const { status, stdout, stderr } = play(sandbox, page, directory)
    expect(status, stdout + stderr).toBe(0)
    expect(sandbox.shell('ls /sys/fs/bpf').stdout).not.toContain('rolling')
  })
})

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0

test.skipIf(!hasSystemd)('its unit is one that systemd takes', () => {
  const [unit = ''] = page.blocks('ini')
  // systemd looks whether the program is there.
  const file = join(directory, 'pinfold@.service')
  writeFileSync(file, unit.replaceAll('/usr/local/bin/pinfold', '/bin/true'))
  const { status, stdout, stderr } = spawnSync(
    'systemd-analyze',
    ['verify', '--man=no', `${file.replace('@', '@edge')}`],
    {
      encoding: 'utf8',
    },
  )
  expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' })
})
