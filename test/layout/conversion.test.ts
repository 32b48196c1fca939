import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planConversion } from '../../src/layout/conversion.ts'
import { compileConversion } from '../../src/layout/convert-batch.ts'
import { type LayoutMember, parseLayout } from '../../src/layout/parse-layout.ts'
import { readBits, writeBits } from '../../src/object/btf/integers.ts'
import { arrayOf, layoutText, type Sample, structOf } from './arbitrary.ts'

const side = (layout: string) => ({ layout, size: parseLayout(layout)?.size ?? 0 })
const plan = (from: string, to: string) => planConversion(side(from), side(to))

/** One value converted; the new one starts as zeros. */
function convert(from: string, to: string, bytes: readonly number[], byteOrder: 'little' | 'big' = 'little') {
  const shape = { fromStride: side(from).size, toStride: side(to).size, byteOrder }
  const target = new Uint8Array(shape.toStride)
  compileConversion(plan(from, to), shape)(Uint8Array.from(bytes), target, 1)
  return [...target]
}

describe('a value of one layout becomes one of another', () => {
  test('by the names of its fields: new ones are zero, others go', () => {
    const from = 'struct 8{a:u32@0,b:u32@4}'
    const to = 'struct 12{new:u32@0,b:u32@4,c:u8[4]@8}'
    expect(convert(from, to, [1, 0, 0, 0, 2, 3, 4, 5])).toEqual([0, 0, 0, 0, 2, 3, 4, 5, 0, 0, 0, 0])
    expect(plan(from, to)).toMatchObject({ dropped: ['a'], lossy: [], impossible: [], same: false })
  })

  test('and a larger integer keeps the value, its sign included', () => {
    expect(convert('s16', 's64', [0xfe, 0xff])).toEqual([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])
    expect(convert('u16', 'u32', [0xfe, 0xff])).toEqual([0xfe, 0xff, 0, 0])
    expect(convert('s16', 's32', [0xff, 0xfe], 'big')).toEqual([0xff, 0xff, 0xff, 0xfe])
    expect(convert('u8', 's32', [0x80], 'big')).toEqual([0, 0, 0, 0x80])
  })

  test('and a smaller integer keeps the low bytes', () => {
    expect(convert('u32', 'u16', [1, 2, 3, 4])).toEqual([1, 2])
    expect(convert('u32', 'u16', [1, 2, 3, 4], 'big')).toEqual([3, 4])
  })

  test('inside arrays of structs, too; a longer array ends in zeros', () => {
    const element = (type: string, size: number) => `struct ${size}{n:${type}@0}`
    expect(convert(`${element('u8', 1)}[2]`, `${element('u16', 2)}[3]`, [7, 8])).toEqual([7, 0, 8, 0, 0, 0])
  })

  test('and a bit field keeps its value in a wider one', () => {
    const from = 'struct 4{a:u32/3@0,b:s32/5@0.3}'
    const to = 'struct 4{b:s32/9@0,a:u32/7@1.1}'
    // a = 5, b = -2
    expect(convert(from, to, [0b11110101, 0, 0, 0])).toEqual([0xfe, 0b00001011, 0, 0])
  })

  test('or byte for byte, bytes between the fields included, where nothing differs', () => {
    const layout = 'struct 8{a:u8@0,b:u32@4}'
    expect(convert(layout, layout, [1, 9, 9, 9, 2, 2, 2, 2])).toEqual([1, 9, 9, 9, 2, 2, 2, 2])
    expect(plan(layout, layout).same).toBe(true)
  })
})

test.each([
  ['u32', 's32', 'it: u32 becomes s32'],
  ['s32', 'u64', 'it: s32 becomes u64'],
  ['u64', 'u32', 'it: u64 becomes u32'],
  ['u8', 'bool8', 'it: u8 becomes bool8'],
  ['u8[4]', 'u8[3]', 'it: u8[4] becomes u8[3]'],
  ['struct 4{a:u32/7@0}', 'struct 4{a:u32/6@0}', 'a: u32:7 becomes u32:6'],
  ['struct 8{a:struct 4{b:u32@0}[2]@0}', 'struct 4{a:struct 2{b:u16@0}[2]@0}', 'a[].b: u32 becomes u16'],
])('%s to %s may lose something, and says what', (from, to, what) => {
  expect(plan(from, to)).toMatchObject({ lossy: [what], impossible: [] })
})

