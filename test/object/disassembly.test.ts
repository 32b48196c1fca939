import { endianness, release } from 'node:os'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Kernel } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { poisonedCall } from '../../src/model/program-spec.ts'
import { disassemble, functionStarts } from '../../src/object/disassembly/disassemble.ts'
import { helperName } from '../../src/object/disassembly/helper-names.ts'
import { assemble, call, exit, type Instruction, loadReference, loadWord, mov } from '../support/assembler.ts'
import { hasKernelBtf, readKernelEnum } from '../support/kernel-enums.ts'
import { xdp } from '../support/kernel-requests.ts'
import { canTestLinux } from '../support/linux.ts'

const byteOrder = endianness() === 'LE' ? 'little' : 'big'

const i = (
  opcode: number,
  [destination = 0, source = 0]: readonly number[] = [],
  [offset = 0, immediate = 0]: readonly number[] = [],
): Instruction => ({ opcode, destination, source, offset, immediate })

const textsOf = (instructions: readonly Instruction[]): string[] =>
  disassemble({ instructions: assemble(instructions), references: [] }, { byteOrder }).map(({ text }) => text)

/** Bits 4 to 7 of arithmetic with two operands, none of which can fail: neither shifts of registers nor divisions by them. */
const arithmetic = [0x0, 0x1, 0x2, 0x3, 0x4, 0x5, 0x6, 0x7, 0x9, 0xa, 0xb, 0xc]
const comparisons = [0x1, 0x2, 0x3, 0x4, 0x5, 0x6, 0x7, 0xa, 0xb, 0xc, 0xd]
const classes = { store: 2, storeRegister: 3, arithmetic32: 4, jump: 5, jump32: 6, arithmetic: 7 }
const widths = [0x00, 0x08, 0x10, 0x18]

/** What every kernel knows. */
const common: readonly Instruction[] = [
  mov(1, 7),
  mov(2, -3),
  mov(3, 1),
  ...[classes.arithmetic32, classes.arithmetic].flatMap((group) => [
    ...arithmetic.flatMap((operator) => [
      i((operator << 4) | group, [1], [0, 5]),
      i((operator << 4) | group | 8, [1, 3]),
      mov(1, 7),
    ]),
    i(0x80 | group, [1]),
  ]),
  ...[16, 32, 64].flatMap((bits) => [i(0xd4, [1], [0, bits]), i(0xdc, [1], [0, bits])]),
  ...[classes.jump, classes.jump32].flatMap((group) =>
    comparisons.flatMap((condition) => [
      i((condition << 4) | group, [1], [0, -2]),
      i((condition << 4) | group | 8, [1, 3]),
    ]),
  ),
  i(0x05),
  ...widths.flatMap((width) => [
    i(0x60 | width | classes.store, [10], [-8, -1]),
    i(0x60 | width | classes.storeRegister, [10, 3], [-8]),
  ]),
  i(0x7a, [10], [-8, 9]),
  ...widths.map((width) => i(0x61 | width, [4, 10], [-8])),
  ...[0xc3, 0xdb].flatMap((opcode) =>
    [0x00, 0x40, 0x50, 0xa0, 0x01, 0x41, 0x51, 0xa1, 0xe1].map((operator) => i(opcode, [10, 3], [-8, operator])),
  ),
  mov(0, 1),
  i(0xdb, [10, 3], [-8, 0xf1]),
  i(0x18, [5], [0, 0x12345678]),
  i(0, [], [0, 0x9abcdef0]),
  call(5),
  i(0x85, [0, 1], [0, 3]),
]

/** Linux 6.6 brought more instructions. */
const newer: readonly Instruction[] = [
  mov(1, 7),
  mov(2, -3),
  i(0x3f, [1, 2], [1]),
  i(0x9f, [1, 2], [1]),
  i(0x37, [1], [1, -2]),
  i(0x94, [1], [1, -2]),
  ...[8, 16, 32].map((bits) => i(0xbf, [1, 2], [bits])),
  ...[8, 16].map((bits) => i(0xbc, [1, 2], [bits])),
  ...[16, 32, 64].map((bits) => i(0xd7, [1], [0, bits])),
  i(0x7a, [10], [-8, 9]),
  ...[0x81, 0x89, 0x91].map((opcode) => i(opcode, [4, 10], [-8])),
  i(0x06),
]

/** What the verifier refuses, so that it tells what it read. */
const refused = [mov(1, 0), loadWord(0, 1, 0), exit]
/** What the last one of the common instructions calls. */
const called = [mov(0, 3), exit]

