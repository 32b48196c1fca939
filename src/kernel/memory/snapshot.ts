import { fromHex, toHex } from '../../util/hex.ts'
import { kernelError } from '../errno.ts'
import { findObject, free, heldBy, hold, holdAsUser, losesLastUser, settle } from './references.ts'
import type { DirectoryContent, Inode, MapObject, World, WorldObject } from './world.ts'

/** A world as JSON-able data. Reference counts are in it, but counted anew when it is restored. */
export interface Snapshot {
  readonly version: 1
  readonly options: World['options']
  readonly last: World['last']
  readonly maps: readonly SavedMap[]
  readonly objects: readonly Exclude<WorldObject, MapObject>[]
  readonly inodes: readonly SavedInode[]
  readonly mounts: readonly (readonly [string, number])[]
  readonly names: Readonly<Record<keyof World['names'], readonly (readonly [string, number])[]>>
  readonly attachments: World['attachments']
  /** Absent: nothing. */
  readonly outside?: World['outside']
}

type Pairs<V> = readonly (readonly [string, V])[]
type SavedMap = Omit<MapObject, 'entries' | 'owner'> & { readonly entries: Pairs<string>; readonly owner?: string }
type SavedInode = Omit<Inode, 'content'> & {
  readonly content:
    | Exclude<Inode['content'], DirectoryContent>
    | { readonly kind: 'directory'; readonly entries: Pairs<number> }
}

/** What would be left of the world if every process ended now. */
export const takeSnapshot = (world: World): Snapshot => save(restore(structuredClone(save(world))))

/** The world of a snapshot, without what nothing refers to. Throws a KernelError for data that is no snapshot. */
export function restore(snapshot: unknown): World {
  const world = load(parse(snapshot))
  count(world)
  sweep(world)
  return world
}

function save(world: World): Snapshot {
  const { map, program, link, btf } = world.objects
  return {
    version: 1,
    options: world.options,
    last: { ...world.last },
    maps: [...map.values()].map(saveMap),
    objects: [...program.values(), ...link.values(), ...btf.values()],
    inodes: [...world.inodes.values()].map(saveInode),
    mounts: [...world.mounts],
    names: {
      interface: [...world.names.interface],
      cgroup: [...world.names.cgroup],
      namespace: [...world.names.namespace],
    },
    attachments: [...world.attachments],
    ...(world.outside.length > 0 && { outside: world.outside }),
  }
}

function saveMap({ entries, owner, ...map }: MapObject): SavedMap {
  const pairs = [...entries].map(([key, value]) => [key, toHex(value)] as const)
  return { ...map, entries: pairs, ...(owner !== undefined && { owner }) }
}

function saveInode({ content, ...inode }: Inode): SavedInode {
  return { ...inode, content: content.kind === 'directory' ? { ...content, entries: [...content.entries] } : content }
}

function parse(snapshot: unknown): Snapshot {
  if (typeof snapshot === 'object' && snapshot !== null && 'version' in snapshot && snapshot.version === 1) {
    return snapshot as Snapshot
  }
  const doing = 'restore the kernel in memory'
  throw kernelError({ command: 'restore', errno: 'EINVAL', doing, what: 'this is no snapshot of it' })
}

function load(snapshot: Snapshot): World {
  const objects: World['objects'] = { map: new Map(), program: new Map(), link: new Map(), btf: new Map() }
  for (const map of snapshot.maps) objects.map.set(map.id, loadMap(map))
  for (const object of snapshot.objects) {
    const table: Map<number, WorldObject> = objects[object.kind]
    table.set(object.id, { ...object, references: 0 })
  }
  return {
    options: snapshot.options,
    last: { ...snapshot.last },
    objects,
    inodes: new Map(snapshot.inodes.map((inode) => [inode.number, loadInode(inode)])),
    mounts: new Map(snapshot.mounts),
    names: {
      interface: new Map(snapshot.names.interface),
      cgroup: new Map(snapshot.names.cgroup),
      namespace: new Map(snapshot.names.namespace),
    },
    attachments: [...snapshot.attachments],
    pendingClears: [],
    outside: snapshot.outside ?? [],
  }
}

function loadMap(map: SavedMap): MapObject {
  const entries = new Map(map.entries.map(([key, value]) => [key, fromHex(value)]))
  return { ...map, references: 0, users: 0, entries, owner: map.owner }
}

function loadInode({ content, ...inode }: SavedInode): Inode {
  return {
    ...inode,
    content: content.kind === 'directory' ? { ...content, entries: new Map(content.entries) } : content,
  }
}

/** Counts the references that objects, pins, attachments and others hold. */
export function count(world: World): void {
  for (const object of allObjects(world)) for (const held of heldBy(object)) hold(world, held)
  for (const { content } of world.inodes.values()) if (content.kind === 'pin') holdAsUser(world, content.object)
  for (const { programId } of world.attachments) hold(world, { kind: 'program', id: programId })
  for (const held of world.outside) holdAsUser(world, held)
}

/** Lets go what no process holds any more. */
function sweep(world: World): void {
  for (const map of [...world.objects.map.values()]) if (map.users === 0) losesLastUser(world, map)
  settle(world)
  for (const object of allObjects(world)) {
    if (object.references === 0 && findObject(world, object) === object) free(world, object)
  }
}

export const allObjects = (world: World): WorldObject[] => [
  ...world.objects.map.values(),
  ...world.objects.program.values(),
  ...world.objects.link.values(),
  ...world.objects.btf.values(),
]
