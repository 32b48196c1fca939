import { isIPv4 } from 'node:net'
import type { Value } from '../../model/value.ts'
import { parseAddress } from './addresses.ts'
import { encodeValue } from './encode.ts'
import { writeBits } from './integers.ts'
import { catchMisfit, type Encoded, refuse } from './slot.ts'
import type { ValueType } from './value-type.ts'

const lengthBytes = 4

/**
 * Encodes the key of an LPM trie: `10.0.0.0/8` or `2001:db8::/32` where it is a 32-bit prefix length and an address of that
 * size; anything else by its type, as `encodeValue` does.
 */
export function encodeLpmKey(value: Value, type: ValueType): Encoded {
  if (typeof value !== 'string') return encodeValue(value, type)
  if (value.includes('/')) return catchMisfit(() => encodePrefix(value, type))
  const address = parseAddress(value)
  const isHost = address !== undefined && address.length + lengthBytes === type.size
  return isHost ? catchMisfit(() => refuseHost(value, address)) : encodeValue(value, type)
}

const refuseHost = (value: string, { length }: Uint8Array): never =>
  refuse(root, `"${value}" has no prefix length`, `write ${value}/${length * 8} for this one address`)

const root = { path: '' }

function encodePrefix(value: string, { size, byteOrder }: ValueType): Uint8Array {
  const [text = '', prefix = ''] = value.split('/')
  const address = parseAddress(text)
  const bits = address ? address.length * 8 : 0
  if (!address || address.length === 6 || !/^\d+$/.test(prefix) || Number(prefix) > bits) {
    return refuse(root, `"${value}" is not a network such as 10.0.0.0/8 or 2001:db8::/32`)
  }
  if (address.length + lengthBytes !== size) return refuse(root, familyDetail(value, text, size))
  if (hasHostBits(address, Number(prefix))) {
    return refuse(root, `"${value}" has bits set behind its first ${prefix}`, `write the network, or /${bits}`)
  }
  const out = new Uint8Array(size)
  writeBits(out, { bitOffset: 0, bits: lengthBytes * 8, byteOrder }, BigInt(prefix))
  out.set(address, lengthBytes)
  return out
}

function familyDetail(value: string, text: string, size: number): string {
  const family = isIPv4(text) ? 'an IPv4' : 'an IPv6'
  return `"${value}" is ${family} network, and the key has ${size - lengthBytes} bytes for the address`
}

/** The kernel would ignore them in lookups, but keep them in the key. */
const hasHostBits = (address: Uint8Array, prefix: number): boolean =>
  address.some((byte, index) => (byte & (0xff >> Math.max(0, Math.min(8, prefix - index * 8)))) !== 0)
