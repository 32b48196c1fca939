import { expect, test } from 'vitest'
import { encodeLpmKey } from '../../../src/object/btf/lpm-key.ts'
import type { ValueType } from '../../../src/object/btf/value-type.ts'
import { toHex } from '../../../src/util/hex.ts'
import { fixture, mapOf } from '../fixtures.ts'

const maps = fixture('maps')
const trie: ValueType = {
  types: maps.btf?.types,
  typeId: mapOf(maps, 'an_lpm_trie').keyTypeId,
  size: 8,
  byteOrder: 'little',
}

function hexOf(value: Parameters<typeof encodeLpmKey>[0], type: ValueType): string | undefined {
  const encoded = encodeLpmKey(value, type)
  return 'bytes' in encoded ? toHex(encoded.bytes) : undefined
}

test('a network becomes its prefix length in the machine’s order and its address', () => {
  expect(hexOf('10.0.0.0/8', trie)).toBe('080000000a000000')
  expect(hexOf('10.0.0.0/8', { ...trie, byteOrder: 'big' })).toBe('000000080a000000')
  expect(hexOf('0.0.0.0/0', trie)).toBe('0000000000000000')
  expect(hexOf('2001:db8::/32', { size: 20, byteOrder: 'little' })).toBe('2000000020010db8000000000000000000000000')
})

test('a struct and raw bytes are taken as for any other key', () => {
  expect(hexOf({ prefix_length: 8, address: '10.0.0.0' }, trie)).toBe('080000000a000000')
  expect(hexOf('0x080000000a000000', trie)).toBe('080000000a000000')
})

test.each([
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0/8',
  'x/8',
  '2001:db8::/32',
  '10.0.0.1/8',
  '02:00:00:00:00:01/8',
  '10.0.0.0/-1',
])('%s is refused for an IPv4 trie', (network) => {
  expect(hexOf(network, trie)).toBeUndefined()
})

test('a host is a network of full length', () => {
  expect(hexOf('10.0.0.1/32', trie)).toBe('200000000a000001')
})

test('who leaves the length out is told which one says a single address', () => {
  expect(encodeLpmKey('10.0.0.1', trie)).toMatchObject({ problems: [{ hint: expect.stringContaining('10.0.0.1/32') }] })
  const ipv6: ValueType = { size: 20, byteOrder: 'little' }
  expect(encodeLpmKey('2001:db8::1', ipv6)).toMatchObject({ problems: [{ hint: expect.stringContaining('::1/128') }] })
})
