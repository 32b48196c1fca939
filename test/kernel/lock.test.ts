import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, rmdirSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { linuxBpffs } from '../../src/kernel/bpffs.ts'
import { lockDirectory } from '../../src/kernel/lock.ts'
import { canTestLinux, openTestHost } from '../support/linux.ts'

describe.skipIf(!canTestLinux)('the lock on a directory of bpffs', () => {
  const host = openTestHost()
  afterAll(() => host[Symbol.dispose]())
  const fresh = (name: string): string => {
    const path = `${host.bpffs}/${name}`
    mkdirSync(path)
    return path
  }

  test('excludes a second holder until it is released', () => {
    const path = fresh('one')
    {
      using lock = lockDirectory(path)
      expect(lock).toBeDefined()
      expect(lockDirectory(path)).toBeUndefined()
    }
    using again = linuxBpffs.lock(path)
    expect(again).toBeDefined()
  })

  test('releasing twice releases once: nobody else loses a descriptor', () => {
    const path = fresh('twice')
    const lock = lockDirectory(path)
    lock?.[Symbol.dispose]()
    const before = readdirSync('/proc/self/fd').length
    using _other = lockDirectory(path)
    lock?.[Symbol.dispose]()
    expect(readdirSync('/proc/self/fd').length).toBe(before + 1)
    expect(lockDirectory(path)).toBeUndefined()
  })

  test('is held against another process, and goes with it when it is killed', async () => {
    const path = fresh('other')
    const child = spawn('flock', [path, 'sh', '-c', 'echo held; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    })
    await once(child.stdout, 'data')
    expect(lockDirectory(path)).toBeUndefined()
    // Its whole group: the shell inherited the lock.
    process.kill(-(child.pid ?? 0), 'SIGKILL')
    await once(child, 'exit')
    const locked = (): boolean => {
      using lock = lockDirectory(path)
      return lock !== undefined
    }
    await expect.poll(locked).toBe(true)
  })

  test('a child does not inherit it', async () => {
    const path = fresh('child')
    const lock = lockDirectory(path)
    const child = spawn('sleep', ['60'], { stdio: 'ignore' })
    await once(child, 'spawn')
    lock?.[Symbol.dispose]()
    using again = lockDirectory(path)
    expect(again).toBeDefined()
    child.kill('SIGKILL')
    await once(child, 'exit')
  })

  test('a directory made again under the same name is another lock', () => {
    const path = fresh('again')
    using _old = lockDirectory(path)
    rmdirSync(path)
    mkdirSync(path)
    using _new = lockDirectory(path)
    expect(_new).toBeDefined()
  })

  test('a directory that does not exist is an error, not a held lock', () => {
    expect(() => lockDirectory(`${host.bpffs}/none`)).toThrow(
      expect.objectContaining({ errno: 'ENOENT', code: 'K002' }),
    )
  })
})
