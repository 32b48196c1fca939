import { describe, expect, test } from 'vitest'
import type { BtfBuilder, MemberPlan } from '../../support/btf-builder.ts'
import { resolve, resolveAll, show } from './relocating.ts'

/** A struct of named integers of 4 bytes, one after another. */
const plain =
  (struct: string, ...names: string[]) =>
  (types: BtfBuilder): number => {
    const int = types.int('int', 4, { signed: true })
    return types.struct(
      struct,
      names.length * 4,
      names.map((name, index) => ({ name, type: int, bit: index * 32 })),
    )
  }

describe('the offset of a field', () => {
  test('is that of the field of the same name', () => {
    const sides = { local: plain('task', 'pid'), kernel: plain('task', 'state', 'flags', 'pid') }
    expect(resolve(sides, { kind: 'fieldOffset', access: '0:0' })).toBe(8)
    expect(resolve(sides, { kind: 'fieldExists', access: '0:0' })).toBe(1)
    expect(resolve(sides, { kind: 'fieldSize', access: '0:0' })).toBe(4)
    expect(resolve(sides, { kind: 'fieldSigned', access: '0:0' })).toBe(1)
  })

  test('counts elements of the struct itself by the size in the kernel', () => {
    const sides = { local: plain('task', 'pid'), kernel: plain('task', 'state', 'flags', 'pid') }
    expect(resolve(sides, { kind: 'fieldOffset', access: '2:0' })).toBe(2 * 12 + 8)
    expect(resolve(sides, { kind: 'fieldOffset', access: '2' })).toBe(24)
    expect(resolve(sides, { kind: 'fieldSize', access: '2' })).toBe(12)
  })

  test('is found in anonymous members, wherever they are on either side', () => {
    const nested = (types: BtfBuilder): number => {
      const int = types.int('int', 4)
      const inner = types.struct('', 8, [
        { name: 'other', type: int, bit: 0 },
        { name: 'wanted', type: int, bit: 32 },
      ])
      const union = types.union('', 8, [{ name: '', type: inner, bit: 0 }])
      return types.struct('holder', 16, [
        { name: 'first', type: int, bit: 0 },
        { name: '', type: union, bit: 64 },
      ])
    }
    const flat = plain('holder', 'wanted')
    expect(resolve({ local: flat, kernel: nested }, { kind: 'fieldOffset', access: '0:0' })).toBe(12)
    expect(resolve({ local: nested, kernel: flat }, { kind: 'fieldOffset', access: '0:1:0:1' })).toBe(0)
  })

  test('goes through nested structs, arrays and typedefs', () => {
    const build = (lead: number, length: number) => (types: BtfBuilder) => {
      const int = types.int('int', 4)
      const point = types.struct('point', 8, [
        { name: 'x', type: int, bit: 0 },
        { name: 'y', type: int, bit: 32 },
      ])
      const points = types.array(types.constant(types.typedef('point_t', point)), length)
      return types.struct('line', lead + 8 * length, [{ name: 'points', type: points, bit: lead * 8 }])
    }
    const sides = { local: build(0, 4), kernel: build(40, 3) }
    expect(resolve(sides, { kind: 'fieldOffset', access: '0:0:2:1' })).toBe(40 + 16 + 4)
    expect(resolve(sides, { kind: 'fieldOffset', access: '0:0:3:1' })).toBe(
      'poison: points[3] of struct line lies outside of the array',
    )
    expect(resolve(sides, { kind: 'fieldSize', access: '0:0' })).toBe(24)
    expect(resolve(sides, { kind: 'fieldOffset', access: '0:0:4:1' })).toMatch(/^failed: .*malformed/)
  })

  test('may lie in a flexible array at the end of its struct, and in no other array of length 0', () => {
    const build = (length: number, behind: readonly string[]) => (types: BtfBuilder) => {
      const int = types.int('int', 4)
      const array = types.array(int, length)
      return types.struct('message', 64, [
        { name: 'items', type: array, bit: 32 },
        ...behind.map((name): MemberPlan => ({ name, type: int, bit: 32 })),
      ])
    }
    const access = { kind: 'fieldOffset', access: '0:0:7' } as const
    expect(resolve({ local: build(0, []), kernel: build(0, []) }, access)).toBe(4 + 28)
    expect(resolve({ local: build(8, []), kernel: build(0, []) }, access)).toBe(4 + 28)
    expect(resolve({ local: build(8, []), kernel: build(0, ['more']) }, access)).toMatch(/^poison/)
    expect(resolve({ local: build(0, ['more']), kernel: build(0, []) }, access)).toMatch(/^failed/)
  })

  test('of a negative element wraps as in C', () => {
    const sides = { local: plain('task', 'pid'), kernel: plain('task', 'pid') }
    expect(resolve(sides, { kind: 'fieldOffset', access: '-1:0' })).toBe((2 ** 32 - 32) / 8)
  })
})

