import { mapTypeRule } from '../../model/map-types.ts'
import { fromHex, toHex } from '../../util/hex.ts'
import type { Fd, MapCreate, UpdateMode } from '../kernel.ts'
import { type Descriptor, descriptorOf, enter, openDescriptor, type Process } from './machine.ts'
import { fitsTemplate, mapFlags, mapRules, refusalOfShape, shapeAsKept } from './map-rules.ts'
import { kernelName } from './names.ts'
import { ownerOf, ownerTypeOf } from './owner.ts'
import { heldKind, hold, idAsValue, idIn, release, settle } from './references.ts'
import { type Errno, refuse } from './refuse.ts'
import { type Storage, storages } from './storage.ts'
import { unknown } from './unknown.ts'
import { type MapObject, nextNumber } from './world.ts'

/** BPF_MAP_CREATE. */
export function createMap(process: Process, request: MapCreate): Fd<'map'> {
  enter(process, 'createMap', request.name)
  const { world } = process.machine
  const { shape, btf } = request
  const errno = refusalOfShape(shape)
  if (errno) return refuse('BPF_MAP_CREATE', errno, request.name)
  const inner = innerShape(process, request)
  const map: MapObject = {
    kind: 'map',
    id: nextNumber(world, 'map'),
    name: kernelName(request.name),
    shape: { ...shapeAsKept(shape, world.options.possibleCpus), ...(inner && { inner }) },
    btfId: btf ? descriptorOf(process, btf.fd, 'BPF_MAP_CREATE').object.id : 0,
    keyTypeId: btf?.keyTypeId ?? 0,
    valueTypeId: btf?.valueTypeId ?? 0,
    references: 0,
    users: 0,
    frozen: false,
    entries: new Map(),
    owner: undefined,
  }
  world.objects.map.set(map.id, map)
  if (map.btfId !== 0) hold(world, { kind: 'btf', id: map.btfId })
  return openDescriptor(process, map, {
    readable: !(shape.flags & mapFlags.writeOnly),
    writable: !(shape.flags & mapFlags.readOnly),
  })
}

/** BPF_MAP_LOOKUP_ELEM. */
export function lookup(process: Process, fd: Fd<'map'>, key: Uint8Array): Uint8Array | undefined {
  const command = 'BPF_MAP_LOOKUP_ELEM'
  const { map, storage } = mapToRead(process, fd, command)
  checkKey(map, key, command)
  checkKnown(map, key)
  const value = storage.lookup(map, key)
  if (typeof value === 'string') return refuse(command, value, map.name)
  if (!value) return undefined
  const perCpu = Buffer.alloc(valueSize(process, map))
  perCpu.set(value)
  return new Uint8Array(perCpu)
}

/** BPF_MAP_UPDATE_ELEM. */
export function update(
  process: Process,
  fd: Fd<'map'>,
  key: Uint8Array,
  value: Uint8Array | Fd<'program'> | Fd<'map'>,
  mode: UpdateMode = 'any',
): void {
  const command = 'BPF_MAP_UPDATE_ELEM'
  const { map, storage } = mapToWrite(process, fd, 'update', command)
  checkKey(map, key, command)
  checkKnown(map, key)
  const errno = storage.refusal(map, key, mode)
  if (errno) refuse(command, errno, map.name)
  const stored = value instanceof Uint8Array ? plainValue(process, map, value) : heldValue(process, map, value)
  const entry = storage.place(map, key)
  const displaced = map.entries.get(entry)
  map.entries.set(entry, stored)
  takeOver(process, map, stored, displaced)
}

/** The variables of an arena, as long as they fit into its pages. */
export function writeArena(process: Process, fd: Fd<'map'>, bytes: Uint8Array): void {
  const { map } = mapToWrite(process, fd, 'writeArena', 'mmap')
  if (map.shape.type !== 'arena' || bytes.length > map.shape.maxEntries * 4096)
    return refuse('mmap', 'EINVAL', map.name)
  map.entries.set('00000000', Uint8Array.from(bytes))
}

/** BPF_MAP_DELETE_ELEM; false where there is no such entry. */
export function remove(process: Process, fd: Fd<'map'>, key: Uint8Array): boolean {
  const command = 'BPF_MAP_DELETE_ELEM'
  const { map, storage } = mapToWrite(process, fd, 'remove', command)
  checkKey(map, key, command)
  checkKnown(map, key)
  const target = storage.removable(map, key)
  if (typeof target === 'string') return refuse(command, target, map.name)
  if (!target) return false
  const displaced = map.entries.get(target.entry)
  map.entries.delete(target.entry)
  takeOver(process, map, undefined, displaced)
  return true
}

/** Every key, by BPF_MAP_GET_NEXT_KEY. */
export function keys(process: Process, fd: Fd<'map'>): Iterable<Uint8Array> {
  const command = 'BPF_MAP_GET_NEXT_KEY'
  const { map, storage } = mapToRead(process, fd, command)
  if (map.partial) return unknownEntries(map)
  // The keys of a sockhash can be read, though nothing can be kept in one here.
  const all = map.told && storage === storages.opaque ? [...map.entries.keys()].map(fromHex) : storage.keys(map)
  return typeof all === 'string' ? refuse(command, all, map.name) : all
}

