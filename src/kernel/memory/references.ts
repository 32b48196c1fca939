import { mapTypeRule } from '../../model/map-types.ts'
import type { MapObject, ObjectName, World, WorldObject } from './world.ts'

/** The object of that name; undefined when it is gone. */
export const findObject = (world: World, name: ObjectName): WorldObject | undefined =>
  world.objects[name.kind].get(name.id)

/** Takes a reference, as programs, arrays and links do. */
export function hold(world: World, name: ObjectName): void {
  const object = findObject(world, name)
  if (object) object.references++
}

/** Drops a reference; the last one frees the object, and with it what it held. */
export function release(world: World, name: ObjectName): void {
  const object = findObject(world, name)
  if (!object || --object.references > 0) return
  free(world, object)
}

/** Takes a reference as a user, as descriptors and pins do. */
export function holdAsUser(world: World, name: ObjectName): void {
  const object = findObject(world, name)
  if (object?.kind === 'map') object.users++
  hold(world, name)
}

/** Drops a user's reference; the last user of a program array queues its clear. */
export function releaseAsUser(world: World, name: ObjectName): void {
  const object = findObject(world, name)
  if (object?.kind === 'map' && --object.users === 0) losesLastUser(world, object)
  release(world, name)
}

/** What the kernel does to a map when its last user goes, whoever still uses it. */
export function losesLastUser(world: World, map: MapObject): void {
  switch (mapTypeRule(map.shape.type).atLastUserReference) {
    case 'clears-slots':
      hold(world, map)
      world.pendingClears.push(map.id)
      return
    case 'releases-programs':
      return releaseAttached(world, map.id)
    case undefined:
      return
  }
}

/**
 * Runs the clears that are queued. On Linux a work queue does so a moment later, so a slot that is refilled at once is
 * erased too; here it happens before the first operation that could tell, which is the worst moment for a refill.
 * `except` stays queued as long as somebody else holds that map: who opens it by its id is in time for a refill.
 */
export function settle(world: World, except?: number): void {
  const kept: number[] = []
  for (let id = world.pendingClears.shift(); id !== undefined; id = world.pendingClears.shift()) {
    const map = world.objects.map.get(id)
    if (!map) continue
    if (id === except && map.references > 1) kept.push(id)
    else clear(world, map)
  }
  world.pendingClears.push(...kept)
}

/**
 * Runs the queued clears before an object is opened by its id, unless that cannot tell: the object is a queued array, or a
 * program, that somebody else holds as well. So who rescues an array comes at the worst moment.
 */
export function settleBeforeOpening(world: World, { kind, id }: ObjectName): void {
  if (kind === 'map') return settle(world, id)
  const slots = world.pendingClears.flatMap((array) => [...(world.objects.map.get(array)?.entries.values() ?? [])])
  const queued = slots.filter((value) => kind === 'program' && idIn(value) === id).length
  const references = world.objects[kind].get(id)?.references ?? 0
  if (kind !== 'program' || references <= queued) settle(world)
}

function clear(world: World, map: MapObject): void {
  releaseValues(world, map)
  map.entries.clear()
  release(world, map)
}

/** Detaches what is attached to a sockmap or sockhash. */
function releaseAttached(world: World, mapId: number): void {
  for (const attachment of [...world.attachments]) {
    if (attachment.target.kind !== 'sockmap' || attachment.target.mapId !== mapId) continue
    world.attachments.splice(world.attachments.indexOf(attachment), 1)
    release(world, { kind: 'program', id: attachment.programId })
  }
}

/** Forgets an object and drops what it held. */
export function free(world: World, object: WorldObject): void {
  world.objects[object.kind].delete(object.id)
  for (const held of heldBy(object)) release(world, held)
}

/** The references that an object holds, one for each. */
export function heldBy(object: WorldObject): readonly ObjectName[] {
  switch (object.kind) {
    case 'map':
      return [...valuesHeldBy(object), ...membersHeldBy(object), ...btfHeld(object.btfId)]
    case 'program':
      return [
        ...object.mapIds.map((id): ObjectName => ({ kind: 'map', id })),
        ...(object.extended === undefined ? [] : [{ kind: 'program', id: object.extended } as const]),
        ...btfHeld(object.btfId),
      ]
    case 'link':
      return [
        { kind: 'program', id: object.programId },
        ...(object.mapId === undefined ? [] : [{ kind: 'map', id: object.mapId } as const]),
      ]
    case 'btf':
      return []
  }
}

const membersHeldBy = ({ members = [] }: MapObject): readonly ObjectName[] =>
  members.map(([, id]) => ({ kind: 'program', id }))

const btfHeld = (id: number): readonly ObjectName[] => (id === 0 ? [] : [{ kind: 'btf', id }])

function releaseValues(world: World, map: MapObject): void {
  for (const held of valuesHeldBy(map)) release(world, held)
}

function valuesHeldBy(map: MapObject): readonly ObjectName[] {
  const kind = heldKind(map)
  return kind ? [...map.entries.values()].map((value) => ({ kind, id: idIn(value) })) : []
}

/** What the values of a map refer to; undefined for maps of plain values. */
export function heldKind(map: MapObject): 'map' | 'program' | undefined {
  const { holds } = mapTypeRule(map.shape.type)
  return holds && (holds === 'maps' ? 'map' : 'program')
}

/** The id in a value of a map that holds programs or maps. */
export const idIn = (value: Uint8Array): number => new DataView(value.buffer, value.byteOffset).getUint32(0, true)

/** The value that stands for an object in a map that holds programs or maps. */
export function idAsValue(id: number): Uint8Array {
  const value = new Uint8Array(4)
  new DataView(value.buffer).setUint32(0, id, true)
  return value
}
