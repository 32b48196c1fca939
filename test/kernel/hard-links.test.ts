import { linkSync } from 'node:fs'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { linuxBpffs } from '../../src/kernel/bpffs.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { canTestLinux, openTestHost } from '../support/linux.ts'

vi.mock('node:fs', { spy: true })

describe.skipIf(!canTestLinux)('where protected_hardlinks forbids a link', () => {
  const host = openTestHost()
  afterAll(() => host[Symbol.dispose]())

  test('the object is opened and pinned again, and holds as well as a link', () => {
    const kernel = openLinuxKernel()
    const [from, to] = [`${host.bpffs}/from`, `${host.bpffs}/to`]
    const shape = { type: 'array', keySize: 4, valueSize: 4, maxEntries: 1, flags: 0, mapExtra: 0 } as const
    kernel.pin(kernel.createMap({ name: 'm', shape }), from)
    const refusal = Object.assign(new Error('EPERM'), { code: 'EPERM', syscall: 'link' })
    vi.mocked(linkSync).mockImplementation(() => {
      throw refusal
    })
    linuxBpffs.link(from, to)
    expect(kernel.describePin(to)).toEqual(kernel.describePin(from))
    const again = (): void => linuxBpffs.link(from, to)
    expect(again).toThrow(expect.objectContaining({ command: 'BPF_OBJ_PIN', errno: 'EEXIST' }))
    kernel.close()
  })
})