/** BPF_MAP_FREEZE; EPERM the second time. */
export function freeze(process: Process, fd: Fd<'map'>): void {
  const { map } = mapToWrite(process, fd, 'freeze', 'BPF_MAP_FREEZE')
  map.frozen = true
}

/** The map behind a descriptor. */
export function mapOf(process: Process, fd: Fd<'map'>, command: string): MapObject {
  return openMap(process, fd, command).map
}

interface OpenMap {
  readonly map: MapObject
  readonly storage: Storage
  readonly descriptor: Descriptor
}

function openMap(process: Process, fd: Fd<'map'>, command: string): OpenMap {
  const descriptor = descriptorOf(process, fd, command)
  const map = process.machine.world.objects.map.get(descriptor.object.id)
  if (!map || descriptor.object.kind !== 'map') return refuse(command, 'EINVAL', `a ${fd.kind}`)
  return { map, storage: storages[mapRules[map.shape.type].storage], descriptor }
}

export function mapToRead(process: Process, fd: Fd<'map'>, command: string): OpenMap {
  settle(process.machine.world)
  const open = openMap(process, fd, command)
  return open.descriptor.readable ? open : refuse(command, 'EPERM', open.map.name)
}

function mapToWrite(process: Process, fd: Fd<'map'>, operation: string, command: string): OpenMap {
  enter(
    process,
    operation,
    process.machine.world.objects.map.get(descriptorOf(process, fd, command).object.id)?.name ?? '',
  )
  const open = openMap(process, fd, command)
  return open.descriptor.writable && !open.map.frozen ? open : refuse(command, 'EPERM', open.map.name)
}

function innerShape(process: Process, request: MapCreate): MapObject['shape'] | undefined {
  if (mapTypeRule(request.shape.type).holds !== 'maps') return undefined
  if (!request.inner) return refuse('BPF_MAP_CREATE', 'EINVAL', request.name)
  const { shape } = mapOf(process, request.inner, 'BPF_MAP_CREATE')
  if (shape.inner) return refuse('BPF_MAP_CREATE', 'EINVAL', request.name)
  return mapRules[shape.type].inner ? shape : refuse('BPF_MAP_CREATE', 'ENOTSUPP', request.name)
}

/** Throws where a map holds more than is known, and nothing is known of that key. */
function checkKnown(map: MapObject, key: Uint8Array): void {
  if (!map.partial) return
  const entry = map.shape.type === 'lpm_trie' ? storages.trie.place(map, key) : toHex(key)
  if (!map.entries.has(entry)) unknownEntries(map)
}

/** Throws for a map of which not every entry is known. */
export function unknownEntries({ name, id, entries, partial }: MapObject): never {
  const all = partial?.count === undefined ? 'all' : partial.count.toLocaleString('en-US')
  const why = entries.size === 0 ? 'the snapshot does not have them' : `the snapshot has ${entries.size} of ${all}`
  return unknown('K110', { read: `read the entries of map #${id} (${name})`, why })
}

function checkKey(map: MapObject, key: Uint8Array, command: string): void {
  if (key.length !== map.shape.keySize) refuse(command, 'EINVAL', map.name)
}

export function valueSize(process: Process, map: MapObject): number {
  const { type, valueSize: size } = map.shape
  return mapTypeRule(type).perCpu ? Math.ceil(size / 8) * 8 * process.machine.world.options.possibleCpus : size
}

function plainValue(process: Process, map: MapObject, value: Uint8Array): Uint8Array {
  const fits = !heldKind(map) && value.length === valueSize(process, map)
  return fits ? Uint8Array.from(value) : refuse('BPF_MAP_UPDATE_ELEM', 'EINVAL', map.name)
}

function heldValue(process: Process, map: MapObject, fd: Fd<'program'> | Fd<'map'>): Uint8Array {
  const command = 'BPF_MAP_UPDATE_ELEM'
  const { object } = descriptorOf(process, fd, command)
  const errno = heldKind(map) === object.kind ? refusalOfMember(process, map, object.id) : 'EINVAL'
  return errno ? refuse(command, errno, map.name) : idAsValue(object.id)
}

/**
 * Why a program array or an outer map does not take that member. The first program decides what an array takes; of a copied one no
 * more than its type is known.
 */
function refusalOfMember(process: Process, map: MapObject, id: number): Errno | undefined {
  const { objects } = process.machine.world
  const inner = objects.map.get(id)
  if (heldKind(map) === 'map') {
    // Linux does not tell what a map takes that it made: a copy of one takes any.
    if (map.told) return undefined
    return inner && map.shape.inner && fitsTemplate(inner.shape, map.shape.inner) ? undefined : 'EINVAL'
  }
  const program = objects.program.get(id)
  if (!program) return 'EINVAL'
  if (program.told)
    return map.owner === undefined || ownerTypeOf(map.owner) === program.load.type ? undefined : 'EINVAL'
  map.owner ??= ownerOf(program.load)
  return map.owner === ownerOf(program.load) ? undefined : 'EINVAL'
}

/** Moves the references of a map that holds programs or maps from the old value to the new one. */
function takeOver(process: Process, map: MapObject, added?: Uint8Array, displaced?: Uint8Array): void {
  const kind = heldKind(map)
  if (!kind) return
  const { world } = process.machine
  if (added) hold(world, { kind, id: idIn(added) })
  if (displaced) release(world, { kind, id: idIn(displaced) })
}
