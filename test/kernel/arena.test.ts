import { afterAll, describe, expect, test } from 'vitest'
import { startAtEnd } from '../../src/kernel/arena.ts'
import { programRunAttr, programRunResult } from '../../src/kernel/attr-program.ts'
import { takesFarOffsets, tellsFarOffsets } from '../../src/kernel/far-offsets.ts'
import type { Kernel } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import { tryBpf } from '../../src/kernel/syscall.ts'
import { assemble, exit, loadReference, loadWord } from '../support/assembler.ts'
import { canTestLinux } from '../support/linux.ts'

const isNew = canTestLinux && /^[7-9]\./.test(openLinuxKernel().identity.release)
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

  test.each([0, 0x100000000000])('at %i is written where its variables begin, as often as one likes', (mapExtra) => {
    using map = create(mapExtra)
    kernel.writeArena(map, new Uint8Array(8192).fill(1))
    kernel.writeArena(map, Uint8Array.of(5))
    expect(() => kernel.writeArena(map, new Uint8Array(8193))).toThrow(expect.objectContaining({ errno: 'EINVAL' }))
  })
})

describe.skipIf(!hasArenas)('a program on Linux', () => {
  const kernel = openLinuxKernel()
  afterAll(() => kernel.close())

  test.each([0, 0x100000000000])('finds in an arena at %i what was written', async (mapExtra) => {
    const shape = { type: 'arena', keySize: 0, valueSize: 0, maxEntries: 3, flags: 0x400, mapExtra } as const
    using map = kernel.createMap({ name: 'arena', shape })
    kernel.writeArena(map, Uint8Array.of(0, 0, 0, 0, 42, 0, 0, 0))
    expect(kernel.arenaStart(map, 8)).toBe(isNew ? 8192 : 0)
    // r1 = addr_space_cast(r1, 0, 1)
    const cast = { opcode: 0xbf, destination: 1, source: 1, offset: 1, immediate: 1 }
    using program = await kernel.loadProgram({
      name: 'reads',
      load: { type: 'syscall', flags: 0x10, license: 'GPL' },
      instructions: assemble([...loadReference(1), cast, loadWord(0, 1, 4), exit]),
      references: [{ instruction: 0, kind: 'value', map, offset: kernel.arenaStart(map, 8) }],
    })
    const attr = programRunAttr(program, new Uint8Array(8))
    expect(tryBpf('BPF_PROG_TEST_RUN', attr)).toBe(0)
    expect(programRunResult(attr)).toBe(42)
  })
})

test('variables take the last pages of an arena where the verifier does not mind how far into it they lie', () => {
  expect([1, 4096, 4097].map((size) => startAtEnd({ maxEntries: 10 }, size))).toEqual([36_864, 36_864, 32_768])
  expect(tellsFarOffsets('direct value offset of 1073741824 is not allowed\n')).toBe(false)
  expect(tellsFarOffsets('invalid access to map value pointer, value_size=1 off=1073741824\n')).toBe(true)
})

test.skipIf(!canTestLinux)('this kernel is asked, and answers', () => {
  expect(takesFarOffsets()).toBe(isNew)
})
