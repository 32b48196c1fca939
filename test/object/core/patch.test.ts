import { describe, expect, test } from 'vitest'
import type { PlacedRelocation } from '../../../src/model/program-spec.ts'
import { patch, type Verdict } from '../../../src/object/core/patch.ts'
import { relocateCode } from '../../../src/object/core/relocate-code.ts'
import { Instructions } from '../../../src/object/programs/instructions.ts'

/** An instruction of 8 bytes: opcode, registers, offset, immediate. */
const code = (
  ...slots: readonly (readonly [opcode: number, registers: number, offset: number, immediate: number])[]
) => {
  const bytes = new Uint8Array(slots.length * 8)
  const view = new DataView(bytes.buffer)
  for (const [index, [opcode, registers, offset, immediate]] of slots.entries()) {
    view.setUint8(index * 8, opcode)
    view.setUint8(index * 8 + 1, registers)
    view.setInt16(index * 8 + 2, offset, true)
    view.setInt32(index * 8 + 4, immediate, true)
  }
  return bytes
}

const value = (before: number | bigint, after: number | bigint, more: object = {}): Verdict => ({
  kind: 'value',
  before: BigInt(before),
  after: BigInt(after),
  isCertain: true,
  ...more,
})

const patched = (bytes: Uint8Array, verdict: Verdict): Uint8Array => {
  const copy = bytes.slice()
  patch(new Instructions(copy, 'little'), 0, verdict)
  return copy
}

const poison = [0x85, 0, 0, 0x0bad2310] as const

describe('instructions that depend on a kernel', () => {
  test.each([
    ['an assignment', [0xb7, 1, 0, 8], [0xb7, 1, 0, 24]],
    ['a 32-bit assignment', [0xb4, 1, 0, 8], [0xb4, 1, 0, 24]],
    ['an addition', [0x07, 1, 0, 8], [0x07, 1, 0, 24]],
    ['a load', [0x61, 0x12, 8, 0], [0x61, 0x12, 24, 0]],
    ['a store', [0x63, 0x12, 8, 0], [0x63, 0x12, 24, 0]],
    ['a store of a number', [0x62, 0x02, 8, 5], [0x62, 0x02, 24, 5]],
  ] as const)('%s', (_, before, after) => {
    expect(patched(code(before), value(8, 24))).toEqual(code(after))
  })

  test('a load of 64 bits takes both halves', () => {
    const load = code([0x18, 1, 0, 1], [0, 0, 0, 0])
    expect(patched(load, value(1, 0x1_8000_0002n))).toEqual(code([0x18, 1, 0, 0x80000002 | 0], [0, 0, 0, 1]))
    const large = code([0x18, 1, 0, -1], [0, 0, 0, -1])
    expect(patched(large, value(2n ** 64n - 1n, 7))).toEqual(code([0x18, 1, 0, 7], [0, 0, 0, 0]))
  })

  test('negative numbers are compared as 64-bit ones', () => {
    expect(patched(code([0xb7, 1, 0, -5]), value(2n ** 64n - 5n, 3))).toEqual(code([0xb7, 1, 0, 3]))
    expect(patched(code([0xb7, 1, 0, 3]), value(3, 2n ** 64n - 5n))).toEqual(code([0xb7, 1, 0, -5]))
    expect(() => patched(code([0xb7, 1, 0, -5]), value(0xffff_fffbn, 3))).toThrow(/holds -5/)
  })

  test('must hold what was compiled, unless compilers differ there', () => {
    expect(() => patched(code([0x61, 0x12, 9, 0]), value(8, 24))).toThrow(/holds 9, but .* be 8/)
    expect(patched(code([0x61, 0x12, 9, 0]), value(8, 24, { isCertain: false }))).toEqual(code([0x61, 0x12, 24, 0]))
  })

  test.each([
    ['an addition of a register', [0x0f, 0x21, 0, 0]],
    ['a jump', [0x05, 0, 8, 8]],
    ['a load of 64 bits that was given a map', [0x18, 0x11, 0, 8]],
    ['a load of 64 bits without a second half', [0x18, 1, 0, 8]],
  ] as const)('%s is refused', (_, instruction) => {
    expect(() => patched(code(instruction), value(8, 24))).toThrow(/none that can be relocated/)
  })

  test('an offset beyond 32767 does not fit', () => {
    expect(patched(code([0x61, 0x12, 8, 0]), value(8, 32767))).toEqual(code([0x61, 0x12, 32767, 0]))
    expect(() => patched(code([0x61, 0x12, 8, 0]), value(8, 32768))).toThrow(/too large/)
  })
})

