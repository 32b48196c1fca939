import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadAddon } from '../../src/kernel/addon.ts'
import { rawTracepointAttr } from '../../src/kernel/attr-link.ts'
import type { Fd } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { commands } from '../../src/kernel/syscall.ts'
import { KernelError } from '../../src/model/errors.ts'
import { readObject } from '../../src/object/read.ts'

/** What somebody else does with a program of a stack. */
export type Guest = 'extends' | 'traces'

/** False on a kernel in lockdown, which loads nothing that traces. */
export async function canTrace(): Promise<boolean> {
  const kernel = openLinuxKernel()
  try {
    await kernel.loadProgram({
      name: 'probe',
      load: { type: 'tracing', attachType: 'trace_fentry', flags: 0, license: 'GPL', attachTo: 'vfs_open' },
      // r0 = 0; exit
      instructions: new Uint8Array([0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]),
      references: [],
    })
    return true
  } catch (error) {
    if (error instanceof KernelError && error.errno === 'EPERM') return false
    throw error
  } finally {
    kernel.close()
  }
}

/** Attaches a guest to the function `entry` of a pinned program, as its loader would; detaches it when it is disposed. */
export async function attachGuest(guest: Guest, pin: string): Promise<Disposable> {
  const kernel = openLinuxKernel()
  try {
    const program = await load(guest, kernel.openPin(pin) as Fd<'program'>)
    const link = loadAddon().bpf(commands.BPF_RAW_TRACEPOINT_OPEN, ...attrOf(program))
    if (link < 0) throw new Error(`cannot attach what ${guest} ${pin}: errno ${-link}`)
    return {
      [Symbol.dispose]() {
        loadAddon().close(link)
        kernel.close()
      },
    }
  } catch (error) {
    kernel.close()
    throw error
  }

  async function load(name: Guest, attachProgram: Fd<'program'>): Promise<Fd<'program'>> {
    const object = readObject(compiled(), 'guests.bpf.o')
    const spec = object.programs.find((it) => it.name === name)
    if (!spec?.type || !object.btf || !spec.debug) throw new Error(`no program ${name}`)
    const { type, attachType, flags, code, debug } = spec
    const attach = attachType === undefined ? {} : { attachType }
    return await kernel.loadProgram({
      name,
      load: { type, ...attach, flags, license: object.license, attachTo: 'entry' },
      attachProgram,
      instructions: code.instructions,
      references: [],
      btf: { fd: kernel.loadBtf(object.btf.bytes), debug },
    })
  }
}

/** Without a name such a link goes where its program was loaded for. */
function attrOf(program: Fd<'program'>) {
  const { bytes, pointers } = rawTracepointAttr(program, '')
  return [bytes, pointers.slice(2)] as const
}

function compiled(): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), 'pinfold-guests-'))
  try {
    execFileSync('scripts/compile-bpf', ['--out', directory, 'test/neighbours/guests.bpf.c'])
    return new Uint8Array(readFileSync(join(directory, 'test/neighbours/guests.bpf.o')))
  } finally {
    rmSync(directory, { recursive: true })
  }
}