test.each([
  ['u32', 's64'],
  ['enumu32', 'u32'],
  ['u32', 'enumu64'],
  ['bool8', 'u32'],
  ['u8[3]', 'u8[16]'],
])('%s to %s loses nothing', (from, to) => {
  expect(plan(from, to)).toMatchObject({ lossy: [], impossible: [] })
})

test.each([
  ['u64', 'f64', 'u64 cannot become f64'],
  ['u64', 'pointer', 'u64 cannot become pointer'],
  ['u32', 'struct 4{a:u32@0}', 'u32 cannot become struct of 4 bytes'],
  ['struct 8{a:union 8{b:u64@0}@0}', 'struct 8{a:union 8{c:u64@0}@0}', 'a: the union differs'],
  [
    'struct bpf_timer 16{a:u64[2]@0}',
    'struct bpf_timer 16{a:u64[2]@0}',
    'it holds a bpf_timer, which cannot be copied',
  ],
  ['struct 8{a:u64@0}', 'struct 8{a:pointer kptr@0}', 'it holds a kptr, which cannot be copied'],
  ['struct 4{l:struct bpf_spin_lock 4{v:u32@0}@0}', 'u32', 'it holds a bpf_spin_lock, which cannot be copied'],
])('%s cannot become %s', (from, to, what) => {
  expect(plan(from, to).impossible).toContain(what)
})

test('without type information, equal sizes are copied and others refused', () => {
  expect(planConversion({ size: 8 }, { size: 8 })).toMatchObject({ same: true, counters: [], impossible: [] })
  expect(planConversion({ size: 8 }, { size: 12 }).impossible).toEqual(['no type information says what its bytes mean'])
  expect(planConversion({ size: 8 }, { size: 8, layout: 'u64' }).impossible).toHaveLength(1)
})

test('counters are the integers that both sides have, whatever became of their size', () => {
  const from = 'struct 24{a:u64@0,b:u32[2]@8,c:bool8@16,d:u16@18}'
  const to = 'struct 40{x:u64@0,a:u64@8,b:u64[2]@16,c:bool8@32,d:u16@34}'
  expect(plan(from, to).counters).toEqual([
    { from: 0, fromSize: 8, to: 8, toSize: 8 },
    { from: 8, fromSize: 4, to: 16, toSize: 8 },
    { from: 12, fromSize: 4, to: 24, toSize: 8 },
    { from: 18, fromSize: 2, to: 34, toSize: 2 },
  ])
})

/** What is in a value: integers by their path. */
function integersOf(bytes: Uint8Array, layout: string, byteOrder: 'little' | 'big'): Map<string, bigint> {
  const found = new Map<string, bigint>()
  const walk = ({ type, bitOffset }: Pick<LayoutMember, 'type' | 'bitOffset'>, path: string): void => {
    if (type.kind === 'integer' || type.kind === 'enum' || type.kind === 'bool') {
      const value = readBits(bytes, { bitOffset, bits: type.size * 8, byteOrder })
      found.set(path, 'signed' in type && type.signed ? BigInt.asIntN(type.size * 8, value) : value)
    } else if (type.kind === 'array') {
      for (let index = 0; index < type.length; index++)
        walk({ type: type.element, bitOffset: bitOffset + index * type.element.size * 8 }, `${path}[${index}]`)
    } else if (type.kind === 'struct') {
      for (const member of type.members)
        walk({ ...member, bitOffset: bitOffset + member.bitOffset }, `${path}.${member.name}`)
    }
  }
  const type = parseLayout(layout)
  if (type) walk({ type, bitOffset: 0 }, '')
  return found
}

