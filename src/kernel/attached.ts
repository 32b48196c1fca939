import { closeSync, openSync } from 'node:fs'
import type { ProgramId } from '../model/ids.ts'
import type { LinkTarget } from '../model/link-spec.ts'
import { type AttachType, attachTypeNumber } from '../model/program-types.ts'
import { tcPrograms, xdpPrograms } from './attached-by-netlink.ts'
import { queriedCount, queryAttr } from './attr-object.ts'
import { kernelError, withErrno } from './errno.ts'
import type { LinkInfo, LinkTargetInfo } from './kernel.ts'
import { type Attr, littleEndian, viewOf } from './layout.ts'
import { is, tryBpf } from './syscall.ts'

/**
 * Programs attached to a target without a link: by PROG_ATTACH (cgroup, netns, tcx) or netlink (xdp, tc filters). `links` yields all
 * links of the system, whose programs are not counted. Empty for kinds that know no such attachment.
 */
export function attachedWithoutLink(target: LinkTarget, links: () => Iterable<LinkInfo>): ProgramId[] {
  const attached = attachedPrograms(target)
  if (attached.length === 0) return []
  const linked = [...links()].filter((link) => link.target && isAt(link.target, target)).map((link) => link.programId)
  for (const id of linked) {
    const index = attached.indexOf(id)
    if (index >= 0) attached.splice(index, 1)
  }
  return attached
}

function attachedPrograms(target: LinkTarget): ProgramId[] {
  switch (target.kind) {
    case 'xdp':
      return xdpPrograms(target.ifindex)
    case 'tcx':
      return [...tcxPrograms(target), ...tcPrograms(target.ifindex, target.direction)]
    case 'cgroup':
    case 'netns':
      return queryFile(target.path, target.attachType)
    case 'tracepoint':
    case 'raw_tracepoint':
    case 'iter':
    case 'struct_ops':
      return []
  }
}

function isAt(info: LinkTargetInfo, target: LinkTarget): boolean {
  if (info.kind === 'xdp') return target.kind === 'xdp' && info.ifindex === target.ifindex
  if (info.kind === 'tcx') {
    return target.kind === 'tcx' && info.ifindex === target.ifindex && info.direction === target.direction
  }
  if (info.kind === 'cgroup') {
    return target.kind === 'cgroup' && info.cgroupId === target.cgroupId && info.attachType === target.attachType
  }
  if (info.kind !== 'netns') return false
  return target.kind === 'netns' && info.inode === target.inode && info.attachType === target.attachType
}

function queryFile(path: string, attachType: AttachType): ProgramId[] {
  const doing = `query ${attachType} of ${path}`
  const fd = withErrno(doing, path, () => openSync(path, 'r'))
  try {
    return query(fd, attachType, doing)
  } finally {
    closeSync(fd)
  }
}

/** None before Linux 6.6, which knows filters only. */
function tcxPrograms({ ifindex, direction, interface: name }: LinkTarget & { readonly kind: 'tcx' }): ProgramId[] {
  const asked = tryQuery(ifindex, `tcx_${direction}`)
  return is(asked.result, 'EINVAL') ? [] : programsOf(asked, `query tcx of ${name}`)
}

const query = (target: number, attachType: AttachType, doing: string): ProgramId[] =>
  programsOf(tryQuery(target, attachType), doing)

interface Queried {
  readonly result: number
  readonly attr: Attr
  readonly ids: Uint8Array
}

function tryQuery(target: number, attachType: AttachType): Queried {
  const ids = Buffer.alloc(4 * mostPrograms)
  const attr = queryAttr(target, attachTypeNumber(attachType), ids)
  return { result: tryBpf('BPF_PROG_QUERY', attr), attr, ids }
}

function programsOf({ result, attr, ids }: Queried, doing: string): ProgramId[] {
  if (result < 0) throw kernelError({ command: 'BPF_PROG_QUERY', errno: -result, doing })
  const count = queriedCount(attr)
  const view = viewOf(ids)
  return Array.from({ length: count }, (_, i) => view.getUint32(i * 4, littleEndian) as ProgramId)
}

/** The kernel allows 64 on one hook. */
const mostPrograms = 64
