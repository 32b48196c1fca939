import { loadAddon } from './addon.ts'
import { errnoNumber, kernelError } from './errno.ts'
import { littleEndian, viewOf } from './layout.ts'

/** One message of an answer: its type, and where its body lies in `bytes`. */
export interface Message {
  readonly type: number
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** One attribute (`struct nlattr`) of a message or of another attribute. */
export interface Attribute {
  readonly type: number
  readonly start: number
  readonly end: number
}

/**
 * Asks rtnetlink and returns the messages of its answer, errors among them (no such interface). Throws a KernelError where
 * the socket itself fails.
 */
export function askRtnetlink(
  request: { type: number; dump?: boolean; body: Uint8Array },
  doing: string,
): readonly Message[] {
  const bytes = Buffer.alloc(headSize + request.body.length)
  const view = viewOf(bytes)
  view.setUint32(0, bytes.length, littleEndian)
  view.setUint16(4, request.type, littleEndian)
  view.setUint16(6, NLM_F_REQUEST | (request.dump ? NLM_F_DUMP : 0), littleEndian)
  bytes.set(request.body, headSize)
  for (let size = 64 * 1024; ; size *= 4) {
    const reply = Buffer.alloc(size)
    const length = loadAddon().netlink(bytes, reply)
    if (length >= 0) return messagesIn(reply.subarray(0, length))
    if (length !== -errnoNumber('ENOBUFS') || size >= largestReply)
      throw kernelError({ command: 'netlink', errno: -length, doing })
  }
}

const largestReply = 64 * 1024 * 1024

/** The attributes between two places: length (with its 4 bytes of head), type, payload, padded to 4. */
export function attributesIn(bytes: Uint8Array, start: number, end: number): readonly Attribute[] {
  const view = viewOf(bytes)
  const found: Attribute[] = []
  for (let at = start; at + 4 <= end; ) {
    const length = view.getUint16(at, littleEndian)
    if (length < 4) break
    found.push({
      type: view.getUint16(at + 2, littleEndian) & typeMask,
      start: at + 4,
      end: Math.min(end, at + length),
    })
    at += (length + 3) & ~3
  }
  return found
}

/** `struct nlmsghdr`s, each padded to 4. */
function messagesIn(bytes: Uint8Array): readonly Message[] {
  const view = viewOf(bytes)
  const found: Message[] = []
  for (let at = 0; at + headSize <= bytes.length; ) {
    const length = view.getUint32(at, littleEndian)
    if (length < headSize) break
    const end = Math.min(bytes.length, at + length)
    found.push({ type: view.getUint16(at + 4, littleEndian), bytes, start: at + headSize, end })
    at += (length + 3) & ~3
  }
  return found
}

const headSize = 16
const NLM_F_REQUEST = 1
const NLM_F_DUMP = 0x300
/** The two high bits are flags (nested, byte order). */
const typeMask = 0x3fff
