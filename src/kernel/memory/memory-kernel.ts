import type { LinkTarget } from '../../model/link-spec.ts'
import type { Machine as MachineModel } from '../../model/machine.ts'
import type { HostIdentity } from '../host.ts'
import { checkSnapshot, isSnapshot } from '../host-snapshot.ts'
import { copyWorld } from './copied-world.ts'
import { mountBpffs } from './files.ts'
import { type Inspect, inspectMachine } from './inspect.ts'
import { type CallHook, type Machine, startProcess } from './machine.ts'
import { kernelOf, type MemoryProcess } from './process-kernel.ts'
import { hold, release, settle } from './references.ts'
import { savedMachine } from './saved-machine.ts'
import { restore, type Snapshot, takeSnapshot } from './snapshot.ts'
import { addTarget, removeTarget } from './targets.ts'
import { type Attachment, createWorld, type World } from './world.ts'

/** A machine in memory: a world that outlives its processes. */
export interface MemoryMachine {
  /** Starts a process. */
  open(): MemoryProcess
  /** What would be left if every process ended now, as JSON-able data. */
  snapshot(): Snapshot
  /** Runs the clears that Linux would run a moment later. */
  settle(): void
  /** The truth, without being a process. */
  readonly inspect: Inspect
  /** Called before every operation of any process that changes something; undefined ends that. */
  beforeCall(hook: CallHook | undefined): void
  /** Loading a program of that name fails like in the verifier, with that log; undefined lets it load again. */
  rejectProgram(name: string, log: string | undefined): void
  /** The clock goes on by that much at once. */
  passTime(milliseconds: number): void
  addInterface(name: string): number
  /** The links on it stay and are severed. */
  removeInterface(name: string): void
  /** The links on it stay and are severed. */
  removeCgroup(path: string): void
  /** The links on it stay and are severed. */
  removeNamespace(path: string): void
  /** Attaches a program as netlink or PROG_ATTACH do: no link, nobody's descriptor. */
  attachWithoutLink(target: LinkTarget, program: number): void
  detachWithoutLink(target: LinkTarget, program: number): void
  /** Attaches a program to a sockmap or sockhash, which releases it at its last user reference. */
  attachToSockmap(map: number, program: number): void
}

/** What an empty machine has; every field has a default. */
export interface MemoryMachineOptions {
  /** Mount points of bpffs; `/sys/fs/bpf` unless said otherwise. */
  readonly mounts?: readonly string[]
  /** Names that exist; without a list every name does. */
  readonly interfaces?: readonly string[]
  readonly cgroups?: readonly string[]
  readonly namespaces?: readonly string[]
  /** `category/name`. */
  readonly tracepoints?: readonly string[]
  /** Answers EINVAL to an exchange on bpffs, as before Linux 5.16. */
  readonly withoutExchange?: true
  /** What code is linked to; without one it stays as compiled. Not part of a snapshot. */
  readonly machine?: MachineModel
  /** 2 unless said otherwise. */
  readonly possibleCpus?: number
  /** Of a copied host: answers with that host's identity, and its clock stands still. */
  readonly isStill?: boolean
  /** Another boot than that of all others. */
  readonly bootId?: string
  /** Another machine than that of all others. */
  readonly host?: HostIdentity
}

/**
 * A machine: empty, as a snapshot left it (then the options are the snapshot's), or a copy of a host (HostSnapshot). Throws
 * KernelError for a bad snapshot: K115, K116 of a host.
 */
export function openMemoryMachine(snapshot?: unknown, options: MemoryMachineOptions = {}): MemoryMachine {
  const copied = isSnapshot(snapshot) ? checkSnapshot(snapshot) : undefined
  const machine: Machine = {
    world: copied ? copyWorld(copied) : snapshot === undefined ? emptyWorld(options) : restore(snapshot),
    processes: new Set(),
    locks: new Map(),
    model: options.machine ?? (copied?.machine && savedMachine(copied.machine)),
    isStill: options.isStill ?? false,
    rejections: new Map(),
    hook: undefined,
    ahead: 0,
  }
  return {
    ...outsideWorld(machine.world),
    open: () => kernelOf(startProcess(machine)),
    snapshot: () => takeSnapshot(machine.world),
    settle: () => settle(machine.world),
    inspect: inspectMachine(machine),
    beforeCall(hook) {
      machine.hook = hook
    },
    rejectProgram(name, log) {
      if (log === undefined) machine.rejections.delete(name)
      else machine.rejections.set(name, log)
    },
    passTime(milliseconds) {
      machine.ahead += milliseconds
    },
  }
}

/** A machine with one process. */
export const openMemoryKernel = (options: MemoryMachineOptions = {}): MemoryProcess =>
  openMemoryMachine(undefined, options).open()

function emptyWorld(options: MemoryMachineOptions): World {
  const {
    mounts = ['/sys/fs/bpf'],
    possibleCpus = 2,
    interfaces,
    cgroups,
    namespaces,
    tracepoints,
    withoutExchange,
    bootId,
    host,
  } = options
  const world = createWorld({
    release: '6.18.0-memory',
    possibleCpus,
    ...(withoutExchange && { withoutExchange }),
    ...(bootId !== undefined && { bootId }),
    ...(host && { host }),
    exist: {
      ...(interfaces && { interface: interfaces }),
      ...(cgroups && { cgroup: cgroups }),
      ...(namespaces && { namespace: namespaces }),
      ...(tracepoints && { tracepoint: tracepoints }),
    },
  })
  for (const mount of mounts) mountBpffs(world, mount)
  return world
}

type OutsideWorld = Pick<
  MemoryMachine,
  | 'addInterface'
  | 'removeInterface'
  | 'removeCgroup'
  | 'removeNamespace'
  | 'attachWithoutLink'
  | 'detachWithoutLink'
  | 'attachToSockmap'
>

/** What happens to a machine without pinfold. */
function outsideWorld(world: World): OutsideWorld {
  return {
    addInterface: (name) => addTarget(world, 'interface', name),
    removeInterface: (name) => removeTarget(world, 'interface', name),
    removeCgroup: (path) => removeTarget(world, 'cgroup', path),
    removeNamespace: (path) => removeTarget(world, 'namespace', path),
    attachWithoutLink: (target, programId) => attach(world, { target, programId }),
    detachWithoutLink: (target, programId) => detach(world, { target, programId }),
    attachToSockmap: (mapId, programId) => attach(world, { target: { kind: 'sockmap', mapId }, programId }),
  }
}

function attach(world: World, attachment: Attachment): void {
  hold(world, { kind: 'program', id: attachment.programId })
  world.attachments.push(attachment)
}

function detach(world: World, { target, programId }: Attachment): void {
  const same = (other: Attachment): boolean =>
    other.programId === programId && JSON.stringify(other.target) === JSON.stringify(target)
  const index = world.attachments.findIndex(same)
  if (index < 0) return
  world.attachments.splice(index, 1)
  release(world, { kind: 'program', id: programId })
}
