import type { Kernel, LinkInfo, MapInfo, ObjectInfo, ObjectKind, ProgramInfo } from '../kernel/kernel.ts'
import { KernelError } from '../model/errors.ts'
import type { GraphMap, GraphProgram, Root, SystemGraph } from '../model/graph.ts'
import type { MapId, ProgramId } from '../model/ids.ts'
import { describeTarget, type LinkTarget, targetKey } from '../model/link-spec.ts'
import { mapTypeRule } from '../model/map-types.ts'
import { readCarried, readInnerIds, readSlots } from './held.ts'
import { openOrGone } from './open-or-gone.ts'
import { readTarget } from './read-target.ts'

/** What the kernel has said before, by id. */
export interface KnownInfos {
  readonly map: ReadonlyMap<number, MapInfo>
  readonly program: ReadonlyMap<number, ProgramInfo>
  readonly link: ReadonlyMap<number, LinkInfo>
}

/** Where to look beside the links, and what is known already. */
export interface GraphOptions {
  /** Where to ask for programs that are attached without a link. */
  readonly targets?: readonly LinkTarget[]
  /** Infos that need not be read again; default none. */
  readonly known?: KnownInfos
}

/**
 * Reads who keeps whom alive in the whole system: every link, program and map, and what arrays, devmaps, cpumaps and outer
 * maps hold. Linear in their number; what vanishes meanwhile is left out. Programs attached to sockmaps are not told by
 * the kernel and so not among the roots. Throws KernelError K201 without CAP_SYS_ADMIN.
 */
export function readGraph(kernel: Kernel, options: GraphOptions = {}): SystemGraph {
  const { targets = [], known = nothing } = options
  const links = readAll(kernel, 'link', known.link)
  const programs = readAll(kernel, 'program', known.program)
  const maps = listIds(kernel, 'map').flatMap((id) => readMap(kernel, id as MapId, known.map.get(id)) ?? [])
  const byId = new Map(maps.map((map) => [map.id, map]))
  return {
    roots: [...links.flatMap((link) => linkRoots(kernel, link, byId)), ...otherRoots(kernel, targets)],
    programs: new Map(programs.map((info) => [info.id, toProgram(info)])),
    maps: byId,
  }
}

const nothing: KnownInfos = { map: new Map(), program: new Map(), link: new Map() }

type InfoOf<K extends ObjectKind> = ObjectInfo & { readonly kind: K }

/** Ids first: an object that is made meanwhile belongs to somebody who came later. */
function readAll<K extends ObjectKind>(kernel: Kernel, kind: K, known: ReadonlyMap<number, InfoOf<K>>): InfoOf<K>[] {
  const found: InfoOf<K>[] = []
  for (const id of listIds(kernel, kind)) {
    const info = known.get(id) ?? describeById(kernel, kind, id)
    if (info) found.push(info)
  }
  return found
}

/** Ids of all living objects of a kind; throws KernelError K201 without CAP_SYS_ADMIN. */
export function listIds(kernel: Kernel, kind: ObjectKind): number[] {
  try {
    return kernel.ids(kind)
  } catch (error) {
    if (!(error instanceof KernelError) || error.errno !== 'EPERM') throw error
    const { command, errno } = error
    const hint = 'run as root or with CAP_SYS_ADMIN: pinfold must know who else uses a program array'
    const sentence = `cannot list the system's ${kind}s: not permitted`
    throw new KernelError(sentence, { code: 'K201', command, errno, hint, cause: error })
  }
}

function describeById<K extends ObjectKind>(kernel: Kernel, kind: K, id: number): InfoOf<K> | undefined {
  using fd = openOrGone(kernel, kind, id)
  return fd && (kernel.describe(fd) as InfoOf<K>)
}

/** One root for each program that the link runs. */
function linkRoots(kernel: Kernel, info: LinkInfo, maps: ReadonlyMap<MapId, GraphMap>): Root[] {
  const via = `link #${info.id} (${describeLink(kernel, info)})`
  const root = { program: info.programId, via, link: info.id, ...(info.severed && { severed: true as const }) }
  if (info.target?.kind !== 'struct_ops') return [root]
  const map = info.target.mapId
  const programs = [...(maps.get(map)?.programs.values() ?? [])]
  return programs.length === 0 ? [{ ...root, map }] : programs.map((program) => ({ ...root, program, map }))
}

/** Without a record a tracepoint's category and the name of a map that is walked are not known, and not shown. */
function describeLink(kernel: Kernel, info: LinkInfo): string {
  if (info.target?.kind === 'tracepoint') return `tracepoint ${info.target.name ?? ''}`.trim()
  if (info.target?.kind === 'iter') return `iter ${info.target.target}`
  if (info.target?.kind === 'struct_ops') return `struct_ops map #${info.target.mapId}`
  const target = readTarget({ kernel, maps: new Map() }, info)
  return target ? describeTarget(target) : info.type
}

function otherRoots(kernel: Kernel, targets: readonly LinkTarget[]): Root[] {
  const distinct = new Map(targets.map((target) => [targetKey(target), target]))
  return [...distinct.values()].flatMap((target) =>
    attachedAt(kernel, target).map((program) => ({
      program,
      via: `an attachment without a link (${describeTarget(target)})`,
      hook: targetKey(target),
    })),
  )
}

/** The place is gone, and all that was attached there with it; EINVAL: the kernel knows no such attachment. */
const nowhere: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ENODEV', 'ENXIO', 'EINVAL'])

/** Programs attached to a target without a link; `links` are all of the system, where they are known. */
export function attachedAt(kernel: Kernel, target: LinkTarget, links?: readonly LinkInfo[]): readonly ProgramId[] {
  try {
    return kernel.attachedWithoutLink(target, links)
  } catch (error) {
    if (error instanceof KernelError && nowhere.has(error.errno)) return []
    throw error
  }
}

const toProgram = (info: ProgramInfo): GraphProgram => ({ id: info.id, name: info.name, maps: info.mapIds })

/**
 * Undefined for a map that is gone. Opened once at most: when an array that nobody holds is closed a second time while Linux
 * still has its clear queued, it keeps a reference for ever (prog_array_map_clear ignores what schedule_work says).
 */
function readMap(kernel: Kernel, id: MapId, known: MapInfo | undefined): GraphMap | undefined {
  if (known && !holdsOthers(known)) return plainMap(known)
  using map = openOrGone(kernel, 'map', id)
  const info = known ?? (map && (kernel.describe(map, { frozen: false }) as MapInfo))
  if (!info || !map || !holdsOthers(info)) return info && plainMap(info)
  if (info.type === 'prog_array') return { ...plainMap(info), programs: readSlots(kernel, map, info.shape.maxEntries) }
  if (info.type === 'struct_ops') return { ...plainMap(info), programs: kernel.membersOf(map) }
  if (info.type && carriers.has(info.type)) return { ...plainMap(info), programs: readCarried(kernel, map, info.shape) }
  return { ...plainMap(info), inner: [...new Set(readInnerIds(kernel, map))] }
}

const plainMap = ({ id, name, type }: MapInfo): GraphMap => ({ id, name, type, programs: noPrograms, inner: noMaps })

const noPrograms: ReadonlyMap<number, ProgramId> = new Map()
const noMaps: readonly MapId[] = []
const carriers: ReadonlySet<string> = new Set(['devmap', 'devmap_hash', 'cpumap', 'struct_ops'])

const holdsOthers = (info: MapInfo): boolean =>
  info.type !== undefined && (carriers.has(info.type) || mapTypeRule(info.type).holds !== undefined)
