import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { inspectObject } from '../../src/object/inspect.ts'
import { bytesOf, fixture, fixtureNames, fixturePath } from '../object/fixtures.ts'
import { canTestLinux, openTestHost } from '../support/linux.ts'
import { bpftool } from './bpftool.ts'
import { compare, type Verdict } from './compare.ts'
import { ElfEditor, widenRecords } from './edit-elf.ts'
import { loadPairs } from './load.ts'

// Observing each apply costs more than all the rest, and observe.py does so here.
vi.unmock('../../src/apply/apply.ts')

/** An object that no compiler writes: a fixture with some bytes changed. */
interface Case {
  readonly name: string
  readonly of: string
  /** Changes it in place, or returns other bytes. */
  readonly edit: (elf: ElfEditor) => unknown
  readonly verdict: Verdict
  /** Part of what pinfold says where it refuses, or why it may load what libbpf does not. */
  readonly says?: string
}

const relocationTypes = [0, 1, 2, 3, 4, 10, 99]

const cases: readonly Case[] = [
  ...relocationTypes.map((type) => ({
    name: `relocations of type ${type}: the instruction tells what is meant`,
    of: 'functions',
    edit: (elf: ElfEditor) => elf.setRelocationTypes(type),
    verdict: 'same' as const,
  })),
  {
    name: 'no machine, as the first compilers wrote',
    of: 'functions',
    edit: (elf) => elf.setMachine(0),
    verdict: 'same',
  },
  {
    name: 'another machine',
    of: 'functions',
    edit: (elf) => elf.setMachine(62),
    verdict: 'both refuse',
    says: 'x86-64',
  },
  {
    name: 'a linked program',
    of: 'functions',
    edit: (elf) => elf.setFileType(2),
    verdict: 'both refuse',
    says: 'not a relocatable',
  },
  {
    name: 'functions without a type and a size, as clang 6 wrote',
    of: 'data',
    edit: (elf) => elf.setSymbol('reads_all', { type: 0, size: 0 }),
    // libbpf loads it without its programs.
    verdict: 'differs',
    says: 'program reads_all: only pinfold has it',
  },
  {
    name: 'maps without a type',
    of: 'functions',
    edit: (elf) => elf.setSymbol('counts', { type: 0 }),
    verdict: 'only pinfold loads',
  },
  {
    name: 'a weak program',
    of: 'functions',
    edit: (elf) => elf.setSymbol('calls_shared', { binding: 2 }),
    verdict: 'same',
  },
  {
    name: 'a program that ends behind its section',
    of: 'functions',
    edit: (elf) => elf.setSymbol('calls_shared', { size: 800 }),
    verdict: 'both refuse',
    says: 'function calls_shared lies at 72 with 800 bytes',
  },
  {
    name: 'a program whose size is no multiple of 8',
    of: 'functions',
    edit: (elf) => elf.setSymbol('calls_shared', { size: 12 }),
    verdict: 'both refuse',
    says: 'function calls_shared lies at 72 with 12 bytes',
  },
  {
    name: 'a call into the middle of a function',
    of: 'functions',
    edit: (elf) => elf.moveFirstCall('xdp', 1),
    // libbpf calls the function's beginning instead, and says nothing.
    verdict: 'pinfold refuses',
    says: 'where no function starts',
  },
  {
    name: 'relocations with addends',
    of: 'functions',
    edit: (elf) => elf.makeRela(),
    verdict: 'both refuse',
    says: 'addends',
  },
  {
    name: 'a licence that fills its section',
    of: 'functions',
    edit: (elf) => elf.setLastByte('license', 0x20),
    verdict: 'same',
  },
  {
    name: 'records of functions and lines that are longer than known',
    of: 'functions',
    edit: (elf) => elf.replace('.BTF.ext', widenRecords),
    verdict: 'same',
  },
]

describe.skipIf(!canTestLinux || bpftool === undefined)('objects that no compiler writes', () => {
  test('are loaded by both alike, or refused by both', async () => {
    using host = openTestHost()
    const paths = cases.map(({ of, edit }, index) => writeEdited(join(host.directory, `case${index}.bpf.o`), of, edit))
    const kernel = openLinuxKernel()
    try {
      const place = { kernel, bpffs: host.bpffs, directory: host.directory, bpftool: bpftool ?? '' }
      const found = (await loadPairs(place, paths)).map(compare)
      expect(found.map(({ verdict }, index) => [cases[index]?.name, verdict])).toEqual(
        cases.map(({ name, verdict }) => [name, verdict]),
      )
      for (const [index, { says = '' }] of cases.entries())
        expect(found[index]?.details.join('\n') ?? '').toContain(says)
    } finally {
      kernel.close()
    }
  })
})

test.each(fixtureNames.filter((name) => name.startsWith('big-endian')))(
  '%s is read as its little-endian twin',
  (name) => {
    const twin = name.replace('big-endian-', '')
    const [big, little] = [name, twin].map((one) => inspectObject(fixture(one)))
    const shapes = (object: typeof big) => object?.programs.map(({ name: of, maps }) => ({ of, maps }))
    expect(big?.byteOrder).toBe('big')
    expect(shapes(big)).toEqual(shapes(little))
    expect(big?.maps.map(({ shape }) => shape)).toEqual(little?.maps.map(({ shape }) => shape))
  },
)

function writeEdited(path: string, of: string, edit: Case['edit']): string {
  const elf = new ElfEditor(bytesOf(fixturePath(of)))
  const other = edit(elf)
  writeFileSync(path, other instanceof Uint8Array ? other : elf.bytes)
  return path
}
