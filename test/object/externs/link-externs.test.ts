import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Machine, SymbolAddress } from '../../../src/model/machine.ts'
import { type LinkedProgram, linkProgram } from '../../../src/object/link/link-program.ts'
import { LinkTarget } from '../../../src/object/link/link-target.ts'
import { fixture } from '../fixtures.ts'

const object = fixture('externs')
const vmlinux = new Uint8Array(readFileSync('/sys/kernel/btf/vmlinux'))

interface Fake {
  readonly symbols?: Readonly<Record<string, SymbolAddress>>
  readonly withoutBtf?: true
}

const problemsOf = (program: string, fake: Fake): readonly string[] =>
  linked(program, fake).problems.map(({ what }) => what)

function linked(program: string, { symbols = {}, withoutBtf }: Fake): LinkedProgram {
  const machine: Machine = {
    release: '9.9.9',
    version: 0x09_09_09,
    vmlinuxBtf: () => (withoutBtf ? undefined : vmlinux),
    moduleNames: () => [],
    moduleBtf: () => undefined,
    config: () => undefined,
    symbols: () => undefined,
    lacks: () => false,
    symbolAddresses: () => new Map(Object.entries(symbols)),
  }
  const spec = object.programs.find(({ name }) => name === program)
  if (!spec) throw new Error(`no program ${program}`)
  return linkProgram(spec, object, new LinkTarget(machine))
}

test.each([
  ['is there', { address: 0xffff_ffff_8100_0000n, ambiguous: false }, []],
  [
    'is hidden',
    { address: 0n, ambiguous: false },
    ['it needs the address of the kernel symbol _stext, which the kernel hides'],
  ],
  [
    'is there twice',
    { address: 1n, ambiguous: true },
    ['it needs the kernel symbol _stext, of which Linux 9.9.9 has several'],
  ],
])('a symbol that %s', (_, address, problems) => {
  expect(problemsOf('symbols', { symbols: { _stext: address } })).toEqual(problems)
})

test('a symbol that is missing is told, unless it is weak', () => {
  expect(problemsOf('symbols', {})).toEqual(['it needs the kernel symbol _stext, which Linux 9.9.9 does not have'])
})

test('functions cannot be found in a kernel that does not describe its types, weak ones neither', () => {
  expect(problemsOf('functions', {})).toEqual([])
  expect(problemsOf('functions', { withoutBtf: true })).toEqual(
    ['pinfold_no_function', 'bpf_task_from_pid', 'bpf_task_release'].map(
      (name) => `it needs the kernel function ${name}, and Linux 9.9.9 has no BTF to find it by`,
    ),
  )
})

test('a call of a weak function that is missing is told with its line: the verifier only knows its number', () => {
  const { poisoned, code } = linked('functions', {})
  expect(poisoned).toEqual([
    {
      instruction: expect.any(Number),
      missing: 'there is no kernel function pinfold_no_function',
      source: expect.stringMatching(/externs\.bpf\.c:\d+$/),
    },
  ])
  const [call] = poisoned
  expect(code.instructions[(call?.instruction ?? 0) * 8]).toBe(0x85)
})