describe('what is not there', () => {
  const sides = { local: plain('task', 'pid'), kernel: plain('task', 'state') }

  test('does not exist, and poisons what uses it', () => {
    expect(resolve(sides, { kind: 'fieldExists', access: '0:0' })).toBe(0)
    expect(resolve(sides, { kind: 'fieldOffset', access: '0:0' })).toBe('poison: struct task has no field pid')
    expect(resolve(sides, { kind: 'fieldSize', access: '0:0' })).toBe('poison: struct task has no field pid')
    expect(resolve({ ...sides, kernel: plain('other') }, { kind: 'fieldOffset', access: '0:0' })).toBe(
      'poison: there is no struct task',
    )
  })

  test('is named by its whole path', () => {
    const outer = (field: string) => (types: BtfBuilder) => {
      const inner = plain('load', field)(types)
      return types.struct('entity', 4, [{ name: 'load', type: inner, bit: 0 }])
    }
    const nested = { local: outer('weight'), kernel: outer('mass') }
    expect(resolve(nested, { kind: 'fieldOffset', access: '0:0:0' })).toBe(
      'poison: struct entity has no field load.weight',
    )
  })

  test.each([
    ['an integer', (types: BtfBuilder) => types.int('long', 8), 'an integer of another size', 1],
    ['a pointer', (types: BtfBuilder) => types.pointer(0), 'a pointer', 0],
    ['a float', (types: BtfBuilder) => types.float('double', 8), 'a float', 0],
    [
      'an old bit field',
      (types: BtfBuilder) => types.int('int', 4, { bitOffset: 3 }),
      'an integer within an integer',
      0,
    ],
    ['an array', (types: BtfBuilder) => types.array(types.int('int', 4), 1), 'an array of integers', 0],
  ])('a field that is %s in the kernel exists only where the types go together', (_, type, __, exists) => {
    const kernel = (types: BtfBuilder) => types.struct('task', 8, [{ name: 'pid', type: type(types), bit: 0 }])
    expect(resolve({ local: plain('task', 'pid'), kernel }, { kind: 'fieldExists', access: '0:0' })).toBe(exists)
    if (!exists) {
      const offset = resolve({ local: plain('task', 'pid'), kernel }, { kind: 'fieldOffset', access: '0:0' })
      expect(offset).toBe('poison: field pid of struct task has another type')
    }
  })

  const typed = (type: (types: BtfBuilder) => number) => (types: BtfBuilder) =>
    types.struct('task', 64, [{ name: 'x', type: type(types), bit: 0 }])
  const exists = (local: (types: BtfBuilder) => number, kernel: (types: BtfBuilder) => number) =>
    resolve({ local: typed(local), kernel: typed(kernel) }, { kind: 'fieldExists', access: '0:0' })

  test('structs and unions go together, whatever is in them', () => {
    expect(
      exists(
        (types) => types.struct('a', 4),
        (types) => types.union('b', 8),
      ),
    ).toBe(1)
  })

  test('enums go together by name, of any size, and those without a name with every other', () => {
    const narrow = (name: string) => (types: BtfBuilder) => types.enumeration(name, { A: 1 })
    const wide = (name: string) => (types: BtfBuilder) => types.wideEnumeration(name, { A: 1n })
    expect(exists(narrow('e'), wide('e___kernel'))).toBe(1)
    expect(exists(narrow('e'), wide('f'))).toBe(0)
    expect(exists(narrow(''), wide('f'))).toBe(1)
  })

  test('arrays go together by their elements, of whatever lengths and dimensions', () => {
    const int = (types: BtfBuilder) => types.int('int', 4)
    expect(
      exists(
        (types) => types.array(int(types), 2),
        (types) => types.array(int(types), 9),
      ),
    ).toBe(1)
    expect(
      exists(
        (types) => types.array(types.array(int(types), 2), 2),
        (types) => types.array(int(types), 9),
      ),
    ).toBe(0)
    expect(
      exists(
        (types) => types.array(int(types), 2),
        (types) => types.array(types.pointer(0), 9),
      ),
    ).toBe(0)
  })
})

