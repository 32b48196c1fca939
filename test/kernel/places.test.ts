import { statSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Kernel } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { canTestLinux, openTestHost } from '../support/linux.ts'

describe.skipIf(!canTestLinux)('places on Linux', () => {
  const host = openTestHost()
  let kernel: Kernel
  beforeAll(() => {
    kernel = openLinuxKernel()
  })
  afterAll(() => {
    kernel?.close()
    host[Symbol.dispose]()
  })

  const netns = '/proc/self/ns/net'

  test('places are found by name and by number', () => {
    const { veth, cgroup } = host
    expect(kernel.interfaceIndex(veth.name)).toBe(veth.ifindex)
    expect(kernel.interfaceName(veth.ifindex)).toBe(veth.name)
    expect(kernel.interfaceIndex('nosuch0')).toBeUndefined()
    expect(kernel.cgroupId(cgroup)).toBe(statSync(cgroup).ino)
    expect(kernel.cgroupPath(statSync(cgroup).ino)).toBe(cgroup)
    expect(kernel.cgroupPath(0x7ffffff0)).toBeUndefined()
    expect(kernel.cgroupId(host.directory)).toBeUndefined()
    expect(kernel.cgroupId('/no/such/directory')).toBeUndefined()
    expect(kernel.namespaceInode(netns)).toBe(statSync(netns).ino)
    expect(kernel.namespaceInode(host.directory)).toBeUndefined()
  })
})
