import fc from 'fast-check'
import type { CoreRelocation } from '../../../src/model/program-spec.ts'

/** BTF, `.BTF.ext` and ELF as they could be, rather than good ones with something wrong. */

const word = fc.oneof(
  { weight: 6, arbitrary: fc.nat(12) },
  { weight: 2, arbitrary: fc.nat(300) },
  { weight: 1, arbitrary: fc.constantFrom(0x7fffffff, 0x80000000, 0xffffffff, 0x10000, 0xffff) },
)

/** A type record: name, info, size or type, and what its kind has behind that, or nearly. */
const record = fc
  .record({
    kind: fc.nat(20),
    flag: fc.boolean(),
    count: fc.nat(4),
    head: fc.tuple(word, word),
    tail: fc.array(word, { maxLength: 16 }),
    exact: fc.integer({ min: 0, max: 9 }),
  })
  .map(({ kind, flag, count, head: [name, size], tail, exact }) => {
    const [fixed, each] = tails[kind] ?? [0, 0]
    const length = exact === 0 ? tail.length : fixed + each * count
    return [name, ((flag ? 0x80000000 : 0) | (kind << 24) | count) >>> 0, size, ...padded(tail, length)]
  })

/** Words behind a record: fixed, and for each member. */
const tails: Readonly<Record<number, readonly [number, number]>> = {
  1: [1, 0],
  3: [3, 0],
  4: [0, 3],
  5: [0, 3],
  6: [0, 2],
  13: [0, 2],
  14: [1, 0],
  15: [0, 3],
  17: [1, 0],
  19: [0, 3],
}

const padded = (words: readonly number[], length: number): readonly number[] =>
  Array.from({ length }, (_, index) => words[index % Math.max(1, words.length)] ?? 0)

const strings = fc
  .array(
    fc.constantFrom(
      'a',
      'int',
      '.maps',
      '.kconfig',
      '.ksyms',
      '.data',
      '.struct_ops',
      'type',
      'key',
      'value',
      'xdp',
      '0:1',
      '0',
      'CONFIG_HZ',
      'main',
    ),
    { maxLength: 12 },
  )
  .map((texts) => Buffer.from(`\0${texts.map((text) => `${text}\0`).join('')}`))

/** The bytes of a BTF section. */
export const btf: fc.Arbitrary<Uint8Array> = fc
  .record({ records: fc.array(record, { maxLength: 14 }), strings, slack: fc.constantFrom(0, 0, 0, 0, 4, -4) })
  .map(({ records, strings: texts, slack }) => {
    const types = records.flat()
    const length = types.length * 4
    return Buffer.concat([words(0x0001eb9f, 24, 0, length, length + slack, texts.length), words(...types), texts])
  })

/** The bytes of a .BTF.ext section: three tables, each of a record size and sections with records. */
export const ext: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.record({
      size: fc.constantFrom(8, 16, 16, 12, 4, 0),
      section: fc.nat(20),
      records: fc.array(fc.array(word, { minLength: 4, maxLength: 4 }), { maxLength: 4 }),
    }),
    {
      minLength: 3,
      maxLength: 3,
    },
  )
  .map((tables) => {
    const parts = tables.map(({ size, section, records }) =>
      words(size, section, records.length, ...records.flatMap((each) => each.slice(0, size / 4))),
    )
    const startOf = (index: number): number => parts.slice(0, index).reduce((sum, part) => sum + part.length, 0)
    const places = parts.flatMap((part, index) => [startOf(index), part.length])
    return Buffer.concat([words(0x0001eb9f, 32, ...places), ...parts])
  })

/** Types that a compiler could have written: names and references exist, members lie within their struct, mostly. */
export const plausibleBtf: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.record({
      shape: fc.nat(11),
      name: fc.nat(9),
      members: fc.array(fc.nat(40), { maxLength: 4 }),
      to: fc.nat(40),
      size: fc.nat(3),
    }),
    { minLength: 1, maxLength: 14 },
  )
  .map((all) => {
    const texts = ['', 'a', 'b', 'c', 'd', 'e', 'a___old', 'b___new', 'int', 'f']
    const nameAt = texts.map((_, index) => texts.slice(0, index).reduce((sum, text) => sum + text.length + 1, 0))
    const types = all.flatMap(({ shape, name, members, to, size }) => {
      const existing = (id: number): number => id % (all.length + 1)
      const called = (index: number): number => nameAt[index % texts.length] ?? 0
      const bytes = 2 ** size
      const info = (kind: number, count = 0): number => (kind << 24) | count
      const fields = members.flatMap((member, index) => [called(member), existing(member), index * 64])
      const values = members.flatMap((member) => [called(member), member])
      const shapes: readonly (readonly number[])[] = [
        [called(name), info(1), bytes, bytes * 8],
        [0, info(2), existing(to)],
        [0, info(3), 0, existing(to), 1, members.length],
        [called(name), info(4, members.length), 512, ...fields],
        [called(name), info(5, members.length), 512, ...fields],
        [called(name), info(6, members.length), 4, ...values],
        [called(name), info(7), 0],
        [called(name), info(8), existing(to)],
        [0, info(10), existing(to)],
        [0, info(13, members.length), existing(to), ...members.flatMap((member) => [called(member), existing(member)])],
        [called(name), info(16), bytes],
        [called(name), info(19, members.length), 8, ...members.flatMap((member) => [called(member), member, member])],
      ]
      return shapes[shape] ?? []
    })
    const strings = Buffer.from(texts.map((text) => `${text}\0`).join(''))
    const length = types.length * 4
    return Buffer.concat([words(0x0001eb9f, 24, 0, length, length, strings.length), words(...types), strings])
  })

