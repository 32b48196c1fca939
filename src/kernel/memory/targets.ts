import type { MapId } from '../../model/ids.ts'
import type { LinkTarget } from '../../model/link-spec.ts'
import type { AttachPlaces, NamedNumber } from '../attach-places.ts'
import type { IteratorStartInfo, LinkTargetInfo } from '../kernel.ts'
import { normalize } from './paths.ts'
import { unknown } from './unknown.ts'
import { type NameSpace, nextNumber, type Origin, type World } from './world.ts'

/** The number of an interface, cgroup or namespace, given out at the first question; undefined when there is none. */
export function numberOf(world: World, space: NameSpace, name: string): number | undefined {
  const { origin } = world.options
  const known = world.names[space].get(origin && space !== 'interface' ? normalize(name) : name)
  if (known !== undefined) return known || undefined
  if (origin && space !== 'interface' && !isListed(origin, space, name))
    return unknown('K113', { read: `look at ${name}`, why: `the snapshot does not say whether it is a ${space}` })
  const listed = world.options.exist[space]
  return listed && !listed.includes(name) ? undefined : addTarget(world, space, name)
}

/** Whether a copy of another machine knows every place of that kind there. */
function isListed(origin: Origin, space: 'cgroup' | 'namespace', name: string): boolean {
  if (space === 'cgroup' && origin.moreCgroups) return false
  const path = normalize(name)
  return origin.roots[space].some((root) => path === root || path.startsWith(`${root}/`))
}

/** The name behind a number. */
export function nameOf(world: World, space: NameSpace, number: number): string | undefined {
  if (number === 0) return undefined
  for (const [name, known] of world.names[space]) if (known === number) return name
  return undefined
}

/** Makes an interface, cgroup or namespace, with a number that none had before. */
export function addTarget(world: World, space: NameSpace, name: string): number {
  const number = nextNumber(world, space)
  world.names[space].set(name, number)
  return number
}

/** Removes an interface, cgroup or namespace: its links stay, attached to nothing. */
export function removeTarget(world: World, space: NameSpace, name: string): void {
  const number = numberOf(world, space, name)
  world.names[space].set(name, 0)
  for (const link of world.objects.link.values()) {
    const [where, found] = placeOf(link.target) ?? []
    if (where === space && found === number) link.severed = true
  }
}

/** What bpf_link_info would say of a target; undefined when the target does not exist. */
export function describeLinkTarget(world: World, target: LinkTarget, mapId?: number): LinkTargetInfo | undefined {
  switch (target.kind) {
    case 'xdp':
      return nameOf(world, 'interface', target.ifindex) ? { kind: 'xdp', ifindex: target.ifindex } : undefined
    case 'tcx': {
      const { ifindex, direction } = target
      return nameOf(world, 'interface', ifindex) ? { kind: 'tcx', ifindex, direction } : undefined
    }
    case 'cgroup': {
      const cgroupId = numberOf(world, 'cgroup', target.path)
      return cgroupId === undefined ? undefined : { kind: 'cgroup', cgroupId, attachType: target.attachType }
    }
    case 'netns': {
      const inode = numberOf(world, 'namespace', target.path)
      return inode === undefined ? undefined : { kind: 'netns', inode, attachType: target.attachType }
    }
    case 'tracepoint':
      return hasTracepoint(world, target.category, target.name) ? { kind: 'tracepoint', name: target.name } : undefined
    case 'raw_tracepoint':
      return hasRawTracepoint(world, target.name) ? { kind: 'raw_tracepoint', name: target.name } : undefined
    case 'iter':
      return {
        kind: 'iter',
        target: target.target,
        ...startOf(target),
        ...(mapId !== undefined && { mapId: mapId as MapId }),
      }
    case 'struct_ops':
      return { kind: 'struct_ops', mapId: (mapId ?? 0) as MapId }
  }
}

/** True for every tracepoint, unless the world lists those that exist as `category/name`. */
export const hasTracepoint = ({ options }: World, category: string, name: string): boolean | undefined =>
  options.origin?.withoutTracefs ? undefined : (options.exist.tracepoint?.includes(`${category}/${name}`) ?? true)

/** The names that somebody asked for, or that exist from the start; of tracepoints those that are listed. */
export function placesOf({ names, options }: World): AttachPlaces {
  const living = (space: NameSpace): NamedNumber[] => [...names[space]].filter(([, number]) => number !== 0)
  const tracepoints: Record<string, string[]> = {}
  for (const tracepoint of options.exist.tracepoint ?? []) {
    const [category = '', name = ''] = tracepoint.split('/')
    tracepoints[category] = [...(tracepoints[category] ?? []), name]
  }
  return {
    interfaces: living('interface'),
    cgroups: living('cgroup'),
    cgroupRoots: options.origin?.roots.cgroup ?? [],
    ...(options.origin?.moreCgroups && { moreCgroups: true }),
    namespaces: living('namespace'),
    namespaceRoots: options.origin?.roots.namespace ?? [],
    ...(options.exist.tracepoint && { tracepoints }),
  }
}

/** Raw ones are not all among those of tracefs, which is all that is known of another machine. */
const hasRawTracepoint = ({ options: { origin, exist } }: World, name: string): boolean =>
  origin !== undefined || (exist.tracepoint?.some((tracepoint) => tracepoint.endsWith(`/${name}`)) ?? true)

/** Where a link is: the kind of place and its number. */
function placeOf(target: LinkTargetInfo): readonly [NameSpace, number] | undefined {
  switch (target.kind) {
    case 'xdp':
    case 'tcx':
      return ['interface', target.ifindex]
    case 'cgroup':
      return ['cgroup', target.cgroupId]
    case 'netns':
      return ['namespace', target.inode]
    case 'tracepoint':
    case 'raw_tracepoint':
    case 'iter':
    case 'struct_ops':
      return undefined
  }
}

function startOf({ start }: LinkTarget & { readonly kind: 'iter' }): { readonly start?: IteratorStartInfo } {
  if (start?.kind !== 'cgroup') return start ? { start } : {}
  const { path: _, ...info } = start
  return { start: info }
}
