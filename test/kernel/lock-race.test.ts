import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { lockDirectory } from '../../src/kernel/lock.ts'
import { canTestLinux } from '../support/linux.ts'

/** Runs once, between the opening of the directory and flock. */
const race = vi.hoisted(() => ({ happen: undefined as (() => void) | undefined }))

vi.mock('../../src/kernel/addon.ts', async (original) => {
  const { loadAddon } = await original<typeof import('../../src/kernel/addon.ts')>()
  const flock = (fd: number, operation: number): number => {
    const happen = race.happen
    race.happen = undefined
    happen?.()
    return loadAddon().flock(fd, operation)
  }
  return { loadAddon: () => ({ ...loadAddon(), flock }) }
})

const root = mkdtempSync(join(tmpdir(), 'pinfold-lock-'))
afterAll(() => rmSync(root, { recursive: true }))

test.skipIf(!canTestLinux)(
  'a directory that is made again while it is being locked is locked as what it is now',
  () => {
    const path = join(root, 'stack')
    mkdirSync(path)
    race.happen = () => {
      rmdirSync(path)
      mkdirSync(path)
    }
    using lock = lockDirectory(path)
    expect(lock).toBeDefined()
    expect(race.happen).toBeUndefined()
    expect(lockDirectory(path)).toBeUndefined()
  },
)