/** CO-RE relocations, in an object whose types and in a kernel whose types are anything. */
export interface Relocated {
  readonly object: Uint8Array
  readonly kernel: Uint8Array
  readonly relocations: readonly Omit<CoreRelocation, 'section'>[]
}

const access = fc.oneof(
  { weight: 8, arbitrary: fc.array(fc.nat(4), { minLength: 1, maxLength: 4 }).map((indices) => indices.join(':')) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', ':', '0:', '-1', '0:2147483648', '00:1', '0:x', '9'.repeat(40), '0:'.repeat(80)),
  },
)

export const relocated: fc.Arbitrary<Relocated> = fc
  .record({
    object: fc.oneof({ weight: 9, arbitrary: plausibleBtf }, { weight: 1, arbitrary: btf }),
    other: fc.option(plausibleBtf),
    relocations: fc.array(
      fc.record({ offset: fc.nat(12).map((slot) => slot * 8), kind: fc.nat(13), typeId: fc.nat(14), access }),
      { minLength: 1, maxLength: 6 },
    ),
  })
  // Half of the kernels have the types of the object, so that there is something to be found.
  .map(({ other, ...rest }) => ({ ...rest, kernel: other ?? rest.object }))

interface WrittenSection {
  readonly name: string
  readonly type: number
  readonly flags: number
  readonly link: number
  readonly info: number
  readonly bytes: Uint8Array
}

const names = [
  '.text',
  'xdp',
  'tc',
  '.maps',
  'maps',
  'license',
  '.data',
  '.bss',
  '.rodata',
  '.struct_ops',
  '.relxdp',
  '.rel.maps',
  '.rel.BTF',
  'version',
]

const code = fc
  .array(fc.tuple(fc.constantFrom(0x18, 0x00, 0x85, 0x95, 0xb7, 0x61, 0x05), fc.nat(255), fc.nat(8), fc.nat(64)), {
    maxLength: 12,
  })
  .map((slots) =>
    Buffer.concat(
      slots.map(([opcode, registers, offset, immediate]) =>
        words(opcode | (registers << 8) | (offset << 16), immediate),
      ),
    ),
  )

const anySection: fc.Arbitrary<WrittenSection> = fc.record({
  name: fc.constantFrom(...names),
  type: fc.constantFrom(1, 1, 1, 8, 9, 4, 3),
  flags: fc.constantFrom(6, 2, 3, 0x800),
  link: fc.nat(6),
  info: fc.nat(8),
  bytes: fc.oneof(code, fc.uint8Array({ maxLength: 64 })),
})

const symbols = fc
  .array(fc.tuple(fc.nat(60), fc.constantFrom(0, 1, 2, 0x10, 0x11, 0x12, 0x22, 3), fc.nat(9), fc.nat(96), fc.nat(96)), {
    maxLength: 8,
  })
  .map((all) =>
    Buffer.concat([
      Buffer.alloc(24),
      ...all.map(([name, info, section, value, size]) => words(name, info | (section << 16), value, 0, size, 0)),
    ]),
  )

/** A whole object. */
export const elf: fc.Arbitrary<Uint8Array> = fc
  .record({
    sections: fc.array(anySection, { maxLength: 6 }),
    symbols,
    strings,
    btf: fc.option(btf),
    ext: fc.option(ext),
  })
  .map(({ sections, symbols: table, strings: texts, btf: types, ext: info }) => {
    const plain = { flags: 0, link: 0, info: 0 }
    const named = Buffer.from(`\0${names.join('\0')}\0`)
    const all: WrittenSection[] = [
      { ...plain, name: '', type: 0, bytes: Buffer.alloc(0) },
      { ...plain, name: '.strtab', type: 3, bytes: Buffer.concat([named, texts]) },
      { ...plain, name: '.symtab', type: 2, bytes: table, link: 1, info: 1 },
      ...sections,
      ...(types ? [{ ...plain, name: '.BTF', type: 1, bytes: types }] : []),
      ...(info ? [{ ...plain, name: '.BTF.ext', type: 1, bytes: info }] : []),
    ]
    return write(all)
  })

function write(sections: readonly WrittenSection[]): Uint8Array {
  const names = Buffer.from(`${sections.map(({ name }) => `${name}\0`).join('')}.shstrtab\0`)
  const all = [...sections, { name: '.shstrtab', type: 3, flags: 0, link: 0, info: 0, bytes: names }]
  const headers: Uint8Array[] = []
  let at = 64
  let name = 0
  for (const { name: text, type, flags, link, info, bytes } of all) {
    headers.push(words(name, type, flags, 0, 0, 0, at, 0, bytes.length, 0, link, info, 8, 0, 0, 0))
    name += text.length + 1
    at += bytes.length
  }
  const header = Buffer.concat([
    words(0x464c457f, 0x00010102, 0, 0, 0x00f70001, 1, 0, 0, 0, 0, at, 0, 0),
    words(64, 64 << 16, all.length | ((all.length - 1) << 16)),
  ])
  return new Uint8Array(Buffer.concat([header, ...all.map(({ bytes }) => bytes), ...headers]))
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value >>> 0, index * 4)
  return bytes
}
