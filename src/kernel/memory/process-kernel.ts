import type { ProgramId } from '../../model/ids.ts'
import { type LinkTarget, targetKey } from '../../model/link-spec.ts'
import { identify } from '../host.ts'
import type { Descriptors, Fd, Kernel, KernelIdentity, ObjectInfo, ObjectKind, PinEntry } from '../kernel.ts'
import { entries, openAdder, writeEntries } from './batches.ts'
import { describeObject } from './describe.ts'
import { addPin, bpffsOf, pinnedObject } from './files.ts'
import { createLink, updateLink } from './links.ts'
import {
  assertAlive,
  descriptorOf,
  endProcess,
  enter,
  type Machine,
  openDescriptor,
  type Process,
  timeOf,
} from './machine.ts'
import { createMap, freeze, keys, lookup, remove, update, writeArena } from './maps.ts'
import { loadProgram } from './programs.ts'
import { holdAsUser, settle, settleBeforeOpening } from './references.ts'
import { refuse } from './refuse.ts'
import { membersOf, writeMembers } from './struct-ops.ts'
import { hasTracepoint, nameOf, numberOf, placesOf } from './targets.ts'
import { nextNumber, type World } from './world.ts'

/** The kernel as one process sees it. */
export interface MemoryProcess extends Kernel {
  /** Ends the process like SIGKILL: every descriptor and lock goes at once, and each later call throws ProcessKilledError. */
  kill(): void
}

/** The port on a process of a machine in memory. */
export function kernelOf(process: Process): MemoryProcess {
  const { world } = process.machine
  return {
    identity: identityOf(process.machine),
    machine: process.machine.model,
    bpffs: bpffsOf(process),
    createMap: (request) => createMap(process, request),
    loadProgram: async (request) => loadProgram(process, request),
    loadBtf: (bytes) => loadBtf(process, bytes),
    createLink: (request) => createLink(process, request),
    updateLink: (link, change) => updateLink(process, link, change),
    openById: (kind, id) => openById(process, kind, id),
    openPin: (path) => openPin(process, path),
    describePin: (path) => describePin(process, path),
    describePins: (directory) => describePins(process, directory),
    readAhead: async () => undefined,
    describe: (fd) => describeObject(world, descriptorOf(process, fd, 'BPF_OBJ_GET_INFO_BY_FD').object),
    idOf: (fd) => descriptorOf(process, fd, 'BPF_OBJ_GET_INFO_BY_FD').object.id,
    ids: (kind) => ids(process, kind),
    attachedWithoutLink: (target) => attachedWithoutLink(world, target),
    programsOnInterfaces: () => programsOnInterfaces(world),
    lookup: (map, key) => lookup(process, map, key),
    update: (map, key, value, mode) => update(process, map, key, value, mode),
    writeMembers: (map, value, programs) => writeMembers(process, { map, value, programs }),
    membersOf: (map) => membersOf(process, map),
    arenaStart: () => 0,
    namesPlaces: () => true,
    writeArena: (map, bytes) => writeArena(process, map, bytes),
    remove: (map, key) => remove(process, map, key),
    keys: (map) => keys(process, map),
    entries: (map) => entries(process, map),
    writeEntries: (map, batch) => writeEntries(process, map, batch),
    openAdder: async (request) => openAdder(process, request),
    freeze: (map) => freeze(process, map),
    pin: (fd, path) => pin(process, fd, path),
    descriptors: () => descriptors(process),
    processName: (id) => world.options.origin?.processes.find((it) => it.id === id)?.name,
    sinceBoot: () => timeOf(process.machine),
    waitForReaders: async () => waitForReaders(process),
    interfaceIndex: (name) => numberOf(world, 'interface', name),
    interfaceName: (ifindex) => nameOf(world, 'interface', ifindex),
    cgroupId: (path) => numberOf(world, 'cgroup', path),
    cgroupPath: (id) => nameOf(world, 'cgroup', id),
    namespaceInode: (path) => numberOf(world, 'namespace', path),
    hasTracepoint: (category, name) => hasTracepoint(world, category, name),
    places: async () => placesOf(world),
    openDescriptors: () => process.descriptors.size,
    close: () => endProcess(process),
    kill: () => endProcess(process),
  }
}

