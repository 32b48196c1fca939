import type { AttachPlaces } from '../../kernel/attach-places.ts'
import type { HostSnapshot } from '../../kernel/host-snapshot.ts'
import type { Kernel, LinkInfo, ProgramInfo } from '../../kernel/kernel.ts'
import { type LinkTarget, targetKey } from '../../model/link-spec.ts'
import type { AttachType, ProgramType } from '../../model/program-types.ts'
import { attachHooks, hooks } from '../hooks.ts'
import { attachedAt } from '../reachable.ts'

/** What is known of the system already. */
export interface AttachmentQuestion {
  readonly places: AttachPlaces
  readonly programs: readonly ProgramInfo[]
  readonly links: readonly LinkInfo[]
}

/** Programs that are attached without a link, wherever one can be attached that is loaded. */
export function readAttachments(
  kernel: Kernel,
  { places, programs, links }: AttachmentQuestion,
): HostSnapshot['attachments'] {
  const types = new Set(programs.flatMap(({ type }) => type ?? []))
  // One namespace or cgroup may have several names.
  const all = [...deviceTargets(places, types), ...fileTargets(places, types)]
  const targets = new Map(all.map((target) => [targetKey(target), target]))
  return [...targets.values()].flatMap((target) =>
    attachedAt(kernel, target, links).map((programId) => ({ programId, target })),
  )
}

type Types = ReadonlySet<ProgramType>

function* deviceTargets({ interfaces }: AttachPlaces, types: Types): Generator<LinkTarget> {
  for (const [name, ifindex] of interfaces) {
    const place = { interface: name, ifindex }
    if (hooks.xdp.types.some((type) => types.has(type))) yield { kind: 'xdp', ...place }
    if (!hooks.tcx.types.some((type) => types.has(type))) continue
    yield { kind: 'tcx', ...place, direction: 'ingress' }
    yield { kind: 'tcx', ...place, direction: 'egress' }
  }
}

function* fileTargets({ cgroups, namespaces }: AttachPlaces, types: Types): Generator<LinkTarget> {
  const attachTypes = (Object.keys(attachHooks) as AttachType[]).filter((attachType) =>
    attachHooks[attachType]?.types.some((type) => types.has(type)),
  )
  for (const attachType of attachTypes) {
    if (attachType === 'sk_lookup' || attachType === 'flow_dissector') {
      for (const [path, inode] of namespaces) yield { kind: 'netns', path, inode, attachType }
    } else {
      for (const [path, cgroupId] of cgroups) yield { kind: 'cgroup', path, cgroupId, attachType }
    }
  }
}
