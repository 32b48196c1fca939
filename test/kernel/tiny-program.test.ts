import { expect, test } from 'vitest'
import { isTiny } from '../../src/kernel/tiny-program.ts'

/** Instructions by opcode, source register, offset and immediate. */
const code = (...instructions: readonly (readonly [number, number?, number?, number?])[]): Uint8Array => {
  const bytes = new Uint8Array(instructions.length * 8)
  const view = new DataView(bytes.buffer)
  instructions.forEach(([opcode, source = 0, offset = 0, immediate = 0], index) => {
    bytes.set([opcode, source << 4], index * 8)
    view.setInt16(index * 8 + 2, offset, true)
    view.setInt32(index * 8 + 4, immediate, true)
  })
  return bytes
}
const move = [0xb7] as const
const exit = [0x95] as const

test.each([
  ['moves and an exit', code(move, exit), true],
  ['a jump forwards', code(move, [0x15, 0, 1], move, exit), true],
  ['a call of a helper', code([0x85, 0, 0, 5], exit), true],
  ['a jump backwards', code(move, [0x15, 0, -2], exit), false],
  ['a 32-bit jump backwards', code(move, [0x16, 0, -2], exit), false],
  ['a long jump backwards', code(move, [0x06, 0, 0, -2], exit), false],
  ['a call of a function', code([0x85, 1, 0, 1], exit, move, exit), false],
  ['many instructions', code(...Array.from({ length: 128 }, () => move), exit), false],
] as const)('%s: tiny is %s', (_, instructions, tiny) => {
  expect(isTiny(instructions)).toBe(tiny)
})
