import { isIPv4, isIPv6 } from 'node:net'

/** Bytes of a network address, in the order in which they go over the wire; undefined for other text. */
export function parseAddress(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split('.'), Number)
  if (isIPv6(text) && !text.includes('%')) return parseIpv6(text)
  if (/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text))
    return Uint8Array.from(text.split(':'), (byte) => Number.parseInt(byte, 16))
  return undefined
}

function parseIpv6(text: string): Uint8Array {
  const [head = '', tail] = withoutDots(text).split('::')
  const left = groups(head)
  const right = tail === undefined ? [] : groups(tail)
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => 0)
  return Uint8Array.from([...left, ...zeros, ...right].flatMap((group) => [group >> 8, group & 0xff]))
}

/** `::ffff:10.0.0.1` ends in an IPv4 address. */
function withoutDots(text: string): string {
  const at = text.lastIndexOf(':') + 1
  if (!text.includes('.')) return text
  const [a = 0, b = 0, c = 0, d = 0] = text.slice(at).split('.').map(Number)
  return `${text.slice(0, at)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
}

const groups = (text: string): number[] =>
  text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