describe('bit fields', () => {
  const build =
    (at: number, bits: number, size = 4) =>
    (types: BtfBuilder) => {
      const int = types.int('unsigned', size)
      return types.struct('flags', 32, [{ name: 'flag', type: int, bit: at, bits }])
    }
  const ask = (at: number, bits: number, size?: number, byteOrder: 'little' | 'big' = 'little') => {
    const sides = { local: build(0, 1), kernel: build(at, bits, size), byteOrder }
    const kinds = ['fieldOffset', 'fieldSize', 'fieldSigned', 'leftShift', 'rightShift'] as const
    return resolveAll(
      sides,
      kinds.map((kind) => ({ kind, access: '0:0' })),
    ).map(show)
  }

  test('are loaded as the integer that they are declared as', () => {
    expect(ask(37, 3)).toEqual([4, 4, 0, 64 - (37 + 3 - 32), 64 - 3])
    expect(ask(35, 2, 1)).toEqual([4, 1, 0, 64 - (35 + 2 - 32), 64 - 2])
  })

  test('are loaded as a wider integer where they lie across the end of one', () => {
    expect(ask(30, 4)).toEqual([0, 8, 0, 64 - 34, 60])
    expect(ask(7, 2, 1)).toEqual([0, 2, 0, 64 - 9, 62])
    expect(ask(62, 4, 1)).toEqual([
      'failed: field flag of struct flags: a bit field spans more than 64 bits',
      ...Array(4).fill(expect.stringMatching(/^failed/)),
    ])
  })

  test('lie at the other end of the integer on a big-endian kernel', () => {
    expect(ask(37, 3, 4, 'big')).toEqual([4, 4, 0, (8 - 4) * 8 + 5, 61])
  })

  test('can be ordinary fields on the other side, and have a shift as well', () => {
    const whole = (types: BtfBuilder) =>
      types.struct('flags', 8, [{ name: 'flag', type: types.int('u16', 2), bit: 16 }])
    const sides = { local: build(0, 1), kernel: whole }
    expect(resolve(sides, { kind: 'leftShift', access: '0:0' })).toBe(48)
    expect(resolve(sides, { kind: 'rightShift', access: '0:0' })).toBe(48)
  })
})

describe('several types of one name', () => {
  const flavours = (types: BtfBuilder) => {
    plain('task', 'pid', 'state')(types)
    return plain('task___other', 'state', 'pid')(types)
  }

  test('are all candidates, flavours aside on both sides', () => {
    const sides = { local: plain('task___mine', 'comm'), kernel: plain('task', 'comm') }
    expect(resolve(sides, { kind: 'fieldOffset', access: '0:0' })).toBe(0)
    expect(
      resolve({ ...sides, kernel: plain('task___theirs', 'x', 'comm') }, { kind: 'fieldOffset', access: '0:0' }),
    ).toBe(4)
    expect(resolve({ ...sides, kernel: plain('task__theirs', 'comm') }, { kind: 'fieldExists', access: '0:0' })).toBe(0)
  })

  test('must give the same answer', () => {
    const sides = { local: plain('task', 'pid'), kernel: flavours }
    expect(resolve(sides, { kind: 'fieldOffset', access: '0:0' })).toBe(
      'ambiguous: field pid of struct task: the kernel has several types of that name, which differ (byte 0 in type 2, byte 4 in type 4)',
    )
    expect(resolve(sides, { kind: 'fieldSize', access: '0:0' })).toMatch(/^ambiguous/)
    const same = (types: BtfBuilder) => [plain('task', 'pid')(types), plain('task', 'pid', 'more')(types)]
    expect(resolve({ ...sides, kernel: same }, { kind: 'fieldOffset', access: '0:0' })).toBe(0)
    expect(resolve({ ...sides, kernel: same }, { kind: 'typeSize' })).toMatch(/^ambiguous/)
  })

  test('are ruled out for the rest of the object by what they do not have', () => {
    const local = plain('task', 'pid', 'only')
    const kernel = (types: BtfBuilder) => [plain('task', 'pid')(types), plain('task', 'only', 'pid')(types)]
    const pid = { kind: 'fieldOffset', access: '0:0' } as const
    const only = { kind: 'fieldOffset', access: '0:1' } as const
    expect(resolveAll({ local, kernel }, [pid, only]).map(show)).toEqual([expect.stringMatching(/^ambiguous/), 0])
    expect(resolveAll({ local, kernel }, [only, pid]).map(show)).toEqual([0, 4])
  })

  test('of another kind are no candidates', () => {
    const kernel = (types: BtfBuilder) => types.union('task', 4, [{ name: 'pid', type: types.int('int', 4), bit: 0 }])
    expect(resolve({ local: plain('task', 'pid'), kernel }, { kind: 'fieldExists', access: '0:0' })).toBe(0)
  })
})

