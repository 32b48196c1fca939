import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { noSandbox, Sandbox } from '../examples/sandbox.ts'

const page = readFileSync('docs/upgrade.md', 'utf8')
const blocks = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, text]) => text ?? '')

const directory = mkdtempSync(join(tmpdir(), 'pinfold-upgrade-page-'))
afterAll(() => rmSync(directory, { recursive: true }))

describe.skipIf(noSandbox() !== undefined)('docs/upgrade.md', () => {
  test('every command in it, one after the other, ends with the exit code that it says, or 0', {
    timeout: 180_000,
  }, async () => {
    using sandbox = await Sandbox.create()
    const command = join(directory, 'pinfold')
    writeFileSync(command, `#!/bin/sh\nexec ${process.execPath} ${resolve('dist/cli/pinfold.js')} "$@"\n`)
    chmodSync(command, 0o755)
    const lines = blocks('sh').flatMap((block) => block.trim().split('\n'))
    expect(lines.length).toBeGreaterThan(8)
    const script = ['mount -t bpf bpf /sys/fs/bpf', `PATH=${directory}:$PATH`, ...lines.map(checked)].join('\n')
    const { status, stdout, stderr } = sandbox.shell(script)
    expect(status, stdout + stderr).toBe(0)
    expect(sandbox.shell('ls /sys/fs/bpf').stdout).not.toContain('rolling')
  })
})

/** A line, and the end of the script when it has another exit code than its comment says. */
function checked(line: string): string {
  if (line.endsWith('&')) return line
  const expected = /# exit code (\d)/.exec(line)?.[1] ?? '0'
  const complain = `{ echo ${JSON.stringify(line)}: exit code $code >&2; exit 1; }`
  return `${line}\ncode=$?; [ $code = ${expected} ] || ${complain}`
}

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0

test.skipIf(!hasSystemd)('its unit is one that systemd takes', () => {
  const [unit = ''] = blocks('ini')
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
