import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseMountinfo } from '../../src/kernel/mountinfo.ts'

/**
 * Places of their own for one test file: a bpffs, a veth pair into a network namespace, a cgroup. Each is made at its first
 * use and removed by `[Symbol.dispose]` (also after a failed test: call it in `afterAll`, or hold it with `using`).
 */
export interface TestHost extends Disposable {
  /** A fresh directory of this host on its private bpffs mount. */
  readonly bpffs: string
  /** A fresh ordinary directory. */
  readonly directory: string
  /** A veth pair: one end here, the other in a network namespace of its own. Both are up; 10.N.M.1/24 here, .2 there. */
  readonly veth: TestVeth
  /** A fresh cgroup v2 directory. */
  readonly cgroup: string
  /** Root of a tracefs mount of its own. */
  readonly tracefs: string
}

export interface TestVeth {
  /** Name and index of the end in this network namespace. */
  readonly name: string
  readonly ifindex: number
  readonly address: string
  readonly peer: {
    readonly namespace: string
    readonly namespacePath: string
    readonly name: string
    readonly address: string
  }
}

/** True where this process may do all of that: a probe for `test.skipIf`. */
export const canTestLinux: boolean = process.platform === 'linux' && process.geteuid?.() === 0

let counter = 0

/** Opens the test places of this process; nothing is made before it is used. */
export function openTestHost(): TestHost {
  const name = `pf${process.pid}n${counter++}`
  const undo: (() => void)[] = []
  const later = (action: () => void): number => undo.push(action)
  const directory = once(() => makeDirectory(later))
  const bpffs = once(() => mountBpffs(join(directory(), 'bpffs'), later))
  const veth = once(() => makeVeth(name, later))
  const cgroup = once(() => makeCgroup(name, directory, later))
  const tracefs = once(() => mountTracefs(directory, later))
  return {
    get directory() {
      return directory()
    },
    get bpffs() {
      return bpffs()
    },
    get veth() {
      return veth()
    },
    get cgroup() {
      return cgroup()
    },
    get tracefs() {
      return tracefs()
    },
    [Symbol.dispose]: () => undoAll(undo),
  }
}

type Later = (action: () => void) => number

/** Runs a program; throws with what it wrote to stderr. */
export const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 64 * 1024 * 1024 })

/** Sends one IPv4 packet from the namespace through the pair, so that it arrives at the end in this one. */
export const sendPacket = (veth: TestVeth, count = 1): string =>
  run('ip', 'netns', 'exec', veth.peer.namespace, 'ping', '-c', String(count), '-i', '0.01', '-W', '1', veth.address)

/** In reverse order, every one of them even when some fail; the first failure is thrown at the end. */
function undoAll(undo: (() => void)[]): void {
  const failures: unknown[] = []
  for (let action = undo.pop(); action; action = undo.pop()) {
    try {
      action()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}

function makeDirectory(later: Later): string {
  const path = mkdtempSync(join(tmpdir(), `pinfold-${process.pid}-`))
  later(() => rmSync(path, { recursive: true }))
  return path
}

function mountBpffs(path: string, later: Later): string {
  mkdirSync(path)
  run('mount', '-t', 'bpf', '-o', 'mode=0700', 'bpf', path)
  // Lazily: a test that failed may have left something open in it.
  later(() => run('umount', '-l', path))
  return path
}

function makeVeth(name: string, later: Later): TestVeth {
  const [near, far] = [`${name}a`, `${name}b`]
  const subnet = `10.${200 + (process.pid % 50)}.${((process.pid >> 6) + counter) % 250}`
  run('ip', 'netns', 'add', name)
  later(() => run('ip', 'netns', 'del', name))
  run('ip', 'link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name)
  later(() => existsSync(`/sys/class/net/${near}`) && run('ip', 'link', 'del', near))
  run('ip', 'addr', 'add', `${subnet}.1/24`, 'dev', near)
  run('ip', 'link', 'set', near, 'up')
  run('ip', '-n', name, 'addr', 'add', `${subnet}.2/24`, 'dev', far)
  run('ip', '-n', name, 'link', 'set', far, 'up')
  const ifindex = Number(readFileSync(`/sys/class/net/${near}/ifindex`, 'latin1'))
  const peer = { namespace: name, namespacePath: `/run/netns/${name}`, name: far, address: `${subnet}.2` }
  return { name: near, ifindex, address: `${subnet}.1`, peer }
}

function makeCgroup(name: string, directory: () => string, later: Later): string {
  const mounted = mounts().find(({ type, mountPoint }) => type === 'cgroup2' && existsSync(mountPoint))?.mountPoint
  const path = join(mounted ?? mountPrivately('cgroup2', join(directory(), 'cgroup'), later), name)
  mkdirSync(path)
  later(() => existsSync(path) && rmdirSync(path))
  return path
}

/** Always its own: another test's may be gone the next moment. */
const mountTracefs = (directory: () => string, later: Later): string =>
  mountPrivately('tracefs', join(directory(), 'tracefs'), later)

function mountPrivately(type: string, path: string, later: Later): string {
  mkdirSync(path)
  run('mount', '-t', type, type, path)
  later(() => run('umount', '-l', path))
  return path
}

const mounts = (): ReturnType<typeof parseMountinfo> => parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'))

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