describe('modules', () => {
  const ask = { kind: 'fieldOffset', access: '0:0' } as const

  test('are looked into where vmlinux has no such type, with its types beneath', () => {
    const kernel = (types: BtfBuilder) => types.int('int', 4)
    const module = (types: BtfBuilder) => types.struct('driver', 8, [{ name: 'irq', type: 1, bit: 32 }])
    expect(resolve({ local: plain('driver', 'irq'), kernel, modules: [() => 0, module] }, ask)).toBe(4)
  })

  test('do not count where vmlinux has one', () => {
    const sides = { local: plain('driver', 'irq'), kernel: plain('driver', 'x'), modules: [plain('driver', 'irq')] }
    expect(resolve(sides, ask)).toBe('poison: struct driver has no field irq')
  })

  test('must agree with each other', () => {
    const modules = [plain('driver', 'irq'), plain('driver', 'x', 'irq')]
    expect(resolve({ local: plain('driver', 'irq'), kernel: plain('other'), modules }, ask)).toMatch(/^ambiguous/)
  })
})

describe('fields of another size in the kernel', () => {
  const field = (type: (types: BtfBuilder) => number) => (types: BtfBuilder) =>
    types.struct('task', 64, [{ name: 'x', type: type(types), bit: 0 }])
  const resized = (local: (types: BtfBuilder) => number, kernel: (types: BtfBuilder) => number) => {
    const sides = { local: field(local), kernel: field(kernel) }
    const [resolution] = resolveAll(sides, [{ kind: 'fieldOffset', access: '0:0' }])
    return resolution?.kind === 'decided' && resolution.verdict.kind === 'value'
      ? resolution.verdict.resized
      : 'no value'
  }
  const unsigned = (bytes: number) => (types: BtfBuilder) => types.int('unsigned', bytes)
  const signed = (bytes: number) => (types: BtfBuilder) => types.int('int', bytes, { signed: true })

  test('are loaded by it if they are integers without a sign', () => {
    expect(resized(unsigned(8), unsigned(4))).toEqual({ before: 8, after: 4 })
    expect(resized(unsigned(4), signed(4))).toBeUndefined()
    expect(resized(unsigned(8), signed(4))).toEqual({ before: 8, after: undefined })
    expect(resized(signed(8), signed(4))).toEqual({ before: 8, after: undefined })
  })

  test('are loaded by it if they are pointers of a 32-bit kernel', () => {
    const narrow = (types: BtfBuilder): number => {
      types.int('long unsigned int', 4)
      return types.pointer(0)
    }
    expect(resized((types) => types.pointer(0), narrow)).toEqual({ before: 8, after: 4 })
    expect(
      resized(
        (types) => types.pointer(0),
        (types) => types.pointer(0),
      ),
    ).toBeUndefined()
  })

  test('are read wrongly if they are anything else', () => {
    const enumeration = (size: number) => (types: BtfBuilder) => types.enumeration('e', { A: 1 }, { size })
    expect(resized(enumeration(4), enumeration(8))).toEqual({ before: 4, after: undefined })
    const bits = (types: BtfBuilder) =>
      types.struct('task', 64, [{ name: 'x', type: types.int('unsigned', 4), bit: 0, bits: 4 }])
    const sides = { local: field(unsigned(4)), kernel: bits }
    const [resolution] = resolveAll(sides, [{ kind: 'fieldOffset', access: '0:0' }])
    expect(resolution).toMatchObject({ verdict: { resized: { before: 4, after: undefined } } })
  })
})
