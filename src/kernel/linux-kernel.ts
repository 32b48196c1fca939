import { readFileSync } from 'node:fs'
import { endianness, machine, release, uptime } from 'node:os'
import type { ProgramId } from '../model/ids.ts'
import type { LinkTarget } from '../model/link-spec.ts'
import { loadAddon } from './addon.ts'
import { arenaStart, namesPlaces, placeArena, writeArena } from './arena.ts'
import type { AttachPlaces } from './attach-places.ts'
import { attachedWithoutLink } from './attached.ts'
import { programsOnInterfaces } from './attached-by-netlink.ts'
import { linkUpdateAttr } from './attr-link.ts'
import { mapFreezeAttr } from './attr-map.ts'
import { idAttr, idCommands, nextId, pinAttr } from './attr-object.ts'
import { linuxBpffs } from './bpffs.ts'
import { createMap } from './create-map.ts'
import { describePins, readAhead } from './describe-pins.ts'
import { readDescriptors, readProcessName } from './descriptors.ts'
import type { Adder, EntryBatch } from './entries.ts'
import { kernelError } from './errno.ts'
import { FdTable } from './fd.ts'
import { countCpus, waitForGracePeriod } from './grace.ts'
import { type HostIdentity, readHost } from './host.ts'
import { readId, readInfo, readInfoAlone } from './info.ts'
import { interfaceIndex, interfaceName } from './interfaces.ts'
import type {
  AdderRequest,
  Descriptors,
  Fd,
  Kernel,
  KernelIdentity,
  LinkCreate,
  LinkInfo,
  LinkUpdate,
  MapCreate,
  ObjectInfo,
  ObjectKind,
  UpdateMode,
} from './kernel.ts'
import { attach } from './links.ts'
import { loadBtf } from './load-btf.ts'
import { loadProgram } from './load-program.ts'
import { linuxMachine } from './machine.ts'
import { MapElements } from './map-elements.ts'
import { describePin, openPin } from './pins.ts'
import * as places from './places.ts'
import type { ProgramLoad } from './program-load.ts'
import { membersOf, writeMembers } from './struct-ops.ts'
import { bpf, is, tryBpf } from './syscall.ts'
import { hasTracepoint } from './tracefs.ts'

/** Opens the running Linux kernel. Throws a KernelError (K104) where the native addon was not built for this machine. */
export function openLinuxKernel(): Kernel {
  loadAddon()
  return new LinuxKernel(readIdentity())
}

function readIdentity(): KernelIdentity {
  let host: HostIdentity | undefined
  return {
    kind: 'linux',
    release: release(),
    machine: machine(),
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(),
    get host() {
      host ??= readHost()
      return host
    },
    possibleCpus: countCpus(readFileSync('/sys/devices/system/cpu/possible', 'latin1')),
    byteOrder: endianness() === 'LE' ? 'little' : 'big',
  }
}

class LinuxKernel implements Kernel {
  readonly identity: KernelIdentity
  readonly machine = linuxMachine()
  readonly bpffs = linuxBpffs
  readonly interfaceIndex = interfaceIndex
  readonly interfaceName = interfaceName
  readonly cgroupId = places.cgroupId
  readonly cgroupPath = places.cgroupPath
  readonly namespaceInode = places.namespaceInode
  readonly hasTracepoint = hasTracepoint
  readonly describePin = describePin
  readonly programsOnInterfaces = programsOnInterfaces
  readonly arenaStart = arenaStart
  readonly namesPlaces = namesPlaces
  readonly writeArena = writeArena
  readonly describePins = describePins
  readonly readAhead = readAhead
  readonly #fds = new FdTable()
  readonly #elements: MapElements

  constructor(identity: KernelIdentity) {
    this.identity = identity
    this.#elements = new MapElements(identity.possibleCpus)
  }

  createMap(request: MapCreate): Fd<'map'> {
    const map = this.#fds.own('map', createMap(request, this.machine))
    if (request.shape.type === 'arena' && request.shape.mapExtra === 0) placeArena(map, request)
    return map
  }

  async loadProgram(request: ProgramLoad): Promise<Fd<'program'>> {
    return this.#fds.own('program', await loadProgram(request, this.machine))
  }

  loadBtf(bytes: Uint8Array): Fd<'btf'> {
    return this.#fds.own('btf', loadBtf(bytes))
  }

  createLink(request: LinkCreate): Fd<'link'> {
    return this.#fds.own('link', attach(request))
  }

