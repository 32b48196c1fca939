import { afterAll, describe, expect, test } from 'vitest'
import { startAtEnd } from '../../src/kernel/arena.ts'
import { programRunAttr, programRunResult } from '../../src/kernel/attr-program.ts'
import { takesFarOffsets, tellsFarOffsets } from '../../src/kernel/far-offsets.ts'
import type { Fd, Kernel } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import { tryBpf } from '../../src/kernel/syscall.ts'
import { mapAddress, programAddress } from '../../src/model/address.ts'
import { misplacedVariables } from '../../src/state/import/arena-places.ts'
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

describe.skipIf(!hasArenas)('where code that was loaded looks for an arena’s variables', () => {
  const kernel = openLinuxKernel()
  afterAll(() => kernel.close())
  const cast = { opcode: 0xbf, destination: 1, source: 1, offset: 1, immediate: 1 }
  const constant = { opcode: 0x18, destination: 1, source: 0, offset: 0, immediate: 7 }
  const half = { opcode: 0, destination: 0, source: 0, offset: 0, immediate: 7 }
  const load = (map: Fd<'map'>, ...offsets: readonly number[]) => {
    const reads = offsets.flatMap(() => [...loadReference(1), cast, loadWord(0, 1, 4)])
    return kernel.loadProgram({
      name: 'reads',
      load: { type: 'syscall', flags: 0x10, license: 'GPL' },
      instructions: assemble([constant, half, ...reads, exit]),
      references: offsets.map((offset, i) => ({ instruction: 2 + 4 * i, kind: 'value', map, offset })),
    })
  }

  test.each([0, 0x100000000000])('the code tells, of one at %i', async (mapExtra) => {
    const shape = { type: 'arena', keySize: 0, valueSize: 0, maxEntries: 5, flags: 0x400, mapExtra } as const
    using map = kernel.createMap({ name: 'arena', shape })
    using program = await load(map, 8192, 8200)
    const isAt = (start: number, ...offsets: readonly number[]): boolean =>
      kernel.namesPlaces(program, map, { start, offsets })
    expect([isAt(8192, 0, 8), isAt(8192, 0, 8, 16)]).toEqual([true, true])
    expect([isAt(0, 0, 8), isAt(16_384, 0, 8), isAt(8192, 0), isAt(8192, 8)]).toEqual([false, false, false, false])
    using other = kernel.createMap({ name: 'other', shape: { ...shape, mapExtra: 0x200000000000 } })
    expect(kernel.namesPlaces(program, other, { start: 8192, offsets: [0, 8] })).toBe(false)
  })

  test('an import refuses an arena whose variables new code would not find', async () => {
    const shape = { type: 'arena', keySize: 0, valueSize: 0, maxEntries: 5, flags: 0x400, mapExtra: 0 } as const
    using map = kernel.createMap({ name: 'arena', shape })
    using old = await load(map, 0, 8)
    const address = mapAddress('arena')
    const reference = { instruction: 0, kind: 'value', map: address, variables: 16 } as const
    const code = { instructions: new Uint8Array(), references: [0, 8].map((offset) => ({ ...reference, offset })) }
    const matched = {
      programs: new Map([[kernel.idOf(old), { state: { address: programAddress('reads'), code } }]]),
      maps: new Map([[address, kernel.idOf(map)]]),
    }
    const found = (arenaStart: number) =>
      misplacedVariables(
        {
          arenaStart: () => arenaStart,
          openById: kernel.openById.bind(kernel),
          namesPlaces: kernel.namesPlaces,
        } as Partial<Kernel> as Kernel,
        matched,
      ).map(({ code, severity }) => `${severity} ${code}`)
    // What Linux 7 has for one of five pages.
    expect([found(16_384), found(0)]).toEqual([['error P190'], []])
    using newer = await load(map, 16_384, 16_392)
    matched.programs.set(kernel.idOf(newer), { state: { address: programAddress('reads'), code } })
    matched.programs.delete(kernel.idOf(old))
    expect(found(16_384)).toEqual([])
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