describe.skipIf(!canTestLinux)('the text of an instruction is that of the verifier', () => {
  let kernel: Kernel
  beforeAll(() => {
    kernel = openLinuxKernel()
  })
  afterAll(() => kernel?.close())

  /** The verifier's text of each instruction that it walked, by slot. */
  const verifierTexts = async (instructions: readonly Instruction[]): Promise<Map<number, string>> => {
    const load = xdp({ instructions: assemble(instructions), log: 'whole' })
    const refusal = await kernel.loadProgram(load).catch((error) => error)
    const lines = String(refusal.log).matchAll(/^(\d+): \([0-9a-f]{2}\) (.*?)(?:\s+;.*)?$/gm)
    return new Map([...lines].map(([, slot, text = '']) => [Number(slot), text.replace(/#\d+$/, '')]))
  }

  const ourTexts = (instructions: readonly Instruction[]): Map<number, string> => {
    const code = { instructions: assemble(instructions), references: [] }
    return new Map(disassemble(code, { byteOrder }).map(({ instruction, text }) => [instruction, text]))
  }

  test('on every kernel', async () => {
    const all = [...common, ...refused, ...called]
    const theirs = await verifierTexts(all)
    const ours = ourTexts(all)
    expect(Object.fromEntries(theirs)).toEqual(Object.fromEntries([...ours].filter(([slot]) => theirs.has(slot))))
    expect([...ours.keys()].filter((slot) => !theirs.has(slot))).toEqual([common.length + 2])
  })

  test.skipIf(Number.parseFloat(release()) < 6 || /^6\.[0-5]\./.test(release()))('since Linux 6.6', async () => {
    const theirs = await verifierTexts([...newer, ...refused])
    const ours = ourTexts([...newer, ...refused])
    expect(Object.fromEntries(theirs)).toEqual(Object.fromEntries([...ours].filter(([slot]) => theirs.has(slot))))
    expect(theirs.size).toBe(newer.length + 2)
  })
})

test.skipIf(!hasKernelBtf)('helpers have the names of enum bpf_func_id', () => {
  for (const [name, number] of readKernelEnum('bpf_func_id')) {
    if (name.startsWith('__') || number === 0) continue
    expect(helperName(number)).toBe(name.replace(/^BPF_FUNC_/, ''))
  }
})

test.each([
  [i(0x28, [], [0, 12]), 'r0 = *(u16 *)skb[12]'],
  [i(0x50, [0, 7], [0, 2]), 'r0 = *(u8 *)skb[r7 + 2]'],
  [i(0xdb, [1, 2], [8, 0x100]), 'r1 = load_acquire((u64 *)(r2 +8))'],
  [i(0xc3, [1, 2], [8, 0x110]), 'store_release((u32 *)(r1 +8), r2)'],
  [i(0xc3, [1, 2], [8, 0xf1]), 'r0 = atomic_cmpxchg((u32 *)(r1 +8), r0, r2)'],
  [i(0xbf, [1, 2], [1, 1]), 'r1 = addr_space_cast(r2, 0, 1)'],
  [i(0xe5, [], [3]), 'may_goto pc+3'],
  [i(0x06, [], [0, -5]), 'gotol pc-5'],
  [i(0x0d, [2]), 'gotox r2'],
  [i(0x85, [0, 2], [0, 4711]), 'call kfunc[id:4711]'],
  [i(0x85, [0, 2], [1, 4711]), 'call kfunc[id:4711, module 1]'],
  [i(0x85, [], [0, poisonedCall]), 'call poisoned by CO-RE'],
  [i(0x85, [], [0, 5000]), 'call unknown#5000'],
  [i(0xff, [1, 2], [3, 4]), 'unknown 0xff 0x1 0x2 3 4'],
])('%j', (instruction, text) => {
  expect(textsOf([instruction])).toEqual([text])
})

test('maps, data and functions go by their names', () => {
  const instructions = assemble([
    ...loadReference(1),
    ...loadReference(2),
    i(0x18, [3, 3], [0, 4711]),
    i(0),
    i(0x18, [2, 4], [0, 3]),
    i(0),
    i(0x85, [0, 1], [0, 1]),
    exit,
    mov(0, 0),
    exit,
  ])
  const references = [
    { instruction: 0, kind: 'map', map: 'map.flows', offset: 0 },
    { instruction: 2, kind: 'value', map: 'map.rodata', offset: 8 },
  ] as const
  const code = { instructions, references }
  const lines = disassemble(code, { byteOrder, functions: [{ name: 'parse', start: 10 }] })
  expect(lines.map(({ instruction, text }) => `${instruction}: ${text}`)).toEqual([
    '0: r1 = map[flows]',
    '2: r2 = map[rodata][0]+8',
    '4: r3 = btf[id:4711]',
    '6: r2 = func[parse]',
    '8: call parse',
    '9: exit',
    '10: r0 = 0',
    '11: exit',
  ])
  expect(functionStarts(code, byteOrder)).toEqual([0, 10])
})

test('any bytes have one line for each instruction, in either byte order', () => {
  const orders = fc.constantFrom('little', 'big')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), orders, (instructions, order) => {
      const lines = disassemble({ instructions, references: [] }, { byteOrder: order as 'little' })
      for (const { text } of lines) expect(text).toMatch(/^[^\n]+$/)
      expect(lines.length).toBeLessThanOrEqual(instructions.length / 8)
    }),
  )
})
