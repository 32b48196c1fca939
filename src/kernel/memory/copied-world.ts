import { KernelError } from '../../model/errors.ts'
import { mapTypeRule } from '../../model/map-types.ts'
import { kernelError } from '../errno.ts'
import type { HostSnapshot, SavedDirectory, SavedPin } from '../host-snapshot.ts'
import { copiedLink, copiedMap, copiedProgram } from './copied-objects.ts'
import { allObjects, count } from './snapshot.ts'
import { createWorld, type Inode, nextNumber, type ObjectName, type World } from './world.ts'

/**
 * A world that is what a machine was. Objects that only processes of that machine hold are held from outside. Throws KernelError
 * (K115 for what only looks like a snapshot; ENOTSUPP for a machine that is played by nobody).
 */
export function copyWorld(snapshot: HostSnapshot): World {
  const failure = { command: 'restore', doing: 'open the snapshot', target: 'snapshot' }
  // Values of maps that hold objects are numbers in the order of this machine's bytes.
  if (snapshot.kernel.byteOrder === 'big') {
    const what = 'it is of a big-endian machine, and the kernel in memory plays none'
    throw kernelError({ ...failure, errno: 'ENOTSUPP', what, hint: 'plan on the host itself' })
  }
  try {
    return copyWhole(snapshot)
  } catch (cause) {
    if (cause instanceof KernelError) throw cause
    const what = 'it is not laid out as it says'
    throw kernelError({
      ...failure,
      errno: 'EINVAL',
      what,
      hint: 'take it again: pinfold snapshot',
      code: 'K115',
      cause,
    })
  }
}

function copyWhole(snapshot: HostSnapshot): World {
  const world = emptyCopy(snapshot)
  for (const info of snapshot.maps) world.objects.map.set(info.id, copiedMap(info, snapshot.contents[info.id]))
  for (const info of snapshot.programs) world.objects.program.set(info.id, copiedProgram(info))
  for (const info of snapshot.links) world.objects.link.set(info.id, copiedLink(info))
  for (const kind of ['map', 'program', 'link'] as const) world.last[kind] = Math.max(0, ...idsOf(world, kind))
  for (const mountPoint of Object.keys(snapshot.files).sort()) mount(world, mountPoint, snapshot.files[mountPoint])
  world.attachments.push(...snapshot.attachments)
  count(world)
  return holdRest(world)
}

function emptyCopy({ kernel, places, ...snapshot }: HostSnapshot): World {
  const { tracepoints } = places
  const world = createWorld({
    release: kernel.release,
    possibleCpus: kernel.possibleCpus,
    exist: {
      interface: [],
      cgroup: [],
      namespace: [],
      tracepoint: Object.entries(tracepoints ?? {}).flatMap(([category, names]) =>
        names.map((name) => `${category}/${name}`),
      ),
    },
    origin: {
      identity: kernel,
      sinceBoot: snapshot.sinceBoot,
      user: snapshot.user,
      mounts: snapshot.mounts,
      roots: { cgroup: places.cgroupRoots, namespace: places.namespaceRoots },
      ...(places.moreCgroups && { moreCgroups: true }),
      ...(!tracepoints && { withoutTracefs: true }),
      processes: snapshot.processes,
    },
  })
  const { interfaces, cgroups, namespaces } = places
  for (const [space, list] of [
    ['interface', interfaces],
    ['cgroup', cgroups],
    ['namespace', namespaces],
  ] as const) {
    world.names[space].clear()
    for (const [name, number] of list) world.names[space].set(name, number)
    world.last[space] = list.reduce((most, [, number]) => Math.max(most, number), world.last[space])
  }
  return world
}

const idsOf = (world: World, kind: 'map' | 'program' | 'link'): number[] => [...world.objects[kind].keys()]

function mount(world: World, mountPoint: string, directory: SavedDirectory | undefined): void {
  if (!directory) return
  // Several names of one file are one inode; numbers are those of this world, since each bpffs counts for itself.
  const known = new Map<number, Inode>()
  const root = copyFile(world, directory, known)
  root.names++
  world.mounts.set(mountPoint, root.number)
}

function copyFile(world: World, file: SavedDirectory | SavedPin, known: Map<number, Inode>): Inode {
  const before = known.get(file.inode)
  if (before) return before
  const { uid = 0, gid = 0, mode, changed } = file
  const inode: Inode = {
    ...{ number: nextNumber(world, 'inode'), uid, gid, mode, names: 0, content: contentOf(file) },
    ...(changed !== undefined && { changed }),
  }
  world.inodes.set(inode.number, inode)
  known.set(file.inode, inode)
  if (!('entries' in file) || inode.content.kind !== 'directory') return inode
  for (const [name, entry] of Object.entries(file.entries)) {
    const child = copyFile(world, entry, known)
    child.names++
    inode.content.entries.set(name, child.number)
  }
  return inode
}

function contentOf(file: SavedDirectory | SavedPin): Inode['content'] {
  if ('entries' in file) return { kind: 'directory', entries: new Map() }
  const object: ObjectName | undefined = file.object && { kind: file.object[0], id: file.object[1] }
  if (file.symlink) return { kind: 'symlink', ...(object && { object }) }
  return object ? { kind: 'pin', object } : { kind: 'unread', errno: file.errno ?? 'EACCES' }
}

/** What lived without a holder that can be seen has one: a process. An array that has its slots has a user, too. */
function holdRest(world: World): World {
  const unheld = allObjects(world).filter((object): boolean => {
    if (object.references === 0) return true
    if (object.kind !== 'map' || object.users > 0 || object.entries.size === 0) return false
    return mapTypeRule(object.shape.type).atLastUserReference === 'clears-slots'
  })
  const outside = unheld.map(({ kind, id }): ObjectName => ({ kind, id }))
  for (const { kind, id } of outside) {
    const object = world.objects[kind].get(id)
    if (!object) continue
    object.references++
    if (object.kind === 'map') object.users++
  }
  return { ...world, outside }
}
