import { spawnSync } from 'node:child_process'
import { constants } from 'node:os'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { loadAddon } from '../../src/kernel/addon.ts'
import { idAttr } from '../../src/kernel/attr-object.ts'
import { bpf, tryBpf, tryBpfAsync } from '../../src/kernel/syscall.ts'
import { canTestLinux } from '../support/linux.ts'

// Whether the limit may be raised is the machine's business.
vi.mock('node:child_process', async (original) => ({
  ...(await original<typeof import('node:child_process')>()),
  spawnSync: vi.fn(() => ({ status: 0 })),
}))

const { EINTR, EAGAIN, EINVAL, EPERM } = constants.errno

describe.skipIf(!canTestLinux)('a call that was interrupted', () => {
  const addon = canTestLinux ? loadAddon() : undefined
  afterEach(() => vi.restoreAllMocks())
  const answers = (...results: readonly number[]): { readonly calls: () => number } => {
    const queue = [...results]
    const spy = vi.spyOn(addon!, 'bpf').mockImplementation(() => queue.shift() ?? 0)
    return { calls: () => spy.mock.calls.length }
  }

  test('is repeated after EINTR, as often as it takes', () => {
    const { calls } = answers(...new Array(20).fill(-EINTR), 7)
    expect(tryBpf('BPF_MAP_GET_NEXT_ID', idAttr(0))).toBe(7)
    expect(calls()).toBe(21)
  })

  test('is repeated after EAGAIN, but not for ever', () => {
    expect(tryBpf('BPF_PROG_LOAD', idAttr(0))).toBeTypeOf('number')
    const { calls } = answers(...new Array(20).fill(-EAGAIN))
    expect(tryBpf('BPF_PROG_LOAD', idAttr(0))).toBe(-EAGAIN)
    expect(calls()).toBe(6)
  })

  test('is repeated on the thread pool too', async () => {
    const queue = [-EINTR, -EAGAIN, 9]
    vi.spyOn(addon!, 'bpfAsync').mockImplementation(async () => queue.shift() ?? 0)
    expect(await tryBpfAsync('BPF_PROG_LOAD', idAttr(0))).toBe(9)
  })

  test('that made something is repeated once after EPERM: the limit on locked memory has been raised meanwhile', () => {
    const { calls } = answers(-EPERM, -EPERM, 7)
    expect(tryBpf('BPF_MAP_CREATE', idAttr(0))).toBe(-EPERM)
    expect(calls()).toBe(2)
    const { calls: limits } = vi.mocked(spawnSync).mock
    expect(limits).toEqual([['prlimit', ['--pid', `${process.pid}`, '--memlock=unlimited'], expect.anything()]])
    expect(tryBpf('BPF_MAP_GET_FD_BY_ID', idAttr(0))).toBe(7)
  })

  test('is not repeated after anything else, and becomes an error with command and object', () => {
    const { calls } = answers(-EINVAL, 0)
    const error = {
      command: 'BPF_MAP_FREEZE',
      errno: 'EINVAL',
      message: expect.stringMatching(/^cannot freeze map x: /),
    }
    expect(() => bpf('BPF_MAP_FREEZE', idAttr(0), 'freeze map x')).toThrow(expect.objectContaining(error))
    expect(calls()).toBe(1)
  })
})
