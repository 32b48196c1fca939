import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { canTestLinux } from '../support/linux.ts'

test('without root the demo says so, rehearses a stack’s life in memory, and says what that does not prove', () => {
  const demo = resolve('scripts/demo.mjs')
  const { status, stdout, stderr } = spawnSync(process.execPath, [demo, '--rehearse', 'this is not root'], {
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toMatch(/^This kernel cannot be used: this is not root\. Rehearsing on the memory kernel instead\.\n/)
  expect(stdout.match(/^ok .*$/gm)).toEqual([
    'ok     pinfold plan: exit code 2',
    'ok     pinfold apply: exit code 0',
    'ok     pinfold plan: exit code 0',
    'ok     pinfold destroy: exit code 0',
  ])
  expect(stdout).toContain('No changes. 7 objects as declared.')
  expect(stdout).toContain('It does not prove that a real verifier')
  expect(stdout.endsWith('\ndemo passed\n')).toBe(true)
})

test.skipIf(!canTestLinux)(
  'on this kernel the demo warns of nothing: what is true of it alone is accepted, and shown',
  () => {
    const words = ['--mount', '--net', '--propagation', 'private', process.execPath, resolve('scripts/demo.mjs')]
    const { status, stdout, stderr } = spawnSync('unshare', words, { encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).not.toMatch(/^(WRONG| *(warning|error))/m)
    expect(stdout).toMatch(/^ *silenced P147 .*\n *reason: .+$/m)
    expect(stdout.endsWith('\ndemo passed\n')).toBe(true)
  },
)