  updateLink(link: Fd<'link'>, change: LinkUpdate): void {
    const result = tryBpf('BPF_LINK_UPDATE', linkUpdateAttr(link, change.program, change.expected))
    if (result >= 0) return
    const failure = { command: 'BPF_LINK_UPDATE', errno: -result, doing: 'switch a link' }
    throw kernelError(is(result, 'EPERM') ? { ...failure, code: 'K101' } : failure)
  }

  openById<K extends ObjectKind>(kind: K, id: number): Fd<K> {
    return this.#fds.own(kind, bpf(idCommands[kind].open, idAttr(id), `open ${kind} #${id}`))
  }

  describe(fd: Fd<ObjectKind>, { frozen } = { frozen: true }): ObjectInfo {
    const info = frozen ? readInfo(fd) : readInfoAlone(fd)
    if (info.kind === 'map') this.#elements.learn(fd as Fd<'map'>, info)
    return info
  }

  idOf(fd: Fd<ObjectKind>): number {
    return readId(fd)
  }

  openPin(path: string): Fd<ObjectKind> {
    const { kind, number } = openPin(path)
    return this.#fds.own(kind, number)
  }

  ids(kind: ObjectKind): number[] {
    const found: number[] = []
    const command = idCommands[kind].next
    for (let id = 0; ; ) {
      const attr = idAttr(id)
      const result = tryBpf(command, attr)
      if (is(result, 'ENOENT')) return found
      if (result < 0) throw kernelError({ command, errno: -result, doing: `list the ${kind}s` })
      id = nextId(attr)
      found.push(id)
    }
  }

  attachedWithoutLink(target: LinkTarget, links?: readonly LinkInfo[]): ProgramId[] {
    return attachedWithoutLink(target, () => links ?? this.#links())
  }

  lookup(map: Fd<'map'>, key: Uint8Array): Uint8Array | undefined {
    return this.#elements.lookup(map, key)
  }

  update(map: Fd<'map'>, key: Uint8Array, value: Uint8Array | Fd<'program'> | Fd<'map'>, mode?: UpdateMode): void {
    this.#elements.update(map, key, value, mode)
  }

  writeMembers(map: Fd<'map'>, value: Uint8Array, programs: ReadonlyMap<number, Fd<'program'>>): void {
    writeMembers(this.#elements, { map, value, programs })
  }

  membersOf(map: Fd<'map'>): ReadonlyMap<number, ProgramId> {
    return membersOf(map, this.#elements, this.machine)
  }

  remove(map: Fd<'map'>, key: Uint8Array): boolean {
    return this.#elements.remove(map, key)
  }

  keys(map: Fd<'map'>): Iterable<Uint8Array> {
    return this.#elements.keys(map)
  }

  entries(map: Fd<'map'>): Iterable<EntryBatch> {
    return this.#elements.entries(map)
  }

  writeEntries(map: Fd<'map'>, batch: EntryBatch): void {
    this.#elements.writeEntries(map, batch)
  }

  async openAdder(request: AdderRequest): Promise<Adder> {
    // Loaded on demand: what it starts taskset(1) with costs every start of Node some milliseconds.
    const { openAdder } = await import('./adder.ts')
    return openAdder(request, this)
  }

  freeze(map: Fd<'map'>): void {
    bpf('BPF_MAP_FREEZE', mapFreezeAttr(map), 'freeze a map')
  }

  pin(fd: Fd<ObjectKind>, path: string): void {
    const result = tryBpf('BPF_OBJ_PIN', pinAttr(fd, path))
    if (result < 0) throw kernelError({ command: 'BPF_OBJ_PIN', errno: -result, doing: `pin ${path}`, target: path })
  }

  descriptors(): Descriptors {
    return readDescriptors()
  }

  processName(id: number): string | undefined {
    return readProcessName(id)
  }

  async waitForReaders(): Promise<void> {
    await waitForGracePeriod(this.#fds)
  }

  sinceBoot(): number {
    return uptime() * 1000
  }

  async places(): Promise<AttachPlaces> {
    // Loaded on demand: only a snapshot asks.
    return (await import('./list-places.ts')).listPlaces()
  }

  openDescriptors(): number {
    return this.#fds.size
  }

  close(): void {
    this.#fds.closeAll()
  }

  /** Every link that lives; one that ends while we look is left out. */
  *#links(): Generator<LinkInfo> {
    for (const id of this.ids('link')) {
      const number = tryBpf('BPF_LINK_GET_FD_BY_ID', idAttr(id))
      if (number < 0) continue
      using link = this.#fds.own('link', number)
      const info = readInfo(link)
      if (info.kind === 'link') yield info
    }
  }
}
