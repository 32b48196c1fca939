import { dirname } from 'node:path'
import type { Kernel } from '../kernel/kernel.ts'
import { readRecord } from '../kernel/record-map.ts'
import { KernelError } from '../model/errors.ts'
import type { CurrentState, DesiredState } from '../model/state.ts'
import type { SlotClaim, VanishingRoot } from '../model/surroundings.ts'
import { listStacks } from './check-directory.ts'

/**
 * Looks around a stack, for the lint: will its bpffs last, and which other stacks fill slots of its arrays? Only for a plan
 * that does something. Throws KernelError.
 */
export function readSurroundings(kernel: Kernel, current: CurrentState, desired: DesiredState): CurrentState {
  const root = readRoot(kernel, current.directory)
  const arrays = sharedArrays(current, desired)
  const claims = arrays.size > 0 ? readClaims(kernel, current, arrays) : []
  return { ...current, ...(root && { root }), ...(claims.length > 0 && { claims }) }
}

function readRoot(kernel: Kernel, directory: string): VanishingRoot | undefined {
  const mounts = kernel.bpffs.mounts()
  const mountPoint = mounts.of(directory)?.mountPoint
  const mount = mounts.list().find((it) => it.mountPoint === mountPoint)
  if (!mount) return undefined
  if (mount.isFleeting) return { mountPoint: mount.mountPoint, why: 'namespace' }
  if (mount.isContained) return { mountPoint: mount.mountPoint, why: 'container' }
  return fleetingPlaces.test(mount.mountPoint) ? { mountPoint: mount.mountPoint, why: 'place' } : undefined
}

const fleetingPlaces = /^\/(run|tmp|var\/run|var\/tmp|dev\/shm)\//

/** Ids of others' arrays that the stack writes, and of its own in which somebody else has a program. */
function sharedArrays({ resources, graph, trees }: CurrentState, desired: DesiredState): ReadonlySet<number> {
  const own = new Set<number>(
    trees.flatMap((tree) => tree.pins.flatMap((pin) => (pin.kind === 'program' ? [pin.id] : []))),
  )
  const ids = new Set<number>()
  for (const map of desired.resources.values())
    if (map.kind === 'map' && map.owner === 'foreign' && map.contents.kind === 'slots' && map.live) ids.add(map.live.id)
  for (const map of resources.values()) {
    if (map.kind !== 'map' || map.owner !== 'stack' || map.contents.kind !== 'slots' || !map.live) continue
    const held = [...(graph.maps.get(map.live.id)?.programs.values() ?? [])]
    if (held.some((program) => !own.has(program))) ids.add(map.live.id)
  }
  return ids
}

function readClaims(kernel: Kernel, current: CurrentState, arrays: ReadonlySet<number>): readonly SlotClaim[] {
  const bpffs = dirname(current.directory)
  return listStacks(kernel, bpffs)
    .filter((stack) => stack !== current.stack)
    .flatMap((stack) => claimsOf(kernel, { stack, live: `${bpffs}/${stack}/live` }, arrays))
}

interface Neighbour {
  readonly stack: string
  readonly live: string
}

function claimsOf(kernel: Kernel, { stack, live }: Neighbour, arrays: ReadonlySet<number>): SlotClaim[] {
  const record = kernel.bpffs.stat(`${live}/record`) && readRecord(kernel, `${live}/record`)
  return Object.entries(record?.maps ?? {}).flatMap(([name, { slots, owner }]): SlotClaim[] => {
    const map = slots && mapAt(kernel, `${live}/maps/${name}`)
    if (!map || !arrays.has(map.id)) return []
    const indexes = Object.keys(slots).map(Number)
    return [{ stack, map: map.id, slots: indexes.sort((a, b) => a - b), isOwner: owner === 'stack' }]
  })
}

function mapAt(kernel: Kernel, path: string) {
  try {
    const info = kernel.describePin(path)
    return info.kind === 'map' ? info : undefined
  } catch (error) {
    // Another stack may be in the middle of an apply.
    if (error instanceof KernelError) return undefined
    throw error
  }
}
