import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { AttachPlaces, NamedNumber } from './attach-places.ts'
import { listInterfaces } from './interfaces.ts'
import { parseMountinfo } from './mountinfo.ts'
import { directoriesIn, namespaceInode } from './places.ts'
import { tracefsRoot } from './tracefs.ts'

/** Everything on this machine that programs can be attached to and that has a name. */
export function listPlaces(): AttachPlaces {
  const cgroupRoots = mountPointsOf('cgroup2')
  const { found: cgroups, more } = listCgroups(cgroupRoots)
  const tracefs = tracefsRoot()
  return {
    interfaces: listInterfaces(),
    cgroups,
    cgroupRoots,
    ...(more && { moreCgroups: true }),
    namespaces: listNamespaces(),
    namespaceRoots,
    ...(tracefs !== undefined && { tracepoints: listTracepoints(join(tracefs, 'events')) }),
  }
}

const mountPointsOf = (type: string): string[] => {
  const mounts = parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'))
  return [...new Set(mounts.filter((mount) => mount.type === type).map(({ mountPoint }) => mountPoint))]
}

/** A host with a thousand containers has some ten thousand. */
const mostCgroups = 50_000

/** Breadth first, so that the first name of an id is the one that `cgroupPath` finds. */
function listCgroups(roots: readonly string[]): { readonly found: readonly NamedNumber[]; readonly more: boolean } {
  const found: NamedNumber[] = []
  for (const root of roots) {
    const queue = [root]
    for (const path of queue) {
      const inode = inodeOf(path)
      if (inode === undefined) continue
      if (found.length === mostCgroups) return { found, more: true }
      found.push([path, inode])
      // A list that grows while it is walked is walked to its end.
      queue.push(...directoriesIn(path))
    }
  }
  return { found, more: false }
}

/** Undefined for what was removed meanwhile, or may not be looked at. */
function inodeOf(path: string): number | undefined {
  try {
    return statSync(path).ino
  } catch {
    return undefined
  }
}

/** Where ip(8) and container engines keep the files of namespaces. */
const namespaceRoots = ['/run/netns', '/var/run/netns', '/run/docker/netns']
const usualNamespaces = ['/proc/self/ns/net', '/proc/thread-self/ns/net', '/proc/1/ns/net']

function listNamespaces(): NamedNumber[] {
  const paths = [...usualNamespaces, ...namespaceRoots.flatMap((root) => namesIn(root).map((name) => join(root, name)))]
  return paths.flatMap((path) => {
    const inode = namespaceInode(path)
    return inode === undefined ? [] : [[path, inode] as const]
  })
}

function listTracepoints(events: string): Record<string, readonly string[]> {
  const categories = directoriesIn(events).map((path) => path.slice(events.length + 1))
  return Object.fromEntries(
    categories.map((category) => {
      const directory = join(events, category)
      return [category, directoriesIn(directory).map((path) => path.slice(directory.length + 1))]
    }),
  )
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
