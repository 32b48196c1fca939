import { closeSync, openSync } from 'node:fs'
import { cgroupOrders, describeTarget, type IteratorStart, type LinkTarget, type XdpMode } from '../model/link-spec.ts'
import { attachTypeNumber } from '../model/program-types.ts'
import { loadAddon } from './addon.ts'
import { iterCreateAttr, iterInfo, linkCreateAttr, rawTracepointAttr, tracepointEventAttr } from './attr-link.ts'
import { kernelError, withErrno } from './errno.ts'
import type { LinkCreate } from './kernel.ts'
import { cgroupVersion } from './places.ts'
import { bpf } from './syscall.ts'
import { tracepointId } from './tracefs.ts'

/** Attaches a program by a link of the target's kind; the descriptor. */
export function attach({ program, target, map }: LinkCreate): number {
  const doing = `attach to ${placeOf(target)}`
  const create = (request: Parameters<typeof linkCreateAttr>[1]): number =>
    bpf('BPF_LINK_CREATE', linkCreateAttr(program, request), doing)
  if (target.kind === 'cgroup') refuseVersion1(target.path, doing)
  switch (target.kind) {
    case 'xdp':
      return create({
        target: target.ifindex,
        attachType: attachTypeNumber('xdp'),
        flags: xdpFlags[target.mode ?? 'auto'],
      })
    case 'tcx':
      return create({ target: target.ifindex, attachType: attachTypeNumber(`tcx_${target.direction}`) })
    case 'cgroup':
    case 'netns':
      return withFile(target.path, doing, (fd) =>
        create({ target: fd, attachType: attachTypeNumber(target.attachType) }),
      )
    case 'tracepoint':
      return withTracepoint(target, doing, (fd) => create({ target: fd, attachType: attachTypeNumber('perf_event') }))
    case 'raw_tracepoint':
      return bpf('BPF_RAW_TRACEPOINT_OPEN', rawTracepointAttr(program, target.name), doing)
    case 'struct_ops':
      return create({ target: 0, attachType: attachTypeNumber('struct_ops') })
    case 'iter': {
      const attachType = attachTypeNumber('trace_iter')
      const info = map ? iterInfo.map(map) : startInfo(target.start)
      if (!info) return create({ target: 0, attachType })
      return bpf('BPF_LINK_CREATE', iterCreateAttr(program, attachType, info), doing)
    }
  }
}

function startInfo(start: IteratorStart | undefined): Uint8Array | undefined {
  if (start?.kind === 'cgroup') return iterInfo.cgroup(cgroupOrders.indexOf(start.order) + 1, start.cgroupId)
  return start && iterInfo.task({ [start.kind]: start.number })
}

/** XDP_FLAGS_DRV_MODE, XDP_FLAGS_SKB_MODE. */
const xdpFlags: Readonly<Record<XdpMode, number>> = { auto: 0, native: 4, generic: 2 }

function placeOf(target: LinkTarget): string {
  switch (target.kind) {
    case 'xdp':
    case 'tcx':
      return `${target.kind} ${target.interface}`
    case 'cgroup':
    case 'netns':
      return `${target.kind} ${target.path} (${target.attachType})`
    case 'tracepoint':
      return `tracepoint ${target.category}/${target.name}`
    case 'raw_tracepoint':
      return `raw tracepoint ${target.name}`
    case 'iter':
      return `iterator ${target.target}`
    case 'struct_ops':
      return describeTarget(target)
  }
}

/** The kernel would only say EBADF. */
function refuseVersion1(path: string, doing: string): void {
  if (cgroupVersion(path) !== 1) return
  throw kernelError({
    command: 'BPF_LINK_CREATE',
    errno: 'EBADF',
    doing,
    target: path,
    what: 'it is a cgroup of version 1, and programs attach to version 2 only',
    hint: 'name a directory of the cgroup2 mount (often /sys/fs/cgroup or /sys/fs/cgroup/unified)',
  })
}

function withFile<T>(path: string, doing: string, use: (fd: number) => T): T {
  const fd = withErrno(doing, path, () => openSync(path, 'r'))
  try {
    return use(fd)
  } finally {
    closeSync(fd)
  }
}

/** The link keeps the event alive; our descriptor of it is closed again. */
function withTracepoint<T>(target: { category: string; name: string }, doing: string, use: (fd: number) => T): T {
  const addon = loadAddon()
  const attr = tracepointEventAttr(tracepointId(target.category, target.name))
  const anyProcess = -1
  const event = addon.perfEventOpen(attr.bytes, anyProcess, 0, -1, PERF_FLAG_FD_CLOEXEC)
  if (event < 0) throw kernelError({ command: 'perf_event_open', errno: -event, doing })
  try {
    return use(event)
  } finally {
    addon.close(event)
  }
}

const PERF_FLAG_FD_CLOEXEC = 8
