import { copyMapName, lateMapName } from '../kernel/copy-maps.ts'
import type { DirectoryEntry } from '../kernel/files.ts'
import type { Kernel, ObjectInfo } from '../kernel/kernel.ts'
import { readRecord } from '../kernel/record-map.ts'
import { linkAddress, type MapAddress, mapAddress, programAddress } from '../model/address.ts'
import { KernelError } from '../model/errors.ts'
import type { MapId } from '../model/ids.ts'
import { asidePath } from '../model/outer-pin.ts'
import type { StackRecord } from '../model/record.ts'
import type { Stray, Tree, TreePin } from '../model/state.ts'
import { own } from './own.ts'
import { readTarget } from './read-target.ts'

/** A tree of pins with what the kernel said about each, by the pin's path. */
export interface TreeReading {
  readonly tree: Tree
  readonly infos: ReadonlyMap<string, ObjectInfo>
}

/** How trees are read. */
export interface TreeOptions {
  /** Take pins that the tree's record does not know for the stack's own; default: they are foreign. */
  readonly adopt?: boolean | undefined
}

/**
 * Reads every tree (live, next, gen-N) in a stack's directory (absolute); none where the directory does not exist. A pin
 * that vanishes meanwhile is left out. Throws KernelError.
 */
export function readTrees(kernel: Kernel, directory: string, { adopt = false }: TreeOptions = {}): TreeReading[] {
  if (!kernel.bpffs.stat(directory)) return []
  return kernel.bpffs
    .list(directory)
    .filter((entry) => entry.directory && isTreeName(entry.name))
    .map((entry) => readTree({ kernel, directory, adopt }, entry.name))
}

/** Asks about the live tree of a stack while something else is done; readTrees finds the answers. */
export const readTreesAhead = (kernel: Kernel, directory: string): Promise<void> =>
  kernel.readAhead(folders.map((folder) => `${directory}/live/${folder}`))

/** What lies beside the trees in a stack's directory: pinfold puts nothing there. Paths are relative to the directory. */
export function readStrays(kernel: Kernel, directory: string): Stray[] {
  if (!kernel.bpffs.stat(directory)) return []
  const strays = kernel.bpffs.list(directory).filter((entry) => !entry.directory || !isTreeName(entry.name))
  return strays.map(({ name, directory: isDirectory }) => {
    const info = isDirectory ? undefined : describeOrGone(kernel, `${directory}/${name}`)
    return { path: name, what: isDirectory ? 'a directory' : info ? whatIs(info) : 'a file' }
  })
}

/** True for a name that pinfold gives to a tree. */
const isTreeName = (name: string): boolean =>
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
  readonly pins: TreePin[]
  readonly directories: string[]
  readonly infos: Map<string, ObjectInfo>
  readonly maps: Map<MapId, MapAddress>
}

function readTree(stack: Stack, name: string): TreeReading {
  const { kernel, directory } = stack
  const record = readRecord(kernel, `${directory}/${name}/record`)
  const reading: Reading = {
    ...stack,
    record,
    pins: [],
    directories: [name],
    infos: new Map(),
    maps: new Map(),
  }
  const entries = kernel.bpffs.list(`${directory}/${name}`)
  for (const folder of folders) {
    if (entries.some((entry) => entry.directory && entry.name === folder))
      readFolder(reading, `${name}/${folder}`, folder)
  }
  for (const entry of entries.filter((other) => !isFolder(other))) readLoose(reading, `${name}/${entry.name}`, entry)
  const { pins, directories, infos } = reading
  return { tree: { name, record, pins, directories }, infos }
}

const isFolder = (entry: DirectoryEntry): boolean => entry.directory && folders.some((folder) => folder === entry.name)

function readFolder(reading: Reading, folder: string, kind: KindFolder): void {
  reading.directories.push(folder)
  for (const { name, directory, info } of reading.kernel.describePins(`${reading.directory}/${folder}`)) {
    const path = `${folder}/${name}`
    if (info) reading.infos.set(path, info)
    if (directory) reading.pins.push({ path, kind: 'foreign', what: 'a directory' })
    else if (info) reading.pins.push(toPin(reading, { path, name, info, kind }))
  }
}

/** The record stands beside the folders; anything else there is not pinfold's. */
function readLoose(reading: Reading, path: string, entry: DirectoryEntry): void {
  const info = entry.directory ? undefined : describePin(reading, path)
  if (entry.directory) reading.pins.push({ path, kind: 'foreign', what: 'a directory' })
  else if (info?.kind === 'map' && reading.record && isRecordName(entry.name)) {
    reading.pins.push({ path, kind: 'record', id: info.id })
  } else if (info) reading.pins.push({ path, kind: 'foreign', what: whatIs(info) })
}

/** `record:new` waits to replace the record; only a crash leaves it. */
const isRecordName = (name: string): boolean => name === 'record' || name === 'record:new'

function describePin(reading: Reading, path: string): ObjectInfo | undefined {
  const info = describeOrGone(reading.kernel, `${reading.directory}/${path}`)
  if (info) reading.infos.set(path, info)
  return info
}

/** Undefined for a pin that is gone, and for a file that is no pin: only the kernel itself can put one there. */
function describeOrGone(kernel: Kernel, path: string): ObjectInfo | undefined {
  try {
    return kernel.describePin(path)
  } catch (error) {
    if (error instanceof KernelError && (error.errno === 'ENOENT' || error.errno === 'EINVAL')) return undefined
    throw error
  }
}

interface Found {
  readonly path: string
  readonly name: string
  readonly info: ObjectInfo
  readonly kind: KindFolder
}

/** The record is written before the first pin: what it does not know, somebody else put there. */
function toPin(reading: Reading, { path, name, info, kind }: Found): TreePin {
  if (kind === 'migrations')
    return isCopy(info)
      ? { path, kind: 'snapshot', id: info.id as MapId }
      : { path, kind: 'foreign', what: whatIs(info) }
  const isKnown = reading.adopt || (reading.record && own<object>(reading.record[kind], name) !== undefined)
  if (!isKnown) return { path, kind: 'foreign', what: whatIs(info) }
  if (info.kind === 'map' && kind === 'maps' && info.type) {
    const address = mapAddress(name)
    reading.maps.set(info.id, address)
    // Not by a spread: this runs for each of thousands of maps.
    const { keySize, valueSize, maxEntries, flags, mapExtra } = info.shape
    const shape = { type: info.type, keySize, valueSize, maxEntries, flags, mapExtra }
    return { path, kind: 'map', id: info.id, address, shape, ...ownerPin(reading, name, info.id) }
  }
  if (info.kind === 'program' && kind === 'programs') {
    return { path, kind: 'program', id: info.id, address: programAddress(name) }
  }
  if (info.kind !== 'link' || kind !== 'links') return { path, kind: 'foreign', what: whatIs(info) }
  const recorded = reading.record && own(reading.record.links, name)
  return {
    path,
    kind: 'link',
    id: info.id,
    programId: info.programId,
    address: linkAddress(name),
    target: readTarget(reading, info, recorded?.target),
    severed: info.severed,
  }
}

/** Where a foreign map's owner pins it; nothing once another map, or none, is there. */
function ownerPin({ kernel, record }: Reading, name: string, id: MapId): { readonly ownerPin?: string } {
  const path = record && own(record.maps, name)?.foreignPath
  if (path === undefined) return {}
  try {
    const info = kernel.describePin(path)
    return info.kind === 'map' && info.id === id ? { ownerPin: path } : {}
  } catch (error) {
    if (error instanceof KernelError) return {}
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
