import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Lab } from '../crash/linux/lab.ts'
import { answersOf, type Version } from '../crash/linux/versions.ts'
import { noSandbox } from '../examples/sandbox.ts'
import { run } from '../support/linux.ts'

/*
 * An unprivileged user beside the stack, on a bpffs as mount(8) makes it: its root is open to everybody, and sticky. Whatever they create
 * or try to remove, the stack is neither theirs nor broken by them.
 */

const version: Version = { history: 0 }
const upgrade: Version = { history: 0, defines: { ENTRY: 2, CALLEE0: 2 } }

describe.skipIf(noSandbox() !== undefined)('an unprivileged user on an open bpffs', () => {
  const root = `/tmp/pinfold-open-${process.pid}`
  let lab: Lab
  /** Runs a command as nobody; its exit code. */
  const asUser = (...command: string[]): number | null =>
    spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', ...command]).status
  const stack = (...path: string[]): string => join(root, 'echo', ...path)
  beforeAll(async () => {
    mkdirSync(root, { mode: 0o755 })
    run('mount', '-t', 'bpf', '-o', 'mode=1777', 'bpf', root)
    lab = await Lab.open(root)
  })
  afterEach(async () => {
    if (existsSync(stack())) run('rm', '-rf', stack())
    await expect.poll(async () => (await lab.look()).links, { timeout: 5000 }).toEqual([])
  })
  afterAll(() => {
    lab[Symbol.dispose]()
    run('umount', '-l', root)
    rmdirSync(root)
  })

  const apply = { command: 'apply', version } as const

  test.each([
    ['a directory', ['mkdir', stack()]],
    ['a directory that is open to all', ['mkdir', '-m', '0777', stack()]],
    ['a symbolic link', ['ln', '-s', '/tmp', stack()]],
  ])('who made %s of the stack’s name first is refused, and nothing is put there', async (_, command) => {
    expect(asUser(...command)).toBe(0)
    const { code, output } = await lab.attempt(apply)
    expect({ code, output }).toMatchObject({
      code: 1,
      output: expect.stringMatching(/error P20[12]: cannot (trust|use)/),
    })
    expect((await lab.look()).pins).toEqual([])
  })

  test.each([
    ['a directory', ['mkdir', stack()]],
    ['a symbolic link', ['ln', '-s', '/tmp', stack()]],
  ])('who makes %s between the look and the use is refused, too', async (_, command) => {
    const paused = await lab.pause(apply, 'before:^mkdir .*/echo$')
    expect(asUser(...command)).toBe(0)
    const { code, output } = await paused.resume()
    expect({ code, output }).toMatchObject({
      code: 1,
      output: expect.stringMatching(/error P20[12]: cannot (trust|use)/),
    })
    expect((await lab.look()).pins).toEqual([])
  })

  test('cannot enter, remove, rename or replace what the stack has, nor lock it', async () => {
    await lab.run(apply)
    const before = await lab.look()
    const attempts = [
      ['ls', stack()],
      ['cat', stack('live/record')],
      ['touch', stack('live/maps/x')],
      ['mkdir', stack('next')],
      ['rm', '-rf', stack()],
      ['rmdir', stack()],
      ['mv', stack(), join(root, 'mine')],
      ['ln', '-s', stack('live'), stack('next')],
      ['chmod', '0777', stack()],
      ['chown', '65534', stack()],
      ['flock', '--nonblock', stack(), 'true'],
      ['mount', '--bind', '/tmp', stack()],
    ]
    for (const command of attempts) expect(asUser(...command), command.join(' ')).not.toBe(0)
    expect(await lab.look()).toEqual(before)
    await lab.run({ command: 'apply', version: upgrade })
    expect(await lab.answers()).toEqual(answersOf(upgrade))
  })

  test('who owns a directory on the way is not trusted with a stack in it', async () => {
    const theirs = join(root, 'theirs')
    expect(asUser('mkdir', '-m', '0777', theirs)).toBe(0)
    const words = lab.words(apply).map((word) => (word === root ? theirs : word))
    const { code, output } = await lab.command(words)
    expect({ code, output }).toMatchObject({
      code: 1,
      output: expect.stringMatching(/error P20[12]: cannot (trust|use)/),
    })
    expect((await lab.look()).pins).toEqual([])
    run('rmdir', theirs)
  })

  test('who removes or links what they please beside the stack changes nothing in it', async () => {
    await lab.run(apply)
    expect(asUser('ln', '-s', stack('live'), join(root, 'alias'))).toBe(0)
    expect(asUser('mkdir', join(root, 'echo2'))).toBe(0)
    await lab.run({ command: 'apply', version: upgrade })
    expect(await lab.answers()).toEqual(answersOf(upgrade))
    await lab.run({ command: 'destroy', version: upgrade })
    run('rm', join(root, 'alias'))
    run('rmdir', join(root, 'echo2'))
  })
})
