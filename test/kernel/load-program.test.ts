import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LogFile } from '../../src/cli/log-file.ts'
import type { Fd, Kernel } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import type { ProgramLoad } from '../../src/kernel/program-load.ts'
import { verifierHints } from '../../src/kernel/verifier-hints.ts'
import { poisonedCall } from '../../src/model/program-spec.ts'
import { fakeTerminal } from '../cli/support/fake-terminal.ts'
import {
  add,
  assemble,
  call,
  exit,
  type Instruction,
  jumpIfLess,
  loadReference,
  loadWord,
  mov,
} from '../support/assembler.ts'
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
      hint: expect.stringContaining('bpf_probe_read_kernel'),
      verifier: {
        reason: expect.stringMatching(/^R1 invalid mem access '(scalar|inv)'$/),
        instruction: { index: 1, text: 'r0 = *(u32 *)(r1 +0)' },
      },
    })
  })

  test('that the verifier rejects carry its log, which JSON leaves out', async () => {
    const rejection = await load([mov(1, 0), loadWord(0, 1, 0), exit]).catch((error) => error)
    expect(String(rejection.log)).toContain('processed 2 insns')
    expect(JSON.stringify({ log: rejection.log })).toBe('{}')
  })

  test('whose log is larger than the first buffer still end with the complaint', async () => {
    const long = [...Array.from({ length: 4000 }, (_, i) => mov(2, i)), mov(1, 0), loadWord(0, 1, 0), exit]
    const rejection = await load(long).catch((error) => error)
    expect(rejection).toMatchObject({ errno: 'EACCES', message: expect.stringContaining('R1 invalid mem access') })
    const whole = await load(long, { log: 'whole' }).catch((error) => error)
    expect(whole.message).toBe(rejection.message)
    expect(whole.log.bytes.length).toBeGreaterThan(64 * 1024)
    expect(String(whole.log)).toMatch(/^(func#0 @0\n)?0: /)
    const lines = String(whole.log)
      .split('\n')
      .filter((line) => !/^(processed|verification time|stack depth|$)/.test(line))
    expect(whole.verifier.omitted).toEqual({ count: lines.length - 12, unit: 'lines' })
  })

  test('with a log of a million lines cost its size in memory once, and without --verifier-log next to nothing', async () => {
    const endless = [mov(0, 0), add(0, 1), jumpIfLess(0, 2_000_000, -2), exit]
    const peak = process.resourceUsage().maxRSS
    const short = await load(endless).catch((error) => error)
    expect(short).toMatchObject({ errno: 'E2BIG', message: expect.stringContaining('too large') })
    expect(short.verifier.lines.length).toBeLessThan(20)
    const cheap = process.resourceUsage().maxRSS
    // Before Linux 6.4 the end comes only with all of it.
    expect(cheap - peak).toBeLessThan((short.log.missing > 0 ? 24 : 96) * 1024)
    const whole = await load(endless, { log: 'whole' }).catch((error) => error)
    expect(whole.verifier.omitted).toEqual({ count: expect.any(Number), unit: 'lines' })
    expect(whole.verifier.omitted.count).toBeGreaterThan(900_000)
    const directory = mkdtempSync(join(tmpdir(), 'pinfold-log-'))
    const file = join(directory, 'verifier.log')
    new LogFile({ terminal: fakeTerminal().terminal, options: { 'verifier-log': file } }).add(whole.log, '')
    expect(statSync(file).size).toBe(whole.log.bytes.length)
    rmSync(directory, { recursive: true })
    expect(process.resourceUsage().maxRSS - cheap).toBeLessThan((whole.log.bytes.length * 1.4) / 1024)
  }, 240_000)

  test('that call what is no kfunc, or need type information that is not there, are told what to do', async () => {
    const kfunc: Instruction = { opcode: 0x85, source: 2, immediate: 1 }
    await expect(load([kfunc, mov(0, 0), exit])).rejects.toMatchObject({ hint: hintAbout('a kfunc that is missing') })
    using array = kernel.createMap(mapOf({ type: 'prog_array', valueSize: 4 }))
    const callNext: Instruction = { opcode: 0x85, source: 1, immediate: 1 }
    const tail = [callNext, exit, ...loadReference(2), mov(3, 0), call(12), mov(0, 0), exit]
    await expect(
      load(tail, { references: [{ instruction: 2, kind: 'map', map: array, offset: 0 }] }),
    ).rejects.toMatchObject({ hint: hintAbout('type information') })
  })

  test('that reach what this kernel does not have are told what that is', async () => {
    const poisoned = [{ instruction: 1, missing: 'struct task_struct has no member frobs', source: 'edge.bpf.c:12' }]
    const code = [mov(0, 0), call(poisonedCall), exit]
    const message = expect.stringMatching(
      /: struct task_struct has no member frobs in Linux \S+, and edge\.bpf\.c:12 needs it /,
    )
    await expect(load(code, { poisoned })).rejects.toMatchObject({ code: 'K109', message })
    await expect(load(code)).rejects.toMatchObject({ code: 'K100', hint: hintAbout('a CO-RE relocation') })
  })

  test('that the kernel refuses without a word are told what an errno means for a program', async () => {
    const unknown = xdp({ load: { type: 'xdp', flags: 1 << 30, license: 'GPL' } })
    await expect(kernel.loadProgram(unknown)).rejects.toMatchObject({
      errno: 'EINVAL',
      hint: expect.stringContaining('older'),
    })
  })

  test('that need another attach type are refused with the errno of the load', async () => {
    const wrong = xdp({ load: { type: 'cgroup_sock_addr', flags: 0, license: 'GPL' } })
    await expect(kernel.loadProgram({ ...wrong, load: { ...wrong.load, attachType: 'xdp' } })).rejects.toMatchObject({
      command: 'BPF_PROG_LOAD',
      errno: 'EINVAL',
    })
  })
})

const hintAbout = (about: string): string | undefined => verifierHints.find((row) => row.about.startsWith(about))?.hint
