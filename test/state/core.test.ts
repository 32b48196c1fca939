import { expect, test } from 'vitest'
import { btfSection } from '../../src/btf/btf-section.ts'
import { openMemoryKernel } from '../../src/kernel/memory/memory-kernel.ts'
import type { Machine } from '../../src/model/machine.ts'
import { bytesOf, fixture, fixturePath, programOf } from '../object/fixtures.ts'
import { BtfBuilder } from '../support/btf-builder.ts'
import { mistakes, programIn, readManifest, sentences } from './read-fixture.ts'

const manifest = 'objects: { main: { file: core.bpf.o } }\nprograms: { fields: {} }\n'
const compiled = programOf(fixture('core'), 'fields').code.instructions

const machineWith = (btf: Uint8Array | undefined): Machine => ({
  release: '6.1.0-made',
  version: 0x60100,
  vmlinuxBtf: () => btf,
  moduleNames: () => [],
  moduleBtf: () => undefined,
  config: () => undefined,
  symbols: () => undefined,
  lacks: () => false,
  symbolAddresses: () => new Map(),
})

const ownTypes = btfSection(bytesOf(fixturePath('core')), 'core.bpf.o').slice()

/** A kernel with one struct of one field, far behind. */
function smallKernel(): Uint8Array {
  const types = new BtfBuilder()
  types.struct('task_struct', 4096, [{ name: 'pid', type: types.int('int', 4, { signed: true }), bit: 8 * 1000 }])
  return types.bytes()
}

test('where nothing is known of the kernel, code stays as it was compiled', () => {
  const { code, poisoned } = programIn(readManifest(manifest), 'fields')
  expect(code?.instructions).toEqual(compiled)
  expect(poisoned).toBeUndefined()
})

test('code is adapted to the kernel that there is, and says what that one lacks, and where', () => {
  const state = readManifest(manifest, { machine: { machine: machineWith(smallKernel()) } })
  const { code, poisoned = [] } = programIn(state, 'fields')
  expect(code?.instructions).not.toEqual(compiled)
  expect(poisoned).toContainEqual({
    instruction: expect.any(Number),
    missing: 'struct task_struct has no field tgid',
    source: expect.stringMatching(/core\.bpf\.c:\d+$/),
  })
  expect(poisoned.map(({ missing }) => missing)).not.toContain('struct task_struct has no field pid')
})

test('other types can stand in for those of the kernel', () => {
  const kernel = openMemoryKernel({ machine: machineWith(smallKernel()) })
  const read = (btf?: Uint8Array) =>
    programIn(readManifest(manifest, { kernel, ...(btf && { btf: { name: 'other.btf', bytes: btf } }) }), 'fields')
  expect(read(ownTypes).poisoned).toBeUndefined()
  expect(read(ownTypes).code).not.toEqual(read().code)
  expect(read().poisoned).toBeDefined()
})

test('a kernel that does not describe its types takes no such program, but every other', () => {
  const machine = { machine: machineWith(undefined) }
  expect(mistakes(manifest, { machine })).toEqual(['O210 4:13'])
  const other = 'objects: { main: { file: functions.bpf.o } }\nprograms: { calls_shared: {} }\n'
  expect(mistakes(other, { machine })).toEqual([])
})

test('types that answer differently refuse the program, with the field and the line', () => {
  const types = new BtfBuilder()
  const int = types.int('int', 4, { signed: true })
  for (const bit of [0, 64]) types.struct('task_struct', 4096, [{ name: 'pid', type: int, bit }])
  const machine = { machine: machineWith(types.bytes()) }
  expect(new Set(mistakes(manifest, { machine }))).toEqual(new Set(['O212 4:13']))
  expect(sentences(manifest, { machine })).toMatch(
    /cannot load program\.fields: field pid of struct task_struct: .*differ.* \(.*core\.bpf\.c:\d+, for Linux 6\.1\.0-made\)/,
  )
})

test('the prefix of a kernel function belongs behind its module', () => {
  const at = (target: string): string | undefined => {
    const text = `objects: { main: { file: unsupported.bpf.o } }\nprograms: { is_fine: { type: tracing, attachType: trace_raw_tp, attachTarget: '${target}' } }\n`
    return programIn(readManifest(text), 'is_fine').load?.attachTo
  }
  expect(at('sched_switch')).toBe('btf_trace_sched_switch')
  expect(at('overlay:ovl_event')).toBe('overlay:btf_trace_ovl_event')
})