function identityOf({ world: { options }, isStill }: Machine): KernelIdentity {
  if (options.origin) return { ...options.origin.identity, kind: isStill ? options.origin.identity.kind : 'memory' }
  return {
    kind: 'memory',
    release: options.release,
    machine: 'memory',
    bootId: options.bootId ?? '00000000-0000-4000-8000-000000000000',
    host: options.host ?? identify('memory', 'memory'),
    possibleCpus: options.possibleCpus,
    byteOrder: 'little',
  }
}

const btfMagic = 0xeb9f

function loadBtf(process: Process, bytes: Uint8Array): Fd<'btf'> {
  enter(process, 'loadBtf', 'BTF')
  const { world } = process.machine
  const magic = bytes.length >= 24 ? new DataView(bytes.buffer, bytes.byteOffset).getUint16(0, true) : 0
  if (magic !== btfMagic) return refuse('BPF_BTF_LOAD', 'EINVAL', 'BTF')
  const btf = { kind: 'btf', id: nextNumber(world, 'btf'), references: 0 } as const
  world.objects.btf.set(btf.id, btf)
  return openDescriptor(process, btf)
}

function openById<K extends ObjectKind>(process: Process, kind: K, id: number): Fd<K> {
  assertAlive(process, 'openById')
  settleBeforeOpening(process.machine.world, { kind, id })
  const command = commandsById[kind]
  if (!process.machine.world.objects[kind].has(id)) return refuse(command, 'ENOENT', `${kind} #${id}`)
  return openDescriptor(process, { kind, id })
}

const commandsById: Readonly<Record<ObjectKind, string>> = {
  map: 'BPF_MAP_GET_FD_BY_ID',
  program: 'BPF_PROG_GET_FD_BY_ID',
  link: 'BPF_LINK_GET_FD_BY_ID',
}

function openPin(process: Process, path: string): Fd<ObjectKind> {
  assertAlive(process, 'openPin')
  const { kind, id } = pinnedObject(process.machine.world, path)
  return openDescriptor(process, { kind: kind as ObjectKind, id })
}

function describePin(process: Process, path: string): ObjectInfo {
  assertAlive(process, 'describePin')
  return describeObject(process.machine.world, pinnedObject(process.machine.world, path))
}

function describePins(process: Process, directory: string): PinEntry[] {
  return bpffsOf(process)
    .list(directory)
    .map((entry) => {
      const info = entry.directory ? undefined : describePin(process, `${directory}/${entry.name}`)
      return { ...entry, info }
    })
}

function ids(process: Process, kind: ObjectKind): number[] {
  assertAlive(process, 'ids')
  settle(process.machine.world)
  return [...process.machine.world.objects[kind].keys()].sort((a, b) => a - b)
}

function attachedWithoutLink(world: World, target: LinkTarget): ProgramId[] {
  const here = world.attachments.filter(
    ({ target: at }) => at.kind !== 'sockmap' && targetKey(at) === targetKey(target),
  )
  return here.map(({ programId }) => programId as ProgramId)
}

function programsOnInterfaces(world: World): ProgramId[] {
  const attached = world.attachments.filter(({ target }) => target.kind === 'xdp' || target.kind === 'tcx')
  return [...new Set(attached.map(({ programId }) => programId as ProgramId))]
}

function pin(process: Process, fd: Fd<ObjectKind>, path: string): void {
  enter(process, 'pin', path)
  const { object } = descriptorOf(process, fd, 'BPF_OBJ_PIN')
  addPin(process.machine.world, path, object)
  holdAsUser(process.machine.world, object)
}

function descriptors(process: Process): Descriptors {
  assertAlive(process, 'descriptors')
  const found = { map: new Map(), program: new Map(), link: new Map() } as Record<ObjectKind, Map<number, number[]>>
  for (const { id: holder, objects } of process.machine.world.options.origin?.processes ?? [])
    for (const [kind, id] of objects) found[kind].set(id, [...(found[kind].get(id) ?? []), holder])
  for (const { number, descriptors } of process.machine.processes) {
    for (const { object } of descriptors.values()) {
      if (object.kind === 'btf') continue
      const holders = found[object.kind].get(object.id) ?? []
      if (!holders.includes(number)) found[object.kind].set(object.id, [...holders, number])
    }
  }
  return found
}

function waitForReaders(process: Process): void {
  enter(process, 'waitForReaders', '')
  // Linux runs the clears that are queued well within a grace period.
  settle(process.machine.world)
}
