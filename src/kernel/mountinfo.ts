import type { BpffsMount } from './files.ts'

/** One line of /proc/self/mountinfo. */
export interface Mount {
  readonly id: number
  readonly parent: number
  /** Directory of the file system that is mounted: `/` unless it is a bind mount of a part. */
  readonly root: string
  readonly mountPoint: string
  /** `bpf`, `cgroup2`, `tracefs`. */
  readonly type: string
  /** Major and minor number: the same for every mount of one file system. */
  readonly device: string
  /** It takes part in mounts and unmounts of another mount: `shared:`, `master:`. */
  readonly isPropagated: boolean
}

/** Parses /proc/self/mountinfo (proc_pid_mountinfo(5)), in its order: later mounts lie over earlier ones. */
export function parseMountinfo(text: string): readonly Mount[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(parseLine)
}

/** The bpffs that an absolute path without symbolic links is on, and what is wrong with it; undefined when on none. */
export function findBpffs(mounts: readonly Mount[], path: string): BpffsMount | undefined {
  const chain = mountsAlong(mounts, path)
  const visible = chain.at(-1)
  const hidden = hiddenBpffs(mounts, chain, path)
  if (visible?.type !== 'bpf') {
    return (
      hidden && {
        mountPoint: hidden.mountPoint,
        problem: `another file system is mounted over the bpffs ${hidden.mountPoint}`,
      }
    )
  }
  const { mountPoint } = visible
  if (visible.root !== '/') {
    return { mountPoint, problem: `only ${visible.root} of another bpffs is mounted at ${mountPoint}` }
  }
  if (hidden) return { mountPoint, problem: `it is mounted over another bpffs and hides what is pinned there` }
  return { mountPoint }
}

/**
 * Every bpffs that is mounted whole and not hidden, in the order of its mount point. `first`: what the first process of the
 * system has mounted; undefined where that cannot be read. `contained`: that process is a container's.
 */
export function listBpffs(
  mounts: readonly Mount[],
  { first, contained }: { readonly first: readonly Mount[] | undefined; readonly contained: boolean },
): readonly BpffsMount[] {
  const lasting = new Set((first ?? mounts).map(({ device }) => device))
  return mounts
    .filter(({ type, mountPoint }) => type === 'bpf' && findBpffs(mounts, mountPoint)?.problem === undefined)
    .map(
      ({ mountPoint, device, isPropagated }): BpffsMount => ({
        mountPoint,
        ...(!lasting.has(device) && { isFleeting: true }),
        ...(contained && !isPropagated && { isContained: true }),
      }),
    )
    .sort((a, b) => (a.mountPoint < b.mountPoint ? -1 : 1))
}

function parseLine(line: string): Mount {
  const [before = '', after = ''] = line.split(' - ')
  const [id, parent, device = '', root = '', mountPoint = '', , ...tags] = before.split(' ')
  return {
    id: Number(id),
    parent: Number(parent),
    root: unescapeOctal(root),
    mountPoint: unescapeOctal(mountPoint),
    device,
    isPropagated: tags.some((tag) => /^(shared|master|propagate_from):/.test(tag)),
    type: after.split(' ')[0] ?? '',
  }
}

/** Spaces, tabs, newlines and backslashes are written as three octal digits. */
const unescapeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))

/** The mounts that a walk to the path goes through, from the root's to the one that the path is on. */
function mountsAlong(mounts: readonly Mount[], path: string): readonly Mount[] {
  const ids = new Set(mounts.map((mount) => mount.id))
  const chain: Mount[] = []
  let next = mounts.find((mount) => !ids.has(mount.parent) || mount.parent === mount.id)
  while (next && !chain.includes(next)) {
    chain.push(next)
    next = firstCrossed(mounts, next, path)
  }
  return chain
}

/** Of the mounts on this one, the one that a walk to the path meets first: that with the shortest mount point. */
const firstCrossed = (mounts: readonly Mount[], on: Mount, path: string): Mount | undefined =>
  mounts
    .filter((mount) => mount.parent === on.id && mount !== on && contains(mount.mountPoint, path))
    .sort((a, b) => a.mountPoint.length - b.mountPoint.length)[0]

/** A bpffs around the path that cannot be seen: under another mount of the same or a higher directory. */
const hiddenBpffs = (mounts: readonly Mount[], chain: readonly Mount[], path: string): Mount | undefined =>
  mounts.find((mount) => {
    if (mount.type !== 'bpf' || !contains(mount.mountPoint, path)) return false
    return (
      !chain.includes(mount) ||
      chain.some((later) => later !== mount && later.parent === mount.id && later.mountPoint === mount.mountPoint)
    )
  })

const contains = (directory: string, path: string): boolean =>
  directory === '/' || path === directory || path.startsWith(`${directory}/`)
