import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatKey, formatPair, formatValue } from '../../src/differences/format-value.ts'
import { parseLayout } from '../../src/layout/parse-layout.ts'
import { fromHex } from '../../src/util/hex.ts'
import { layoutText } from '../layout/arbitrary.ts'
import { map } from '../support/builders.ts'

const format = (layout: string, hex: string, order: 'little' | 'big' = 'little'): string =>
  formatValue({ bytes: fromHex(hex), type: parseLayout(layout) }, order)

test.each([
  ['u32', '05000000', '5'],
  ['s16', 'feff', '-2'],
  ['u64', 'ffffffffffffffff', '18446744073709551615'],
  ['enums32', 'ffffffff', '-1'],
  ['bool8', '01', 'true'],
  ['bool8', '07', '7'],
  ['f64', '000000000000f83f', '1.5'],
  ['f32', '0000c03f', '1.5'],
  ['pointer', '00000000000000ff', '0xff00000000000000'],
  ['s8[6]', '657468300000', '"eth0"'],
  ['s8[4]', '65746830', '0x65746830'],
  ['s8[4]', '65006500', '0x65006500'],
  ['s8[4]', 'ff000000', '0xff000000'],
  ['u8[4]', '65746800', '0x65746800'],
  ['u16[3]', '010002000300', '[1, 2, 3]'],
  ['u16[2][2]', '0100020003000400', '[[1, 2], [3, 4]]'],
  ['struct 8{a:u32@0,b:struct 4{c:u16@0,d:u8@2}@4}', '0100000002000300', '{a: 1, b: {c: 2, d: 3}}'],
  ['struct 4{low:u32/4@0,high:u32/4@0.4}', '5a000000', '{low: 10, high: 5}'],
  ['struct 4{:struct 4{a:u16@0,b:u16@2}@0}', '01000200', '{{a: 1, b: 2}}'],
  ['union 4{short:u16@0,long:u32@0}', '01000100', '{long: 65537}'],
  ['union 4{short:u16@0}', '01000100', '0x01000100'],
  ['u32', '0500', '0x0500'],
  ['float', '05', '0x05'],
])('%s %s is %s', (layout, hex, text) => {
  expect(format(layout, hex)).toBe(text)
})

test('numbers are in the byte order of the kernel', () => {
  expect(format('u32', '00000005', 'big')).toBe('5')
  expect(format('struct 4{high:u32/4@0,low:u32/4@0.4}', '5a000000', 'big')).toBe('{high: 5, low: 10}')
})

test.each([
  ['180000000a010200', '10.1.2.0/24'],
  ['200000002001 0db8 0000 0000 0000 0000 0000 0001'.replaceAll(' ', ''), '2001:db8::1/32'],
  ['08000000aabb', '0x08000000aabb'],
])('the key %s of a trie is %s', (hex, text) => {
  const trie = map('allow', { shape: { ...map('allow').shape, type: 'lpm_trie' }, layout: {} })
  expect(formatKey({ bytes: fromHex(hex) }, trie, 'little')).toBe(text)
})

test('layouts that nest without end cost nothing', () => {
  const endless = 'struct 0{}[100]'.padEnd(60, '[100]')
  expect(format(endless, '')).toBe('0x')
  expect(format(`u8${'[200]'.repeat(4)}`, '00'.repeat(100))).toMatch(/^0x/)
})

test('a long value that only one side has is told by its beginning', () => {
  const bytes = new Uint8Array(400)
  expect(formatPair(undefined, { bytes }, 'little')).toEqual({ after: `400 bytes, 0x${'00'.repeat(32)}...` })
})

test('any bytes of any layout have a text of one line, and what differs never looks the same', () => {
  const sample = layoutText.chain(({ text, size }) =>
    fc.tuple(fc.constant(text), fc.uint8Array({ minLength: size, maxLength: size }), fc.constantFrom('little', 'big')),
  )
  fc.assert(
    fc.property(sample, ([text, bytes, order]) => {
      const value = formatValue({ bytes, type: parseLayout(text) }, order as 'little')
      expect(value).toMatch(/^[^\n]+$/)
      const type = parseLayout(text)
      const other = bytes.map((byte) => byte ^ 1)
      const { before, after } = formatPair({ bytes, type }, { bytes: other, type }, 'little')
      expect(before).not.toBe(after)
    }),
  )
})

test('what differs in padding, or in the bits of what is no number, is told by its bytes', () => {
  const pair = (layout: string, one: string, other: string) => {
    const type = parseLayout(layout)
    return formatPair({ bytes: fromHex(one), type }, { bytes: fromHex(other), type }, 'little')
  }
  expect(pair('struct 4{a:u16@0}', '01000000', '01000100')).toEqual({
    before: '4 bytes, from byte 2: 0x0000',
    after: '4 bytes, from byte 2: 0x0100',
  })
  expect(pair('f32', '00000000', '00000080')).toEqual({
    before: '4 bytes, from byte 3: 0x00',
    after: '4 bytes, from byte 3: 0x80',
  })
})
