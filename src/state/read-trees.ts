import { copyMapName, lateMapName } from '../kernel/copy-maps.ts'
import type { DirectoryEntry } from '../kernel/files.ts'
import type { Kernel, LinkInfo, MapInfo, ObjectInfo, PinEntry } from '../kernel/kernel.ts'
import { readRecord } from '../kernel/record-map.ts'
import { isUsedMap } from '../kernel/used-map.ts'
import { linkAddress, type MapAddress, mapAddress, programAddress } from '../model/address.ts'
import { KernelError } from '../model/errors.ts'
import type { MapId } from '../model/ids.ts'
import type { MapType } from '../model/map-types.ts'
import { asidePath } from '../model/outer-pin.ts'
import type { StackRecord } from '../model/record.ts'
import type { Stray, Tree, TreePin } from '../model/state.ts'
import { readTarget } from './read-target.ts'
import { type RecordRows, rowsOf } from './record-rows.ts'

/** What lies in a stack's directory. */
export interface StackReading {
  /** Every tree: live, next, gen-N. */
  readonly trees: readonly TreeReading[]
  /** What lies beside them and is not pinfold's. */
  readonly strays: readonly Stray[]
  /** The map of used plans, the one thing that pinfold puts there. */
  readonly used: MapId | undefined
}

/** A tree of pins with what the kernel said about each, in their order. */
export interface TreeReading {
  readonly tree: Tree
  readonly infos: readonly (ObjectInfo | undefined)[]
}

/** How trees are read. */
export interface TreeOptions {
  /** Take pins that the tree's record does not know for the stack's own; default: they are foreign. */
  readonly adopt?: boolean | undefined
}

/**
 * Reads everything in a stack's directory (absolute); nothing where it does not exist. A pin that vanishes meanwhile is left
 * out. Throws KernelError.
 */
export function readTrees(kernel: Kernel, directory: string, { adopt = false }: TreeOptions = {}): StackReading {
  const entries = kernel.bpffs.stat(directory) ? kernel.describePins(directory) : []
  const isTree = (entry: PinEntry): boolean => entry.directory && isTreeName(entry.name)
  return {
    trees: entries.filter(isTree).map(({ name }) => readTree({ kernel, directory, adopt }, name)),
    strays: entries.filter((entry) => !isTree(entry) && !isUsed(entry)).map(toStray),
    used: entries.find(isUsed)?.info?.id as MapId | undefined,
  }
}

/** Asks about a stack's directory and its live tree while something else is done; readTrees finds the answers. */
export const readTreesAhead = (kernel: Kernel, directory: string): Promise<void> =>
  kernel.readAhead([directory, `${directory}/live`, ...folders.map((folder) => `${directory}/live/${folder}`)])

const isUsed = ({ name, info }: PinEntry): boolean => name === 'used' && info !== undefined && isUsedMap(info)

function toStray({ name, directory, info }: PinEntry): Stray {
  return { path: name, what: directory ? 'a directory' : info ? whatIs(info) : 'a file' }
}

/** True for a name that pinfold gives to a tree. */
export const isTreeName = (name: string): boolean =>
  name === 'live' || name === 'next' || name === asidePath('live') || /^gen-[0-9]+(-[0-9]+)?$/.test(name)

type KindFolder = 'maps' | 'programs' | 'links' | 'migrations'

// Maps first: a map iterator's link names the map that it walks.
const folders: readonly KindFolder[] = ['maps', 'programs', 'links', 'migrations']

interface Stack {
  readonly kernel: Kernel
  readonly directory: string
  readonly adopt: boolean
}

interface Reading extends Stack {
  readonly record: StackRecord | undefined
  readonly rows: RecordRows
  /** The tree's name. */
  readonly tree: string
  readonly pins: TreePin[]
  readonly infos: (ObjectInfo | undefined)[]
  readonly directories: string[]
  readonly adopted: string[]
  readonly maps: Map<MapId, MapAddress>
}

function readTree(stack: Stack, name: string): TreeReading {
  const { kernel, directory } = stack
  const entries = kernel.describePins(`${directory}/${name}`)
  const recordInfo = entries.find((entry) => entry.name === 'record')?.info
  const record = recordInfo && readRecord(kernel, `${directory}/${name}/record`, recordInfo)
  const reading: Reading = {
    ...stack,
    record,
    tree: name,
    rows: rowsOf(record),
    pins: [],
    infos: [],
    directories: [name],
    adopted: [],
    maps: new Map(),
  }
  for (const folder of folders) {
    if (entries.some((entry) => entry.directory && entry.name === folder))
      readFolder(reading, `${name}/${folder}`, folder)
  }
  for (const entry of entries) if (!isFolder(entry)) readLoose(reading, `${name}/${entry.name}`, entry)
  const { pins, directories, infos, adopted } = reading
  const tree = { name, record, pins, directories, ...(adopted.length > 0 && { adopted }) }
  return { tree, infos }
}

