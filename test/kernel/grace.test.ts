import { afterAll, describe, expect, test, vi } from 'vitest'
import { loadAddon } from '../../src/kernel/addon.ts'
import { FdTable } from '../../src/kernel/fd.ts'
import { countCpus, waitForGracePeriod } from '../../src/kernel/grace.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { canTestLinux } from '../support/linux.ts'

test.each([
  ['0\n', 1],
  ['0-3', 4],
  ['0-3,8,10-11', 7],
])('the list %j names %i CPUs', (list, count) => {
  expect(countCpus(list)).toBe(count)
})

describe.skipIf(!canTestLinux)('waiting for readers', () => {
  const addon = canTestLinux ? loadAddon() : undefined
  afterAll(() => vi.restoreAllMocks())
  const EOPNOTSUPP = 95

  test('updates a map of maps on the thread pool, successfully', async () => {
    const update = vi.spyOn(addon!, 'bpfAsync')
    const kernel = openLinuxKernel()
    await kernel.waitForReaders()
    expect(update).toHaveBeenCalledOnce()
    expect(await update.mock.results[0]?.value).toBe(0)
    expect(kernel.openDescriptors()).toBe(0)
    update.mockRestore()
  })

  test('does not trust a failed update: membarrier instead, and an error where that fails too', async () => {
    const update = vi.spyOn(addon!, 'bpfAsync').mockResolvedValue(-EOPNOTSUPP)
    const barrier = vi.spyOn(addon!, 'membarrier').mockReturnValueOnce(0).mockReturnValueOnce(-EOPNOTSUPP)
    const fds = new FdTable()
    await waitForGracePeriod(fds)
    expect(barrier).toHaveBeenCalledWith(1, 0)
    await expect(waitForGracePeriod(fds)).rejects.toMatchObject({ code: 'K108' })
    expect(fds.size).toBe(0)
    update.mockRestore()
    barrier.mockRestore()
  })
})