/** The same type with some integers widened, some fields in another order and some new. */
const evolved = (type: Sample, seed: readonly number[]): Sample => {
  const parsed = parseLayout(type.text)
  let at = 0
  const next = (): number => seed[at++ % seed.length] ?? 0
  const evolve = (one: NonNullable<typeof parsed>): Sample => {
    if (one.kind === 'integer' && one.size < 8 && next() % 2) {
      const size = one.size * 2
      return { text: `${one.signed ? 's' : 'u'}${size * 8}`, size, align: size }
    }
    if (one.kind === 'array') return arrayOf(evolve(one.element), one.length + (next() % 3))
    if (one.kind !== 'struct') return { text: one.text, size: one.size, align: alignOf(one) }
    const members = one.members.map((member) => [member.name, evolve(member.type)] as const)
    const fresh = next() % 2 ? [['fresh', { text: 'u32', size: 4, align: 4 }] as const] : []
    return structOf(next() % 2 ? [...members.toReversed(), ...fresh] : [...fresh, ...members])
  }
  return parsed ? evolve(parsed) : type
}

const alignOf = (type: NonNullable<ReturnType<typeof parseLayout>>): number =>
  type.kind === 'array'
    ? alignOf(type.element)
    : type.kind === 'struct' || type.kind === 'union'
      ? Math.max(1, ...type.members.map((member) => alignOf(member.type)))
      : type.size

test('what a field held it holds in every later version, and what is new is zero', () => {
  const widths = fc.array(fc.nat(5), { minLength: 8, maxLength: 8 })
  const order = fc.constantFrom('little' as const, 'big' as const)
  fc.assert(
    fc.property(
      layoutText,
      widths,
      order,
      fc.integer({ min: 1, max: 4 }),
      fc.gen(),
      (type, seed, byteOrder, count, g) => {
        const later = evolved(type, seed)
        const conversion = plan(type.text, later.text)
        expect(conversion).toMatchObject({ lossy: [], dropped: [], impossible: [] })
        const shape = { fromStride: type.size, toStride: later.size, byteOrder }
        const bytes = g(fc.uint8Array, { minLength: type.size * count, maxLength: type.size * count })
        const target = new Uint8Array(later.size * count)
        compileConversion(conversion, shape)(bytes, target, count)
        for (let entry = 0; entry < count; entry++) {
          const before = integersOf(bytes.subarray(entry * type.size, (entry + 1) * type.size), type.text, byteOrder)
          const after = integersOf(target.slice(entry * later.size, (entry + 1) * later.size), later.text, byteOrder)
          for (const [path, value] of after) expect(value, path).toBe(before.get(path) ?? 0n)
          expect([...before.keys()].filter((path) => !after.has(path))).toEqual([])
        }
      },
    ),
    { numRuns: 500 },
  )
})

test('bit fields of any width and place keep their values', () => {
  const field = fc.record({ at: fc.nat(30), width: fc.integer({ min: 1, max: 20 }) })
  const order = fc.constantFrom('little' as const, 'big' as const)
  fc.assert(
    fc.property(field, field, order, fc.boolean(), fc.bigInt(0n, 2n ** 20n - 1n), (a, b, byteOrder, signed, raw) => {
      fc.pre(b.width >= a.width)
      const layout = ({ at, width }: typeof a) => `struct 8{f:${signed ? 's' : 'u'}64/${width}@${at >> 3}.${at & 7}}`
      const bytes = new Uint8Array(8)
      writeBits(bytes, { bitOffset: a.at, bits: a.width, byteOrder }, raw)
      const target = Uint8Array.from(convert(layout(a), layout(b), [...bytes], byteOrder))
      const read = (from: Uint8Array, { at, width }: typeof a) => {
        const value = readBits(from, { bitOffset: at, bits: width, byteOrder })
        return signed ? BigInt.asIntN(width, value) : value
      }
      expect(read(target, b)).toBe(read(bytes, a))
    }),
  )
})