const isFolder = (entry: DirectoryEntry): boolean => entry.directory && folders.some((folder) => folder === entry.name)

function readFolder(reading: Reading, folder: string, kind: KindFolder): void {
  reading.directories.push(folder)
  for (const { name, directory, info } of reading.kernel.describePins(`${reading.directory}/${folder}`)) {
    const path = `${folder}/${name}`
    if (directory) add(reading, { path, kind: 'foreign', what: 'a directory' })
    else if (info) add(reading, toPin(reading, { path, name, info, kind }), info)
  }
}

function add({ pins, infos }: Reading, pin: TreePin, info?: ObjectInfo): void {
  pins.push(pin)
  infos.push(info)
}

/** The record stands beside the folders; anything else there is not pinfold's. */
function readLoose(reading: Reading, path: string, { name, directory, info }: PinEntry): void {
  if (directory) add(reading, { path, kind: 'foreign', what: 'a directory' })
  else if (info?.kind === 'map' && reading.record && isRecordName(name)) {
    add(reading, { path, kind: 'record', id: info.id }, info)
  } else if (info) add(reading, { path, kind: 'foreign', what: whatIs(info) }, info)
}

/** `record:new` waits to replace the record; only a crash leaves it. */
const isRecordName = (name: string): boolean => name === 'record' || name === 'record:new'

interface Found {
  readonly path: string
  readonly name: string
  readonly info: ObjectInfo
  readonly kind: KindFolder
}

/** The record is written before the first pin: what it does not know, somebody else put there. */
function toPin(reading: Reading, found: Found): TreePin {
  const { path, name, info, kind } = found
  if (kind === 'migrations')
    return isCopy(info)
      ? { path, kind: 'snapshot', id: info.id as MapId }
      : { path, kind: 'foreign', what: whatIs(info) }
  if (!reading.rows[kind].has(name)) {
    if (!reading.adopt) return { path, kind: 'foreign', what: whatIs(info) }
    reading.adopted.push(path)
  }
  if (info.kind === 'map' && kind === 'maps' && info.type) return toMapPin(reading, found, { info, type: info.type })
  if (info.kind === 'program' && kind === 'programs')
    return { path, kind: 'program', id: info.id, address: programAddress(name) }
  if (info.kind === 'link' && kind === 'links') return toLinkPin(reading, found, info)
  return { path, kind: 'foreign', what: whatIs(info) }
}

function toMapPin(
  reading: Reading,
  { path, name }: Found,
  { info, type }: { readonly info: MapInfo; readonly type: MapType },
): TreePin {
  const { id, shape: told } = info
  const address = mapAddress(name)
  reading.maps.set(id, address)
  // Not by a spread: this runs for each of thousands of maps.
  const { keySize, valueSize, maxEntries, flags, mapExtra } = told
  const shape = { type, keySize, valueSize, maxEntries, flags, mapExtra }
  const pin: TreePin = { path, kind: 'map', id, address, shape }
  const owner = ownerPin(reading, name, id)
  return owner === undefined ? pin : { ...pin, ownerPin: owner }
}

function toLinkPin(reading: Reading, { path, name }: Found, info: LinkInfo): TreePin {
  const recorded = reading.rows.links.get(name)
  return {
    path,
    kind: 'link',
    id: info.id,
    programId: info.programId,
    ...(info.target?.kind === 'struct_ops' && { mapId: info.target.mapId }),
    address: linkAddress(name),
    target: readTarget(reading, info, recorded?.target),
    severed: info.severed,
  }
}

/**
 * Where a foreign map's owner pins it; undefined once another map, or none, is there. As long as an import is staged all that it
 * takes in is somebody else's.
 */
function ownerPin({ kernel, rows, record, tree }: Reading, name: string, id: MapId): string | undefined {
  const imported = tree === 'next' ? record?.imports?.[mapAddress(name)]?.path : undefined
  const path = rows.maps.get(name)?.foreignPath ?? imported
  if (path === undefined) return undefined
  try {
    const info = kernel.describePin(path)
    return info.kind === 'map' && info.id === id ? path : undefined
  } catch (error) {
    if (error instanceof KernelError) return undefined
    throw error
  }
}

/** Copies of entries are no objects that a record names. */
const isCopy = ({ kind, ...info }: ObjectInfo): boolean =>
  kind === 'map' && 'name' in info && (info.name === copyMapName || info.name === lateMapName)

/** For people: `map #41 (flows)`. */
function whatIs(info: ObjectInfo): string {
  return info.kind === 'link' ? `link #${info.id} (${info.type})` : `${info.kind} #${info.id} (${info.name})`
}
