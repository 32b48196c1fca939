import type { NamedNumber } from './attach-places.ts'
import { littleEndian, viewOf } from './layout.ts'
import { askRtnetlink, attributesIn, type Message } from './rtnetlink.ts'

/** Index of an interface in the network namespace of this process; undefined when there is none. */
export function interfaceIndex(name: string): number | undefined {
  const text = Buffer.from(`${name}\0`)
  if (text.length > IFNAMSIZ || name === '') return undefined
  const body = Buffer.alloc(infoSize + 4 + ((text.length + 3) & ~3))
  const view = viewOf(body)
  view.setUint16(infoSize, 4 + text.length, littleEndian)
  view.setUint16(infoSize + 2, IFLA_IFNAME, littleEndian)
  text.copy(body, infoSize + 4)
  return askAbout(body, `look for interface ${name}`)?.index
}

/** Name of the interface with that index there. */
export function interfaceName(ifindex: number): string | undefined {
  const body = Buffer.alloc(infoSize)
  viewOf(body).setInt32(indexAt, ifindex, littleEndian)
  return askAbout(body, `look for interface ${ifindex}`)?.name
}

/** Every interface there, in the kernel's order. */
export function listInterfaces(): NamedNumber[] {
  const messages = askRtnetlink({ type: RTM_GETLINK, dump: true, body: Buffer.alloc(infoSize) }, 'list the interfaces')
  return messages
    .filter(({ type }) => type === RTM_NEWLINK)
    .map((message) => {
      const { name, index } = decode(message)
      return [name, index]
    })
}

function askAbout(body: Uint8Array, doing: string): ReturnType<typeof decode> | undefined {
  const message = askRtnetlink({ type: RTM_GETLINK, body }, doing).find(({ type }) => type === RTM_NEWLINK)
  return message && decode(message)
}

function decode({ bytes, start, end }: Message): { readonly index: number; readonly name: string } {
  const found = attributesIn(bytes, start + infoSize, end).find(({ type }) => type === IFLA_IFNAME)
  const name = found ? Buffer.from(bytes.subarray(found.start, found.end)).toString().replace(/\0.*$/, '') : ''
  return { index: viewOf(bytes).getInt32(start + indexAt, littleEndian), name }
}

// linux/rtnetlink.h, linux/if_link.h; the head of a message is struct ifinfomsg.
const infoSize = 16
const indexAt = 4
const RTM_NEWLINK = 16
const RTM_GETLINK = 18
const IFLA_IFNAME = 3
/** With its zero. */
const IFNAMSIZ = 16