describe('fields of another size', () => {
  const load64 = code([0x79, 0x12, 8, 0])

  test('are loaded by their size in the kernel', () => {
    expect(patched(load64, value(8, 24, { resized: { before: 8, after: 4 } }))).toEqual(code([0x61, 0x12, 24, 0]))
    expect(patched(load64, value(8, 24, { resized: { before: 8, after: 2 } }))).toEqual(code([0x69, 0x12, 24, 0]))
    expect(patched(load64, value(8, 24, { resized: { before: 8, after: 1 } }))).toEqual(code([0x71, 0x12, 24, 0]))
    const load32 = code([0x61, 0x12, 8, 0])
    expect(patched(load32, value(8, 24, { resized: { before: 4, after: 8 } }))).toEqual(code([0x79, 0x12, 24, 0]))
  })

  test('that would be read wrongly poison the load, but not a sum of addresses', () => {
    const wrong = value(8, 24, { resized: { before: 8, after: undefined } })
    expect(patched(load64, wrong)).toEqual(code(poison))
    expect(patched(code([0x07, 1, 0, 8]), wrong)).toEqual(code([0x07, 1, 0, 24]))
  })

  test('must be loaded whole, and in one piece', () => {
    expect(() => patched(load64, value(8, 24, { resized: { before: 4, after: 8 } }))).toThrow(/4 bytes of the field/)
    expect(() => patched(load64, value(8, 24, { resized: { before: 8, after: 16 } }))).toThrow(/at once/)
  })
})

describe('poison', () => {
  const place = (instruction: number): PlacedRelocation => ({
    instruction,
    relocation: { section: 'xdp', offset: instruction * 8, kind: 0, typeId: 1, access: '0:0' },
  })

  test('takes the place of an instruction, and of both halves of a load of 64 bits', () => {
    expect(patched(code([0x61, 0x12, 8, 0]), { kind: 'poison' })).toEqual(code(poison))
    expect(patched(code([0x18, 0x01, 0, 8], [0, 0, 0, 0]), { kind: 'poison' })).toEqual(code(poison, poison))
  })

  test('is told with what the kernel lacks; the compiled code stays as it is', () => {
    const compiled = code([0xb7, 0, 0, 0], [0x61, 0x12, 8, 0])
    const before = compiled.slice()
    const relocation = place(1)
    const decided = {
      kind: 'decided',
      subject: 'field a of struct t',
      verdict: { kind: 'poison' },
      missing: 'no a',
    } as const
    const result = relocateCode(compiled, {
      byteOrder: 'little',
      relocations: [relocation],
      resolutions: new Map([[relocation.relocation, decided]]),
    })
    expect(result).toEqual({
      instructions: code([0xb7, 0, 0, 0], poison),
      poisoned: [{ instruction: 1, missing: 'no a' }],
      failures: [],
    })
    expect(compiled).toEqual(before)
  })

  test('what cannot be patched is a failure with the field', () => {
    const relocation = place(0)
    const decided = { kind: 'decided', subject: 'field a of struct t', verdict: value(8, 24) } as const
    const { failures } = relocateCode(code([0x61, 0x12, 9, 0]), {
      byteOrder: 'little',
      relocations: [relocation],
      resolutions: new Map([[relocation.relocation, decided]]),
    })
    expect(failures).toEqual([
      { instruction: 0, kind: 'failed', what: expect.stringMatching(/^field a of struct t: the instruction holds 9/) },
    ])
  })
})
