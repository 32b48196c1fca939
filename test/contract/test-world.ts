import { rmdirSync } from 'node:fs'
import { allowedCpus, tryRunOn } from '../../src/kernel/affinity.ts'
import { idAttr, idCommands, nextId } from '../../src/kernel/attr-object.ts'
import type { Fd, Kernel, ObjectKind } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import { tryBpf } from '../../src/kernel/syscall.ts'
import { KernelError } from '../../src/model/errors.ts'
import type { LinkTarget } from '../../src/model/link-spec.ts'
import type { MapShape } from '../../src/model/map-spec.ts'
import type { LoadAttributes } from '../../src/model/program-spec.ts'
import { openTestHost, run } from '../support/linux.ts'
import { type Assembly, programLoad, returnConstant } from './assembly.ts'

/** A kernel with places of its own, the same questions on both. */
export interface TestWorld {
  readonly kernel: Kernel
  /** A second process (on Linux: a second set of descriptors). */
  open(): Kernel
  /** A bpffs of this world's own. */
  readonly bpffs: string
  readonly places: Places
  removeInterface(): void
  removeCgroup(): void
  /** Ends it, leaving nothing behind. */
  close(): void
}

export interface Places {
  readonly interface: string
  readonly cgroup: string
  readonly namespace: string
}

/** Opens a machine in memory of its own. */
export function openMemoryWorld(): TestWorld {
  const bpffs = '/sys/fs/bpf'
  const places = { interface: 'pf0', cgroup: '/sys/fs/cgroup/pf', namespace: '/run/netns/pf' }
  const machine = openMemoryMachine(undefined, {
    interfaces: ['lo', places.interface],
    cgroups: [places.cgroup],
    namespaces: [places.namespace],
    tracepoints: ['sched/sched_switch', 'sched/sched_wakeup', 'raw_syscalls/sys_enter'],
  })
  const kernel = machine.open()
  return {
    kernel,
    open: () => machine.open(),
    bpffs,
    places,
    removeInterface: () => machine.removeInterface(places.interface),
    removeCgroup: () => machine.removeCgroup(places.cgroup),
    close: () => kernel.close(),
  }
}

/** A bpffs, a veth pair, a cgroup and a network namespace on the running kernel. */
export function openLinuxWorld(): TestWorld {
  const host = openTestHost()
  const kernel = openLinuxKernel()
  // Tracepoints need a tracefs, wherever it is mounted.
  const { bpffs, veth, cgroup, tracefs: _ } = host
  const places = { interface: veth.name, cgroup, namespace: veth.peer.namespacePath }
  return {
    kernel,
    open: openLinuxKernel,
    bpffs,
    places,
    removeInterface: () => void run('ip', 'link', 'del', places.interface),
    removeCgroup: () => rmdirSync(places.cgroup),
    close() {
      kernel.close()
      host[Symbol.dispose]()
    },
  }
}

/** The errno that a call is refused with; `ok` when it is not. Other errors pass. */
export function errnoOf(call: () => unknown): string {
  try {
    const result = call()
    if (result instanceof Object && Symbol.dispose in result) (result as Disposable)[Symbol.dispose]()
    return 'ok'
  } catch (error) {
    return errnoIn(error)
  }
}

/** `errnoOf` of a promise. */
export async function errnoOfLoad(loading: Promise<Disposable>): Promise<string> {
  try {
    using _ = await loading
    return 'ok'
  } catch (error) {
    return errnoIn(error)
  }
}

/** Asks again until the answer is the expected one, for five seconds: Linux clears arrays and frees objects a moment later. */
export async function eventually<T>(expected: T, ask: () => T): Promise<T> {
  const deadline = Date.now() + 5000
  for (;;) {
    const answer = ask()
    if (JSON.stringify(answer) === JSON.stringify(expected) || Date.now() > deadline) return answer
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/**
 * From now on this process lets go of arrays on one CPU alone: clears that several CPUs queue are in no order, which `settled` counts on.
 */
export function onOneCpu(): void {
  tryRunOn(/^[0-9]+/.exec(allowedCpus())?.[0] ?? '0')
}

/**
 * Waits until every clear that is queued by now has run: they run in order, so that of a fresh array comes last. To be called
 * before an array that nobody holds is opened by its id: when its last user goes again while a clear is still queued, Linux
 * takes a second reference for that clear and never drops it (prog_array_map_clear ignores what schedule_work says). What a
 * pin held is let go a grace period after the pin; `directory` (absolute, on bpffs) is where one was removed.
 */
export async function settled(kernel: Kernel, directory?: string): Promise<void> {
  const last = makeMap(kernel, { type: 'prog_array' })
  const id = idOf(kernel, last)
  if (directory !== undefined) kernel.pin(last, `${directory}/last`)
  last[Symbol.dispose]()
  if (directory !== undefined) kernel.bpffs.unpin(`${directory}/last`)
  await eventually(false, () => isAlive(kernel, 'map', id))
}

/** True when an object lives; looks without holding it. On Linux one question, for there may be thousands of others. */
export function isAlive(kernel: Kernel, kind: ObjectKind, id: number): boolean {
  if (kernel.identity.kind === 'memory') return kernel.ids(kind).includes(id)
  const attr = idAttr(id - 1)
  return tryBpf(idCommands[kind].next, attr) >= 0 && nextId(attr) === id
}

/** A shape with valid sizes for its type. */
export const shape = (change: Partial<MapShape> = {}): MapShape => ({
  type: 'array',
  keySize: 4,
  valueSize: 4,
  maxEntries: 4,
  flags: 0,
  mapExtra: 0,
  ...change,
})

/** A number as a little-endian key or value of four bytes. */
export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

export const numberIn = (bytes: Uint8Array | undefined): number | undefined =>
  bytes && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)

export const makeMap = (kernel: Kernel, change: Partial<MapShape> = {}, name = 'm'): Fd<'map'> =>
  kernel.createMap({ name, shape: shape(change) })

/** Loads an XDP program that passes everything, unless said otherwise. */
export const load = (
  kernel: Kernel,
  code: Assembly = returnConstant(2),
  attributes: Partial<LoadAttributes> = {},
  name = 'p',
): Promise<Fd<'program'>> => kernel.loadProgram(programLoad(name, code, attributes))

/** Targets on the world's own places. */
export function targets(
  world: TestWorld,
): Record<'xdp' | 'generic' | 'tcx' | 'cgroup' | 'lookup' | 'raw' | 'tracepoint', LinkTarget> {
  const { kernel, places } = world
  const ifindex = kernel.interfaceIndex(places.interface) ?? 0
  const cgroupId = kernel.cgroupId(places.cgroup) ?? 0
  const inode = kernel.namespaceInode(places.namespace) ?? 0
  const at = { interface: places.interface, ifindex }
  return {
    xdp: { kind: 'xdp', ...at, mode: 'native' },
    generic: { kind: 'xdp', ...at, mode: 'generic' },
    tcx: { kind: 'tcx', ...at, direction: 'ingress' },
    cgroup: { kind: 'cgroup', path: places.cgroup, cgroupId, attachType: 'cgroup_inet_ingress' },
    lookup: { kind: 'netns', path: places.namespace, inode, attachType: 'sk_lookup' },
    raw: { kind: 'raw_tracepoint', name: 'sched_switch' },
    tracepoint: { kind: 'tracepoint', category: 'sched', name: 'sched_switch' },
  }
}

export const idOf = (kernel: Kernel, fd: Fd<'map'> | Fd<'program'> | Fd<'link'>): number => kernel.describe(fd).id

function errnoIn(error: unknown): string {
  if (error instanceof KernelError) return error.errno
  throw error
}
