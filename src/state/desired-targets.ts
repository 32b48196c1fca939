import type { ManifestAttach, ManifestLink } from '../manifest/manifest.ts'
import { linkAddress, mapAddress } from '../model/address.ts'
import type { LinkTarget } from '../model/link-spec.ts'
import type { AttachType } from '../model/program-types.ts'
import { unreachable } from '../util/unreachable.ts'
import type { StateCodeName } from './codes.ts'
import type { MapFinding } from './desired-maps.ts'
import { complain, type FoundProgram, type Reading } from './desired-reading.ts'
import { onlyAttachType } from './hooks.ts'

/** One link and where it shall be attached. */
export interface TargetQuestion {
  readonly link: ManifestLink
  readonly attach: Exclude<ManifestAttach, { readonly kind: 'struct_ops' }>
  readonly program: FoundProgram
  readonly maps: MapFinding
}

/** Looks up the numbers behind the names; undefined, with a complaint, for what does not exist. */
export function resolveTarget(reading: Reading, question: TargetQuestion): LinkTarget | undefined {
  const { attach } = question
  switch (attach.kind) {
    case 'xdp':
    case 'tcx':
      return resolveInterface(reading, question, attach)
    case 'cgroup':
      return resolveCgroup(reading, question, attach)
    case 'netns':
      return resolveNamespace(reading, question, attach)
    case 'tracepoint':
      return resolveTracepoint(reading, question, attach)
    case 'raw_tracepoint':
      return attach
    case 'iter':
      return resolveIterator(reading, question, attach)
    default:
      return unreachable(attach)
  }
}

type AttachOf<K extends ManifestAttach['kind']> = Extract<ManifestAttach, { readonly kind: K }>

interface Refusal {
  readonly code: StateCodeName
  readonly what: string
  readonly hint?: string
  /** Below `attach`. */
  readonly within: readonly string[]
}

function refuse(reading: Reading, { link }: TargetQuestion, { code, what, hint, within }: Refusal): undefined {
  complain(reading, code, {
    detail: `cannot attach link.${link.name}: ${what}`,
    hint,
    address: linkAddress(link.name),
    path: ['links', link.name, 'attach', ...within],
  })
}

function resolveInterface(
  reading: Reading,
  question: TargetQuestion,
  attach: AttachOf<'xdp'> | AttachOf<'tcx'>,
): LinkTarget | undefined {
  const ifindex = reading.world.kernel.interfaceIndex(attach.interface)
  if (ifindex !== undefined) return { ...attach, ifindex }
  return refuse(reading, question, {
    code: 'M232',
    what: `there is no network interface ${attach.interface}`,
    hint: '`ip link` lists those of this network namespace',
    within: [attach.kind, 'interface'],
  })
}

function resolveCgroup(reading: Reading, question: TargetQuestion, attach: AttachOf<'cgroup'>): LinkTarget | undefined {
  const { load } = question.program
  const attachType = attach.attachType ?? onlyAttachType[load.type] ?? load.attachType
  const cgroupId = reading.world.kernel.cgroupId(attach.path)
  if (cgroupId === undefined) {
    refuse(reading, question, {
      code: 'M233',
      what: noCgroup(attach.path),
      hint: cgroupHint,
      within: ['cgroup', 'path'],
    })
  }
  if (attachType === undefined) complainNoAttachType(reading, question)
  if (cgroupId === undefined || attachType === undefined) return undefined
  return { kind: 'cgroup', path: attach.path, cgroupId, attachType }
}

const noCgroup = (path: string): string =>
  `there is no directory ${path} of a cgroup file system of version 2 (version 1 takes no BPF links)`
const cgroupHint = '`mount -t cgroup2` lists those file systems; `mkdir` in one makes a cgroup'

function complainNoAttachType(reading: Reading, question: TargetQuestion): undefined {
  const { program } = question
  return refuse(reading, question, {
    code: 'M230',
    what: `section ${program.spec.section} of ${program.address} does not tell the attach type`,
    hint: 'write `type:` beside the path, for example `type: cgroup_inet_ingress`',
    within: ['cgroup'],
  })
}

