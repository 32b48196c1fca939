import { uptime } from 'node:os'
import type { Machine as MachineModel } from '../../model/machine.ts'
import type { Fd, FdKind } from '../kernel.ts'
import { hold, holdAsUser, release, releaseAsUser } from './references.ts'
import type { ObjectName, World } from './world.ts'

/** Called before every operation that changes something; may throw a KernelError or kill the process. */
export type CallHook = (operation: string, target: string) => void

/** A world and what runs on it. */
export interface Machine {
  readonly world: World
  readonly processes: Set<Process>
  /** Holders of flock by inode. */
  readonly locks: Map<number, Process>
  /** What it says of itself to those that link code. */
  readonly model: MachineModel | undefined
  /** Verifier logs of the programs that are not to load, by name. */
  readonly rejections: Map<string, string>
  hook: CallHook | undefined
  /** Milliseconds that this machine is ahead of the one it runs on. */
  ahead: number
  /** Answers with the identity of the machine that it is a copy of, at the moment when it was copied. */
  readonly isStill: boolean
}

/** Milliseconds since boot, which is that of the machine it runs on: a state file outlives no reboot of it. */
export const timeOf = ({ ahead, isStill, world }: Machine): number =>
  isStill ? (world.options.origin?.sinceBoot ?? 0) : uptime() * 1000 + ahead

/** A process: descriptors and locks that go with it. */
export interface Process {
  readonly machine: Machine
  readonly number: number
  readonly descriptors: Map<number, Descriptor>
  nextDescriptor: number
  alive: boolean
}

export interface Descriptor {
  readonly object: ObjectName
  readonly readable: boolean
  readonly writable: boolean
}

/** A call came from a process that was killed. No KernelError, so that nothing tries to handle it. */
export class ProcessKilledError extends Error {
  constructor(operation: string) {
    super(`cannot ${operation}: the process was killed`)
    this.name = 'ProcessKilledError'
  }
}

/** Starts a process without descriptors. */
export function startProcess(machine: Machine): Process {
  const number = ++machine.world.last.process
  const process: Process = { machine, number, descriptors: new Map(), nextDescriptor: 3, alive: true }
  machine.processes.add(process)
  return process
}

/** Ends a process: every descriptor and lock goes at once. */
export function endProcess(process: Process): void {
  if (!process.alive) return
  process.alive = false
  const { machine, descriptors } = process
  machine.processes.delete(process)
  for (const [inode, holder] of machine.locks) if (holder === process) machine.locks.delete(inode)
  for (const { object } of descriptors.values()) drop(machine.world, object)
  descriptors.clear()
}

/** The gate of every operation that changes something: runs the hook; throws when the process is dead by then. */
export function enter(process: Process, operation: string, target: string): void {
  assertAlive(process, operation)
  process.machine.hook?.(operation, target)
  assertAlive(process, operation)
}

/** Throws a ProcessKilledError for a process that was killed. */
export function assertAlive(process: Process, operation: string): void {
  if (!process.alive) throw new ProcessKilledError(operation)
}

/** Opens a descriptor of a living object. */
export function openDescriptor<K extends FdKind>(
  process: Process,
  object: ObjectName & { readonly kind: K },
  access: Pick<Descriptor, 'readable' | 'writable'> = { readable: true, writable: true },
): Fd<K> {
  const { world } = process.machine
  if (object.kind === 'btf') hold(world, object)
  else holdAsUser(world, object)
  const number = process.nextDescriptor++
  process.descriptors.set(number, { object: { kind: object.kind, id: object.id }, ...access })
  return { kind: object.kind, number, [Symbol.dispose]: () => closeDescriptor(process, number) }
}

/** What a descriptor refers to. Throws when it is closed or another process's: a mistake of the caller's, no refusal. */
export function descriptorOf(process: Process, fd: Fd, command: string): Descriptor {
  assertAlive(process, command)
  const descriptor = process.descriptors.get(fd.number)
  if (!descriptor) throw new Error(`the descriptor of a ${fd.kind} is closed`)
  return descriptor
}

function closeDescriptor(process: Process, number: number): void {
  const descriptor = process.descriptors.get(number)
  if (!descriptor) return
  process.descriptors.delete(number)
  drop(process.machine.world, descriptor.object)
}

const drop = (world: World, object: ObjectName): void =>
  object.kind === 'btf' ? release(world, object) : releaseAsUser(world, object)
