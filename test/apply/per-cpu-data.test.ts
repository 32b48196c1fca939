import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openMemoryKernel } from '../../src/kernel/memory/memory-kernel.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import type { DesiredState } from '../../src/model/state.ts'
import { hasChanges } from '../../src/plan/make-plan.ts'
import { readDesired } from '../../src/state/read-desired.ts'
import { applyStack, bpffs, planFor } from './runs.ts'

// On Linux, from 7.2 on, test/conformance compares it with libbpf (data-percpu).
const object = resolve(import.meta.dirname, '../fixtures/per-cpu.bpf.o')
const directory = mkdtempSync(join(tmpdir(), 'pinfold-per-cpu-'))
const kernel = openMemoryKernel()
afterAll(() => {
  kernel.close()
  rmSync(directory, { recursive: true })
})

test('variables of each CPU have their first values on every CPU, those of the manifest too, and keep them where that is asked', async () => {
  expect((await applyStack(kernel, desired(7))).outcome.result).toBe('done')
  expect(starts()).toEqual(cpus(7))
  expect(hasChanges(planFor(kernel, desired(7)))).toBe(false)
  write('percpu', 40)
  expect((await applyStack(kernel, desired(9, ', maps: { percpu: { globals: carry } }'))).outcome.result).toBe('done')
  // What the programs made of it is carried; each CPU has its own.
  expect(starts()).toEqual(cpus(40))
})

function desired(first: number, more = ''): DesiredState {
  const file = join(directory, 'per-cpu.yaml')
  const main = `{ file: ${object}, globals: { starts: ${first} } }`
  writeFileSync(file, `{ version: 1, name: percpu, objects: { main: ${main} }, programs: { counts: {} }${more} }`)
  return readDesired(loadManifest(file, { bpffs }), { kernel, bpffs, readFile: (path) => readFileSync(path) })
}

const cpus = (value: number): readonly number[] => Array.from({ length: kernel.identity.possibleCpus }, () => value)

/** `starts` of each CPU. */
function starts(): readonly number[] {
  using map = kernel.openPin(`${bpffs}/percpu/live/maps/percpu`)
  const value = kernel.lookup(map as never, new Uint8Array(4)) ?? new Uint8Array()
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
  return Array.from({ length: value.length / 8 }, (_, cpu) => view.getInt32(cpu * 8 + placeOfStarts, true))
}

function write(name: string, starting: number): void {
  using map = kernel.openPin(`${bpffs}/percpu/live/maps/${name}`)
  const value = kernel.lookup(map as never, new Uint8Array(4)) ?? new Uint8Array()
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
  for (let at = 0; at < value.length; at += 8) view.setInt32(at + placeOfStarts, starting, true)
  kernel.update(map as never, new Uint8Array(4), value)
}

/** As the compiler laid it out. */
const placeOfStarts = 0