function resolveNamespace(
  reading: Reading,
  question: TargetQuestion,
  attach: AttachOf<'netns'>,
): LinkTarget | undefined {
  const { load } = question.program
  const inode = reading.world.kernel.namespaceInode(attach.path)
  if (inode === undefined) {
    const what = `${attach.path} is not the file of a network namespace`
    const hint = 'write /proc/self/ns/net for this one; `ip netns add` makes those below /run/netns'
    return refuse(reading, question, { code: 'M234', what, hint, within: ['netns', 'path'] })
  }
  const attachType = attach.attachType ?? onlyAttachType[load.type] ?? load.attachType
  if (isNamespaceHook(attachType)) return { kind: 'netns', path: attach.path, inode, attachType }
  return refuse(reading, question, {
    code: 'M231',
    what: `${question.program.address} is a program of type ${load.type}, and the hook netns takes sk_lookup or flow_dissector`,
    within: ['netns'],
  })
}

const isNamespaceHook = (type: AttachType | undefined): type is 'sk_lookup' | 'flow_dissector' =>
  type === 'sk_lookup' || type === 'flow_dissector'

/** Without tracefs nobody can tell; then the kernel says so when it is attached. */
function resolveTracepoint(
  reading: Reading,
  question: TargetQuestion,
  attach: AttachOf<'tracepoint'>,
): LinkTarget | undefined {
  if (reading.world.kernel.hasTracepoint(attach.category, attach.name) !== false) return attach
  return refuse(reading, question, {
    code: 'M235',
    what: `the kernel has no tracepoint ${attach.category}/${attach.name}`,
    hint: '/sys/kernel/tracing/available_events lists them',
    within: [],
  })
}

/** Iterators that walk the elements of one map. */
const mapIterators: ReadonlySet<string> = new Set(['bpf_map_elem', 'bpf_sk_storage_map', 'sockmap'])

function resolveIterator(reading: Reading, question: TargetQuestion, attach: AttachOf<'iter'>): LinkTarget | undefined {
  const { program, maps } = question
  const target = program.declared.attachTarget ?? program.spec.attachTarget ?? ''
  const isMapWalk = mapIterators.has(target)
  if (attach.map === undefined && !isMapWalk) return resolveStart(reading, question, { target, start: attach.start })
  if (attach.map === undefined || !isMapWalk) {
    const what = isMapWalk ? `iterator ${target} walks a map, and none is named` : `iterator ${target} walks no map`
    const hint = isMapWalk ? 'write `attach: { iter: { map: NAME } }`' : 'leave `map:` out'
    return refuse(reading, question, { code: 'M230', what, hint, within: ['iter'] })
  }
  if (maps.get(mapAddress(attach.map))) return { kind: 'iter', target, map: mapAddress(attach.map) }
  const what = `no program uses map.${attach.map}, and the manifest does not list it`
  return refuse(reading, question, {
    code: 'M210',
    what,
    hint: `add \`${attach.map}: {}\` under \`maps:\``,
    within: ['iter', 'map'],
  })
}

/** What an iterator has to be told, or may be. */
const starts: Readonly<Record<string, readonly string[]>> = {
  cgroup: ['cgroup'],
  task: ['pid', 'tid'],
  task_file: ['pid', 'tid'],
  task_vma: ['pid', 'tid'],
}

interface StartQuestion {
  readonly target: string
  readonly start: AttachOf<'iter'>['start']
}

function resolveStart(
  reading: Reading,
  question: TargetQuestion,
  { target, start }: StartQuestion,
): LinkTarget | undefined {
  const fitting = starts[target] ?? []
  const within = ['iter', ...(start ? [start.kind] : [])]
  if (start ? !fitting.includes(start.kind) : target === 'cgroup') {
    const what = start
      ? `iterator ${target} does not start at a ${start.kind}`
      : 'iterator cgroup starts at one, and none is named'
    const hint = start
      ? `leave \`${start.kind}:\` out`
      : 'write `attach: { iter: { cgroup: { path: /sys/fs/cgroup } } }`'
    return refuse(reading, question, { code: 'M230', what, hint, within })
  }
  if (start?.kind !== 'cgroup') return { kind: 'iter', target, ...(start && { start }) }
  const cgroupId = reading.world.kernel.cgroupId(start.path)
  if (cgroupId !== undefined) return { kind: 'iter', target, start: { ...start, cgroupId } }
  return refuse(reading, question, {
    code: 'M233',
    what: noCgroup(start.path),
    hint: cgroupHint,
    within: [...within, 'path'],
  })
}
