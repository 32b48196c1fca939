import type { ProgramId } from '../../model/ids.ts'
import type { Fd, LinkUpdate } from '../kernel.ts'
import { descriptorOf, enter, openDescriptor, type Process } from './machine.ts'
import { mapFlags } from './map-rules.ts'
import { hold, release } from './references.ts'
import { refuse } from './refuse.ts'
import { type LinkObject, type MapObject, nextNumber } from './world.ts'

/** What is written into a struct_ops map. */
export interface MembersWrite {
  readonly map: Fd<'map'>
  readonly value: Uint8Array
  readonly programs: ReadonlyMap<number, Fd<'program'>>
}

/** BPF_MAP_UPDATE_ELEM of a struct_ops map, which the kernel takes once. */
export function writeMembers(process: Process, { map: fd, value, programs }: MembersWrite): void {
  const command = 'BPF_MAP_UPDATE_ELEM'
  const map = structOps(process, fd, command)
  enter(process, 'writeMembers', map.name)
  if (value.length !== map.shape.valueSize) refuse(command, 'EINVAL', map.name)
  if (map.members) refuse(command, 'EBUSY', map.name)
  const { world } = process.machine
  map.members = [...programs].map(([at, program]) => [at, descriptorOf(process, program, command).object.id] as const)
  for (const [, id] of map.members) hold(world, { kind: 'program', id })
}

/** Programs by byte offset; none before it is written. */
export function membersOf(process: Process, fd: Fd<'map'>): ReadonlyMap<number, ProgramId> {
  const { members = [] } = structOps(process, fd, 'BPF_MAP_LOOKUP_ELEM')
  return new Map(members.map(([at, id]) => [at, id as ProgramId]))
}

/** BPF_LINK_CREATE of a written map; EEXIST where one of its name is attached. */
export function createStructOpsLink(process: Process, fd: Fd<'program'> | Fd<'map'>, hook: string): Fd<'link'> {
  const command = 'BPF_LINK_CREATE'
  const { world } = process.machine
  const map = attachable(process, fd, command)
  if ([...world.objects.link.values()].some((link) => link.hook === hook)) refuse(command, 'EEXIST', hook)
  const link: LinkObject = {
    kind: 'link',
    id: nextNumber(world, 'link'),
    programId: 0,
    type: 'struct_ops',
    target: { kind: 'struct_ops', mapId: map.id as never },
    hook,
    mapId: map.id,
    severed: false,
    references: 0,
  }
  world.objects.link.set(link.id, link)
  hold(world, map)
  return openDescriptor(process, link)
}

/** BPF_LINK_UPDATE: EOPNOTSUPP for a struct that the kernel does not exchange, EPERM where another map is attached. */
export function updateStructOpsLink(process: Process, link: LinkObject, change: LinkUpdate): void {
  const command = 'BPF_LINK_UPDATE'
  const { world } = process.machine
  // Which struct a copied link runs nobody told: who updates it has it from the record.
  if (!link.told && !link.hook.startsWith('struct_ops:tcp_congestion_ops:')) refuse(command, 'EOPNOTSUPP', link.hook)
  const map = attachable(process, change.program, command)
  const displaced = link.mapId ?? 0
  if (structOps(process, change.expected, command).id !== displaced) refuse(command, 'EPERM', link.hook)
  hold(world, map)
  link.mapId = map.id
  release(world, { kind: 'map', id: displaced })
}

function structOps(process: Process, fd: Fd<'program'> | Fd<'map'>, command: string): MapObject {
  const map = process.machine.world.objects.map.get(descriptorOf(process, fd, command).object.id)
  return fd.kind === 'map' && map?.shape.type === 'struct_ops' ? map : refuse(command, 'EINVAL', `a ${fd.kind}`)
}

function attachable(process: Process, fd: Fd<'program'> | Fd<'map'>, command: string): MapObject {
  const map = structOps(process, fd, command)
  return map.members && map.shape.flags & mapFlags.link ? map : refuse(command, 'EINVAL', map.name)
}
