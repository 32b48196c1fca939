import type { ProgramId } from '../model/ids.ts'
import { encode, littleEndian, struct, viewOf } from './layout.ts'
import { type Attribute, askRtnetlink, attributesIn, type Message } from './rtnetlink.ts'

/** Ids of the XDP programs on an interface, by link or by netlink, in whatever mode. Empty when there is no interface. */
export function xdpPrograms(ifindex: number): ProgramId[] {
  const { bytes: body } = encode(linkMessageLayout, { ifi_index: ifindex })
  const messages = askRtnetlink({ type: RTM_GETLINK, body }, `ask for the XDP programs of interface #${ifindex}`)
  return programsIn(messages, xdpPlace)
}

/** Ids of the programs on every interface of this network namespace: XDP, by link or by netlink, and tc filters. */
export function programsOnInterfaces(): ProgramId[] {
  const { bytes: body } = encode(linkMessageLayout, {})
  const messages = askRtnetlink({ type: RTM_GETLINK, dump: true, body }, 'ask for the XDP programs of every interface')
  const links = messages.filter(({ type }) => type === RTM_NEWLINK)
  const xdp = programsIn(links, xdpPlace)
  const tc = links.flatMap(({ bytes, start }) => {
    const ifindex = viewOf(bytes).getUint32(start + linkMessageLayout.at.ifi_index, littleEndian)
    return [...tcPrograms(ifindex, 'ingress'), ...tcPrograms(ifindex, 'egress')]
  })
  return [...new Set([...xdp, ...tc])]
}

/** Ids of the programs in tc filters (cls_bpf) on an interface, one direction. */
export function tcPrograms(ifindex: number, direction: 'ingress' | 'egress'): ProgramId[] {
  const { bytes: body } = encode(tcMessageLayout, { tcm_ifindex: ifindex, tcm_parent: clsactParents[direction] })
  const messages = askRtnetlink(
    { type: RTM_GETTFILTER, dump: true, body },
    `ask for the tc filters of interface #${ifindex}`,
  )
  return programsIn(messages, {
    message: RTM_NEWTFILTER,
    head: tcMessageLayout.size,
    nest: TCA_OPTIONS,
    ids: tcProgramIds,
  })
}

interface Place {
  readonly message: number
  /** Bytes of the fixed part before the attributes. */
  readonly head: number
  /** The attribute inside which the ids stand, and their types in there. */
  readonly nest: number
  readonly ids: ReadonlySet<number>
}

/** An error message (no such interface) holds none. */
function programsIn(messages: readonly Message[], place: Place): ProgramId[] {
  const ids = messages
    .filter(({ type }) => type === place.message)
    .flatMap((message) =>
      inside(message, place).map(({ start }) => viewOf(message.bytes).getUint32(start, littleEndian)),
    )
  return [...new Set(ids)].filter((id) => id !== 0) as ProgramId[]
}

const inside = ({ bytes, start, end }: Message, { head, nest, ids }: Place): readonly Attribute[] =>
  attributesIn(bytes, start + head, end)
    .filter(({ type }) => type === nest)
    .flatMap((attribute) => attributesIn(bytes, attribute.start, attribute.end))
    .filter(({ type }) => ids.has(type))

/** `struct ifinfomsg`. */
const linkMessageLayout = struct({ family_and_type: 'u32', ifi_index: 'u32', ifi_flags: 'u32', ifi_change: 'u32' })

/** `struct tcmsg`. */
const tcMessageLayout = struct({
  family: 'u32',
  tcm_ifindex: 'u32',
  tcm_handle: 'u32',
  tcm_parent: 'u32',
  tcm_info: 'u32',
})

const RTM_NEWLINK = 16
const RTM_GETLINK = 18
const RTM_NEWTFILTER = 44
const RTM_GETTFILTER = 46
const IFLA_XDP = 43
const TCA_OPTIONS = 2

/** IFLA_XDP_PROG_ID, and those of driver, generic and offload mode where several are attached. */
const xdpProgramIds: ReadonlySet<number> = new Set([4, 5, 6, 7])
/** TCA_BPF_ID. */
const tcProgramIds: ReadonlySet<number> = new Set([11])
/** TC_H_CLSACT with TC_H_MIN_INGRESS or TC_H_MIN_EGRESS. */
const clsactParents = { ingress: 0xffff_fff2, egress: 0xffff_fff3 } as const

const xdpPlace: Place = { message: RTM_NEWLINK, head: linkMessageLayout.size, nest: IFLA_XDP, ids: xdpProgramIds }
