import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Fd, Kernel, ProgramLoad } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { assemble, exit, type Instruction, loadReference, loadWord, mov } from '../support/assembler.ts'
import { mapOf, xdp } from '../support/kernel-requests.ts'
import { canTestLinux, openTestHost, run } from '../support/linux.ts'

describe.skipIf(!canTestLinux)('programs on Linux', () => {
  const host = openTestHost()
  let kernel: Kernel
  beforeAll(() => {
    kernel = openLinuxKernel()
  })
  afterAll(() => {
    kernel?.close()
    host[Symbol.dispose]()
  })

  const load = (instructions: readonly Instruction[], over: Partial<ProgramLoad> = {}): Promise<Fd<'program'>> =>
    kernel.loadProgram(xdp({ ...over, instructions: assemble(instructions) }))

  test('use the maps that they refer to', async () => {
    using map = kernel.createMap(mapOf())
    using data = kernel.createMap(mapOf({ maxEntries: 1 }, 'data'))
    using program = await load([...loadReference(1), ...loadReference(2), mov(0, 2), exit], {
      references: [
        { instruction: 0, kind: 'map', map, offset: 0 },
        { instruction: 2, kind: 'value', map: data, offset: 4 },
      ],
    })
    expect(kernel.describe(program)).toMatchObject({
      kind: 'program',
      name: 'pass',
      type: 'xdp',
      typeNumber: 6,
      gplCompatible: true,
      uid: 0,
      mapIds: [kernel.describe(map).id, kernel.describe(data).id],
      tag: expect.stringMatching(/^[0-9a-f]{16}$/),
      translatedSize: 48,
      verifiedInstructions: expect.any(Number),
    })
  })

  test('are described as bpftool describes them', async () => {
    using map = kernel.createMap(mapOf())
    using program = await load([...loadReference(1), mov(0, 2), exit], {
      load: { type: 'xdp', flags: 0, license: 'Proprietary' },
      references: [{ instruction: 0, kind: 'map', map, offset: 0 }],
    })
    const path = `${host.bpffs}/shown`
    kernel.pin(program, path)
    const info = kernel.describePin(path)
    const shown = JSON.parse(run('bpftool', '-j', 'prog', 'show', 'pinned', path))
    kernel.bpffs.unpin(path)
    if (info.kind !== 'program') throw new Error(`a ${info.kind} is pinned`)
    expect(info.gplCompatible).toBe(false)
    const { id, type, name, tag, mapIds: map_ids, translatedSize: bytes_xlated, jitedSize: bytes_jited, uid } = info
    const jited = bytes_jited > 0 ? { bytes_jited } : {}
    expect(shown).toMatchObject({ id, type, name, tag, map_ids, bytes_xlated, uid, gpl_compatible: false, ...jited })
  })

  test('with more maps than fit the first buffer tell all of them', async () => {
    const maps = Array.from({ length: 64 }, (_, i) => kernel.createMap(mapOf({}, `m${i}`)))
    const code = maps.flatMap(() => loadReference(1))
    const references = maps.map((map, i) => ({ instruction: 2 * i, kind: 'map', map, offset: 0 }) as const)
    using program = await load([...code, mov(0, 2), exit], { references })
    const info = kernel.describe(program)
    expect(info).toMatchObject({ mapIds: maps.map((map) => kernel.describe(map).id) })
    for (const map of maps) map[Symbol.dispose]()
  })

  test('load while others load', async () => {
    const programs = await Promise.all(Array.from({ length: 20 }, (_, i) => kernel.loadProgram(xdp({ name: `p${i}` }))))
    const names = programs
      .map((program) => kernel.describe(program))
      .map((info) => info.kind === 'program' && info.name)
    expect(names).toEqual(programs.map((_, i) => `p${i}`))
    for (const program of programs) program[Symbol.dispose]()
  })

  test('that the verifier rejects carry its complaint and its log', async () => {
    await expect(load([mov(1, 0), loadWord(0, 1, 0), exit])).rejects.toMatchObject({
      name: 'KernelError',
      command: 'BPF_PROG_LOAD',
      errno: 'EACCES',
      code: 'K100',
      target: 'pass',
      message: expect.stringMatching(/^cannot load program pass: the verifier rejected it: R1 invalid mem access/),
      log: expect.stringContaining('processed 2 insns'),
    })
  })

  test('whose log is larger than the first buffer still end with the complaint', async () => {
    const many = Array.from({ length: 4000 }, (_, i) => mov(2, i))
    const rejection = await load([...many, mov(1, 0), loadWord(0, 1, 0), exit]).catch((error) => error)
    expect(rejection).toMatchObject({ errno: 'EACCES', message: expect.stringContaining('R1 invalid mem access') })
    expect(rejection.log.length).toBeGreaterThan(64 * 1024)
  })

  test('that need another attach type are refused with the errno of the load', async () => {
    const wrong = xdp({ load: { type: 'cgroup_sock_addr', flags: 0, license: 'GPL' } })
    await expect(kernel.loadProgram({ ...wrong, load: { ...wrong.load, attachType: 'xdp' } })).rejects.toMatchObject({
      command: 'BPF_PROG_LOAD',
      errno: 'EINVAL',
    })
  })
})
