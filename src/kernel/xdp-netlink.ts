import type { ProgramId } from '../model/ids.ts'
import { loadAddon } from './addon.ts'
import { kernelError } from './errno.ts'
import { encode, littleEndian, struct, viewOf } from './layout.ts'

/** Ids of the XDP programs on an interface, by link or by netlink, in whatever mode. Empty when there is no interface. */
export function xdpPrograms(ifindex: number): ProgramId[] {
  const reply = Buffer.alloc(32 * 1024)
  const length = loadAddon().netlink(getLinkRequest(ifindex), reply)
  const doing = `ask for the XDP programs of interface #${ifindex}`
  if (length < 0) throw kernelError({ command: 'netlink', errno: -length, doing })
  return parseXdpPrograms(reply.subarray(0, length))
}

/** Reads the answer to RTM_GETLINK; an error message in it (no such interface) gives none. */
function parseXdpPrograms(message: Uint8Array): ProgramId[] {
  const view = viewOf(message)
  if (message.length < 32 || view.getUint16(4, littleEndian) !== RTM_NEWLINK) return []
  const xdp = attributes(message, 32, message.length).find((attribute) => attribute.type === IFLA_XDP)
  if (!xdp) return []
  const ids = attributes(message, xdp.start, xdp.end)
    .filter((attribute) => programAttributes.has(attribute.type))
    .map((attribute) => view.getUint32(attribute.start, littleEndian) as ProgramId)
  return [...new Set(ids)].filter((id) => id !== 0)
}

/** `struct nlmsghdr` and `struct ifinfomsg`. */
const getLinkLayout = struct({
  nlmsg_len: 'u32',
  type_and_flags: 'u32',
  nlmsg_seq: 'u32',
  nlmsg_pid: 'u32',
  family_and_type: 'u32',
  ifi_index: 'u32',
  ifi_flags: 'u32',
  ifi_change: 'u32',
})

function getLinkRequest(ifindex: number): Uint8Array {
  const { bytes, view } = encode(getLinkLayout, { nlmsg_len: getLinkLayout.size, nlmsg_seq: 1, ifi_index: ifindex })
  view.setUint16(4, RTM_GETLINK, littleEndian)
  view.setUint16(6, NLM_F_REQUEST, littleEndian)
  return bytes
}

interface Attribute {
  readonly type: number
  readonly start: number
  readonly end: number
}

/** `struct nlattr`s: length (with its 4 bytes of head), type, payload, padded to 4. */
function attributes(message: Uint8Array, start: number, end: number): readonly Attribute[] {
  const view = viewOf(message)
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

const NLM_F_REQUEST = 1
const RTM_NEWLINK = 16
const RTM_GETLINK = 18
const IFLA_XDP = 43
/** The two high bits are flags (nested, byte order). */
const typeMask = 0x3fff
/** IFLA_XDP_PROG_ID, and those of driver, generic and offload mode where several are attached. */
const programAttributes: ReadonlySet<number> = new Set([4, 5, 6, 7])
