import { expect, test } from 'vitest'
import { withOlderHelpers } from '../../../src/object/link/older-helpers.ts'
import { assemble, call, exit, type Instruction, mov } from '../../support/assembler.ts'

const code = (...instructions: readonly Instruction[]) => ({ instructions: assemble(instructions), references: [] })

test('before Linux 5.5 memory is read by the helpers that there were', () => {
  const calls = [112, 113, 114, 115, 1].map(call)
  const older = [4, 4, 45, 45, 1].map(call)
  expect(withOlderHelpers(code(...calls, exit), 'little', '5.4.0-90-generic')).toEqual(code(...older, exit))
})

test('newer kernels, and one that nobody knows, get the code as it is', () => {
  const compiled = code(call(113), mov(0, 0), exit)
  for (const release of ['5.5.0', '5.10.1', '6.1', undefined]) {
    expect(withOlderHelpers(compiled, 'little', release)).toBe(compiled)
  }
})

test('numbers that look like a call, and calls of functions, stay', () => {
  const pair: readonly Instruction[] = [
    { opcode: 0x18, destination: 1 },
    { opcode: 0x85, immediate: 113 },
  ]
  const compiled = code(...pair, { opcode: 0x85, source: 1, immediate: 113 }, exit)
  expect(withOlderHelpers(compiled, 'little', '4.19')).toEqual(compiled)
})
