import { expect, test } from 'vitest'
import { codeDifference } from '../../src/differences/code.ts'
import type { CodeDifference } from '../../src/differences/difference.ts'
import type { MapAddress } from '../../src/model/address.ts'
import type { FunctionPlace } from '../../src/model/program-spec.ts'
import type { DesiredState, ProgramState } from '../../src/model/state.ts'
import { programIn, readManifest } from '../state/read-fixture.ts'
import { assemble, call, exit, type Instruction, loadReference, mov } from '../support/assembler.ts'
import { desired, program } from '../support/builders.ts'

const none = desired()

const compare = (before: ProgramState, after: ProgramState, wanted: DesiredState = none): CodeDifference | undefined =>
  codeDifference(before, after, { desired: wanted, byteOrder: 'little' })[0]

function coded(instructions: readonly Instruction[], functions?: readonly FunctionPlace[]): ProgramState {
  const references = instructions.flatMap(({ opcode }, instruction) =>
    opcode === 0x18 ? [{ instruction, kind: 'map', map: 'map.flows' as MapAddress, offset: 0 } as const] : [],
  )
  const code = { instructions: assemble(instructions), references }
  return { ...program('p'), code, ...(functions && { functions }) }
}

/** A call of a function of the program, relative to the next instruction. */
const callLocal = (distance: number): Instruction => ({ opcode: 0x85, source: 1, immediate: distance })

test('the same code does not differ, nor what no record tells', () => {
  const { code: _, ...unknown } = coded([exit])
  expect(compare(coded([exit]), coded([exit]))).toBeUndefined()
  expect(compare({ ...unknown, code: undefined }, coded([exit]))).toBeUndefined()
})

test('three lines stay around what differs, and places are those of 8-byte slots', () => {
  const tail = [mov(1, 1), mov(2, 2), mov(3, 3), mov(4, 4), exit]
  const before = coded([...loadReference(1), ...loadReference(2), mov(5, 0), mov(0, 0), ...tail])
  const after = coded([...loadReference(1), ...loadReference(2), mov(5, 0), mov(0, 1), call(6), ...tail])
  expect(compare(before, after)).toEqual({
    kind: 'code',
    instructions: { before: 9, after: 10 },
    lines: { removed: 1, added: 2 },
    hunks: [
      {
        before: { instruction: 0, count: 7 },
        after: { instruction: 0, count: 8 },
        function: 'p',
        lines: [
          ' r1 = map[flows]',
          ' r2 = map[flows]',
          ' r5 = 0',
          '-r0 = 0',
          '+r0 = 1',
          '+call bpf_trace_printk',
          ' r1 = 1',
          ' r2 = 2',
          ' r3 = 3',
        ],
      },
    ],
  })
})

test('a hunk behind pairs of slots begins at their index', () => {
  const many = [...loadReference(1), ...loadReference(2), ...loadReference(3), ...loadReference(4), ...loadReference(5)]
  const { hunks } = compare(coded([...many, mov(0, 0), exit]), coded([...many, mov(0, 1), exit])) ?? { hunks: [] }
  expect(hunks).toMatchObject([{ before: { instruction: 4, count: 5 }, after: { instruction: 4, count: 5 } }])
})

test('functions keep their names on the side that has none, so that a call of the same function is the same', () => {
  const before = coded([callLocal(1), exit, mov(0, 0), exit])
  const after = coded(
    [mov(1, 1), callLocal(1), exit, mov(0, 1), exit],
    [
      { name: 'p', start: 0 },
      { name: 'parse', start: 3 },
    ],
  )
  expect(compare(before, after)?.hunks.flatMap(({ lines }) => lines)).toEqual([
    ' p:',
    '+r1 = 1',
    ' call parse',
    ' exit',
    ' parse:',
    '-r0 = 0',
    '+r0 = 1',
    ' exit',
  ])
})

test('where there is a function more, those with the same code keep their names', () => {
  const before = coded([callLocal(1), exit, mov(0, 7), exit])
  const after = coded(
    [callLocal(2), callLocal(3), exit, mov(0, 1), exit, mov(0, 7), exit],
    [
      { name: 'p', start: 0 },
      { name: 'added', start: 3 },
      { name: 'parse', start: 5 },
    ],
  )
  expect(compare(before, after)?.hunks.flatMap(({ lines }) => lines)).toEqual([
    ' p:',
    '+call added',
    ' call parse',
    ' exit',
    '+added:',
    '+r0 = 1',
    '+exit',
    ' parse:',
    ' r0 = 7',
    ' exit',
  ])
})

test('lines of source are those of the new code, each once where it begins, with its file and number', () => {
  const wanted = readManifest('objects: { main: { file: data.bpf.o } }\nprograms: { reads_all: {} }\n')
  const after = programIn(wanted, 'reads_all')
  const before = { ...after, code: { ...after.code!, instructions: after.code!.instructions.slice() } }
  // The immediate of the last but one instruction: what is returned.
  before.code.instructions[before.code.instructions.length - 12] = 1
  const found = compare(before, after, wanted)
  expect(found?.hunks).toMatchObject([
    {
      function: 'reads_all',
      source: 'data.bpf.c:40',
      lines: expect.arrayContaining([';return XDP_PASS; @ data.bpf.c:40', '-r0 = 1', '+r0 = 2']),
    },
  ])
  const lines = found?.hunks[0]?.lines ?? []
  expect(lines.indexOf('-r0 = 1')).toBe(lines.indexOf(';return XDP_PASS; @ data.bpf.c:40') + 1)
})

test('damaged line information leaves the source out', () => {
  const wanted = readManifest('objects: { main: { file: data.bpf.o } }\nprograms: { reads_all: {} }\n')
  const after = programIn(wanted, 'reads_all')
  const btf = new Map([['main', new Uint8Array(100)]])
  const hunks = compare(coded([exit]), after, { ...wanted, btf })?.hunks ?? []
  expect(hunks.length).toBeGreaterThan(0)
  expect(hunks.flatMap(({ lines }) => lines).filter((line) => line.startsWith(';'))).toEqual([])
})

test('functions and variables of the kernel go by their names, on both sides', () => {
  const release: Instruction = { opcode: 0x85, source: 2, immediate: 11 }
  const acquire: Instruction = { opcode: 0x85, source: 2, immediate: 12 }
  const other: Instruction = { opcode: 0x85, source: 2, immediate: 13 }
  const variable: readonly Instruction[] = [{ opcode: 0x18, destination: 1, source: 3, immediate: 14 }, { opcode: 0 }]
  const bare = (instructions: readonly Instruction[]): ProgramState => ({
    ...program('p'),
    code: { instructions: assemble(instructions), references: [] },
  })
  const after = {
    ...bare([...variable, acquire, release, exit]),
    externs: [
      { instruction: 0, use: 'load', name: 'bpf_prog_active' },
      { instruction: 2, use: 'call', name: 'bpf_task_acquire' },
      { instruction: 3, use: 'call', name: 'bpf_task_release' },
    ],
  } as const
  expect(compare(bare([...variable, other, release, exit]), after)?.hunks.flatMap(({ lines }) => lines)).toEqual([
    ' r1 = &bpf_prog_active',
    '-call kfunc[id:13]',
    '+call bpf_task_acquire',
    ' call bpf_task_release',
    ' exit',
  ])
})
