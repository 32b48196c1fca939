import type { Kernel, LinkInfo, LinkTargetInfo } from '../kernel/kernel.ts'
import { type MapAddress, mapAddress } from '../model/address.ts'
import type { MapId } from '../model/ids.ts'
import { type LinkTarget, targetKey } from '../model/link-spec.ts'
import { unreachable } from '../util/unreachable.ts'

/** Where the names for numbers come from. */
export interface TargetNames {
  readonly kernel: Pick<Kernel, 'interfaceName' | 'cgroupPath'>
  /** Maps of the tree that the link is in. */
  readonly maps: ReadonlyMap<MapId, MapAddress>
}

/**
 * What a link is attached to: the recorded target where the kernel agrees (the record knows what bpf_link_info does not
 * tell: XDP mode, a tracepoint's category, the paths as the user wrote them), else what the kernel says, with the names of
 * now. A severed link keeps its recorded target. Undefined for a kind of link that pinfold does not make.
 */
export function readTarget(names: TargetNames, info: LinkInfo, recorded?: LinkTarget): LinkTarget | undefined {
  if (!info.target) return undefined
  if (recorded?.kind === info.target.kind) {
    const found = complete({ ...names, kernel: noNames }, info.target, recorded)
    if (info.severed || targetKey(recorded) === targetKey(found)) return recorded
  }
  return complete(names, info.target)
}

/** A look at the network and cgroup file systems is only worth it when its result is shown. */
const noNames: TargetNames['kernel'] = { interfaceName: () => undefined, cgroupPath: () => undefined }

function complete(names: TargetNames, info: LinkTargetInfo, recorded?: LinkTarget): LinkTarget {
  switch (info.kind) {
    case 'xdp':
    case 'tcx':
      return { ...info, interface: names.kernel.interfaceName(info.ifindex) ?? `#${info.ifindex}` }
    case 'cgroup':
      return { ...info, path: names.kernel.cgroupPath(info.cgroupId) ?? `#${info.cgroupId}` }
    case 'netns':
      return { ...info, path: `net:[${info.inode}]` }
    case 'tracepoint':
      return tracepoint(info.name, recorded)
    case 'raw_tracepoint':
      return info
    case 'iter':
      return { kind: 'iter', target: info.target, ...iterated(names, info) }
    case 'struct_ops':
      return recorded?.kind === 'struct_ops' ? recorded : { kind: 'struct_ops', type: '?' }
    default:
      return unreachable(info)
  }
}

function iterated(
  names: TargetNames,
  { mapId, start }: LinkTargetInfo & { readonly kind: 'iter' },
): Pick<LinkTarget & { readonly kind: 'iter' }, 'map' | 'start'> {
  if (mapId) return { map: mapName(names, mapId) }
  if (start?.kind !== 'cgroup') return start ? { start } : {}
  return { start: { ...start, path: names.kernel.cgroupPath(start.cgroupId) ?? `#${start.cgroupId}` } }
}

/** The kernel never tells the category; the name only from 6.6 on. */
function tracepoint(name: string | undefined, recorded: LinkTarget | undefined): LinkTarget {
  const known = recorded?.kind === 'tracepoint' && (name === undefined || recorded.name === name) ? recorded : undefined
  return { kind: 'tracepoint', category: known?.category ?? '?', name: name ?? known?.name ?? '?' }
}

const mapName = (names: TargetNames, id: MapId): MapAddress => names.maps.get(id) ?? mapAddress(`#${id}`)
