import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Kernel } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import { programFunctionId } from '../../src/kernel/program-btf.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import { ManifestError } from '../../src/model/errors.ts'
import type { DesiredState } from '../../src/model/state.ts'
import { readDesired } from '../../src/state/read-desired.ts'
import { canTestLinux, openTestHost } from '../support/linux.ts'
import { applyStack, bpffs, currentOf, destroyStack, planFor } from './runs.ts'

const object = resolve(import.meta.dirname, '../fixtures/extensions.bpf.o')
const host = openTestHost()
afterAll(() => host[Symbol.dispose]())

interface Variant {
  readonly instead?: string
  readonly dispatcher?: string
  readonly root?: string
}

function desired(kernel: Kernel, { instead = 'attachProgram: dispatcher', dispatcher = '', root = bpffs }: Variant) {
  const file = join(host.directory, 'extensions.yaml')
  writeFileSync(
    file,
    `version: 1
name: extensions
objects: { main: { file: ${object} } }
programs:
  instead: { ${instead} }
  on_entry: { attachProgram: program.dispatcher }
  dispatcher: { ${dispatcher} }
`,
  )
  return readDesired(loadManifest(file, { bpffs: root }), {
    kernel,
    bpffs: root,
    readFile: (path) => readFileSync(path),
  })
}

const loads = (kernel: Kernel, wanted: DesiredState): string[] =>
  planFor(kernel, wanted).steps.flatMap((step) => (step.kind === 'load-program' ? [step.target] : []))

test('what extends or traces a program of the stack is loaded after it, and anew with it', async () => {
  const kernel = openMemoryMachine().open()
  const first = desired(kernel, {})
  expect(loads(kernel, first)).toEqual(['next:program.dispatcher', 'next:program.instead', 'next:program.on_entry'])
  expect((await applyStack(kernel, first)).outcome.result).toBe('done')
  expect(loads(kernel, first)).toEqual([])

  const changed = desired(kernel, { dispatcher: 'attachType: xdp_devmap' })
  expect(loads(kernel, changed)).toEqual(['next:program.dispatcher', 'next:program.instead', 'next:program.on_entry'])
  expect((await applyStack(kernel, changed)).outcome.result).toBe('done')
  const moved = desired(kernel, {
    instead: `attachProgram: ${bpffs}/extensions/live/programs/dispatcher`,
    dispatcher: 'attachType: xdp_devmap',
  })
  expect(loads(kernel, moved)).toEqual(['next:program.instead'])
  expect((await applyStack(kernel, moved)).outcome.result).toBe('done')
  expect((await destroyStack(kernel, moved)).outcome.result).toBe('done')
  expect(kernel.ids('program')).toEqual([])
})

test('it needs both the program and its function, and the program has to be declared', () => {
  const kernel = openMemoryMachine().open()
  expect(() => desired(kernel, { instead: '' })).toThrow(ManifestError)
  expect(() => desired(kernel, { instead: '' })).toThrow(
    'cannot load program.instead: it is loaded against a function of another program, and nothing names the program',
  )
  expect(() => desired(kernel, { instead: 'attachProgram: nobody' })).toThrow('No program "nobody" is declared')
})

describe.skipIf(!canTestLinux)('on Linux', () => {
  const kernel = openLinuxKernel()
  afterAll(() => kernel.close())

  test('the function is found in the BTF of the program, and the kernel takes what has its shape', async () => {
    const root = host.bpffs
    const wanted = desired(kernel, { root })
    const { outcome } = await applyStack(kernel, wanted, { bpffs: root })
    // A kernel in lockdown takes no such program: K013. Kernels of scripts/kernels do.
    if (outcome.result !== 'done') return expect(outcome).toMatchObject({ problem: { code: 'K013' } })
    const { live } = currentOf(kernel, wanted, { bpffs: root }).resources.get('program.dispatcher') ?? {}
    using dispatcher = kernel.openById('program', live?.id ?? 0)
    expect(programFunctionId(dispatcher, 'verdict')).toBeGreaterThan(0)
    expect((await destroyStack(kernel, wanted, { bpffs: root })).outcome.result).toBe('done')
  })

  test('a function that the program does not have is named', async () => {
    using program = await kernel.loadProgram({
      name: 'plain',
      load: { type: 'socket_filter', flags: 0, license: 'GPL' },
      instructions: new Uint8Array([0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]),
      references: [],
    })
    expect(() => programFunctionId(program, 'verdict')).toThrow(
      expect.objectContaining({ code: 'K105', message: expect.stringContaining('without BTF') }),
    )
  })
})
