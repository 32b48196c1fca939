import { basename, dirname } from 'node:path'
import type { AttachPlaces, NamedNumber } from '../../kernel/attach-places.ts'
import type { Kernel, ProgramInfo } from '../../kernel/kernel.ts'
import { readRecord } from '../../kernel/record-map.ts'
import type { LinkTarget } from '../../model/link-spec.ts'
import type { StackRecord } from '../../model/record.ts'
import type { Hex } from '../../util/hex.ts'
import { isTreeName } from '../read-trees.ts'
import type { FoundPin } from './read-mounts.ts'

/** What stacks have to do with the system: plans read the contents of their maps, and of nobody else's. */
export class StackMaps {
  /** Ids of the maps in the trees of stacks, and of those that their programs use. */
  readonly ids: ReadonlySet<number>
  readonly #records: readonly StackRecord[]

  constructor(ids: ReadonlySet<number>, records: readonly StackRecord[]) {
    this.ids = ids
    this.#records = records
  }

  /** Keys of that many bytes which some record declares. */
  keysOf(size: number): ReadonlySet<Hex> {
    const maps = this.#records.flatMap((record) => Object.values(record.maps))
    const keys = maps.flatMap(({ entries = [] }) => entries.map(({ key }) => key))
    const written = this.#records.flatMap((record) => record.written ?? []).map(({ key }) => key)
    return new Set([...keys, ...written].filter((key) => key.length === size * 2))
  }

  /** The places of the system, and those that records name by other paths. */
  withPlaces(kernel: Kernel, places: AttachPlaces): AttachPlaces {
    const targets = this.#records.flatMap((record) => Object.values(record.links).map(({ target }) => target))
    const more = (kind: 'cgroup' | 'netns', known: readonly NamedNumber[]): NamedNumber[] => {
      const names = new Set(known.map(([name]) => name))
      const paths = targets.flatMap((target) => (target.kind === kind && !names.has(target.path) ? [target.path] : []))
      return [...new Set(paths)].flatMap((path) => named(path, numberOf(kernel, { kind, path })))
    }
    return {
      ...places,
      cgroups: [...places.cgroups, ...more('cgroup', places.cgroups)],
      namespaces: [...places.namespaces, ...more('netns', places.namespaces)],
    }
  }
}

/** Finds stacks by the names of their trees: a tree that lost its record is read by a plan with --adopt. */
export function findStackMaps(kernel: Kernel, pins: readonly FoundPin[], programs: readonly ProgramInfo[]): StackMaps {
  const own = pins.filter(({ path }) => isInTree(path))
  const running = new Set(own.flatMap(({ kind, id }) => (kind === 'program' ? [id] : [])))
  const used = programs.filter(({ id }) => running.has(id)).flatMap(({ mapIds }) => mapIds)
  const pinned = own.flatMap(({ kind, id }) => (kind === 'map' ? [id] : []))
  const records = own.flatMap(({ path }) => (basename(path) === 'record' ? (readRecord(kernel, path) ?? []) : []))
  return new StackMaps(new Set([...pinned, ...used]), records)
}

/** In a folder of a tree, or beside those. */
const isInTree = (path: string): boolean =>
  isTreeName(basename(dirname(path))) || isTreeName(basename(dirname(dirname(path))))

const named = (path: string, number: number | undefined): NamedNumber[] =>
  number === undefined ? [] : [[path, number]]

const numberOf = (kernel: Kernel, { kind, path }: Pick<LinkTarget & { readonly path: string }, 'kind' | 'path'>) =>
  kind === 'cgroup' ? kernel.cgroupId(path) : kernel.namespaceInode(path)
