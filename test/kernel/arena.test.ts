import { afterAll, describe, expect, test } from 'vitest'
import type { Kernel } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import { canTestLinux } from '../support/linux.ts'

// Linux 6.9 has arenas.
const hasArenas = canTestLinux && /^(6\.(9|\d\d)|[7-9])\./.test(openLinuxKernel().identity.release)
const kernels: readonly (readonly [string, () => Kernel])[] = [
  ['in memory', () => openMemoryMachine().open()],
  ...(hasArenas ? ([['on Linux', openLinuxKernel]] as const) : []),
]

describe.each(kernels)('an arena %s', (_, open) => {
  const kernel = open()
  afterAll(() => kernel.close())
  const create = (mapExtra: number) =>
    kernel.createMap({
      name: 'arena',
      shape: { type: 'arena', keySize: 0, valueSize: 0, maxEntries: 2, flags: 0x400, mapExtra },
    })

  test.each([0, 0x100000000000])('at %i is written at its start, as often as one likes', (mapExtra) => {
    using map = create(mapExtra)
    kernel.writeArena(map, new Uint8Array(8192).fill(1))
    kernel.writeArena(map, Uint8Array.of(5))
    expect(() => kernel.writeArena(map, new Uint8Array(8193))).toThrow(expect.objectContaining({ errno: 'EINVAL' }))
  })
})
