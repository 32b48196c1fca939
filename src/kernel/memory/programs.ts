import { createHash } from 'node:crypto'
import type { AttachType, ProgramType } from '../../model/program-types.ts'
import { VerifierLog } from '../../model/verifier.ts'
import type { Fd } from '../kernel.ts'
import type { FdReference, ProgramLoad } from '../program-load.ts'
import { readVerifierLog } from '../verifier-log.ts'
import { rejection } from '../verifier-rejection.ts'
import { descriptorOf, enter, openDescriptor, type Process } from './machine.ts'
import { mapOf } from './maps.ts'
import { kernelName } from './names.ts'
import { ownerOf } from './owner.ts'
import { hold } from './references.ts'
import { type Errno, refuse } from './refuse.ts'
import { type MapObject, nextNumber, type ProgramObject } from './world.ts'

/** BPF_PROG_LOAD; every program passes the verifier, unless the machine was told to reject it. */
export function loadProgram(process: Process, request: ProgramLoad): Fd<'program'> {
  const command = 'BPF_PROG_LOAD'
  enter(process, 'loadProgram', request.name)
  const { world, rejections } = process.machine
  const errno = refusalOfAttributes(request)
  if (errno) return refuse(command, errno, request.name)
  const maps = request.references.map(({ map }) => mapOf(process, map, command))
  const bound = (request.bound ?? []).map((map) => mapOf(process, map, command))
  const extended = request.attachProgram && descriptorOf(process, request.attachProgram, command).object.id
  const log = rejections.get(request.name)
  if (log !== undefined) throw rejectionOf(request, log)
  checkReferences(request, maps)
  checkArrays(request, maps)
  const program: ProgramObject = {
    kind: 'program',
    id: nextNumber(world, 'program'),
    name: kernelName(request.name),
    load: request.load,
    tag: tagOf(request),
    mapIds: [...new Set([...maps, ...bound].map((map) => map.id))],
    btfId: request.btf ? descriptorOf(process, request.btf.fd, command).object.id : 0,
    loadedAt: world.last.program * 1_000_000,
    size: request.instructions.length,
    ...(extended !== undefined && { extended }),
    references: 0,
  }
  world.objects.program.set(program.id, program)
  for (const id of program.mapIds) hold(world, { kind: 'map', id })
  if (extended !== undefined) hold(world, { kind: 'program', id: extended })
  if (program.btfId !== 0) hold(world, { kind: 'btf', id: program.btfId })
  return openDescriptor(process, program)
}

/** What LinuxKernel would throw for that log. */
function rejectionOf(request: ProgramLoad, text: string): Error {
  const log = new VerifierLog(Buffer.from(text))
  const report = readVerifierLog(log) ?? {
    reason: text.trim(),
    registers: [],
    lines: [],
    omitted: { count: 0, unit: 'lines' },
  }
  const failure = {
    command: 'BPF_PROG_LOAD',
    errno: 'EINVAL',
    doing: `load program ${request.name}`,
    target: request.name,
  }
  return rejection(request, { ...failure, log, report })
}

// bpf_prog_load_check_attach: the other types take any value, most of them without looking at it.
const requiredAttachTypes: Partial<Record<ProgramType, RegExp>> = {
  cgroup_skb: /^cgroup_inet_(ingress|egress)$/,
  cgroup_sock: /^cgroup_inet(_sock_create|_sock_release|4_post_bind|6_post_bind|_ingress)$/,
  cgroup_sock_addr: /^cgroup_(inet[46]_(bind|connect|get(peer|sock)name)|udp[46]_(sendmsg|recvmsg)|unix_\w+)$/,
  cgroup_sockopt: /^cgroup_[gs]etsockopt$/,
  sk_lookup: /^sk_lookup$/,
  sk_reuseport: /^(sk_reuseport_select(_or_migrate)?|cgroup_inet_ingress)$/,
  netfilter: /^netfilter$/,
  syscall: /^cgroup_inet_ingress$/,
  ext: /^cgroup_inet_ingress$/,
}

function refusalOfAttributes({ instructions, load }: ProgramLoad): Errno | undefined {
  if (instructions.length === 0) return 'E2BIG'
  if (instructions.length % 8 !== 0) return 'EINVAL'
  const attachType: AttachType = load.attachType ?? 'cgroup_inet_ingress'
  return requiredAttachTypes[load.type]?.test(attachType) === false ? 'EINVAL' : undefined
}

/** The address of a value exists only in arrays of one entry; from Linux 7.2 on also in those of each CPU. */
function checkReferences({ name, references }: ProgramLoad, maps: readonly MapObject[]): void {
  for (const [index, { kind, offset }] of references.entries()) {
    const shape = maps[index]?.shape
    if (kind === 'map' || !shape) continue
    if (shape.type !== 'array' && shape.type !== 'percpu_array') refuse('BPF_PROG_LOAD', 'EINVAL', name)
    if (shape.maxEntries !== 1) refuse('BPF_PROG_LOAD', 'ENOTSUPP', name)
    if (offset >= shape.valueSize) refuse('BPF_PROG_LOAD', 'EINVAL', name)
  }
}

/** The first program that refers to an array decides what it takes; those before a refused one stay decided. */
function checkArrays({ name, load }: ProgramLoad, maps: readonly MapObject[]): void {
  for (const map of maps) {
    if (map.shape.type !== 'prog_array') continue
    map.owner ??= ownerOf(load)
    if (map.owner !== ownerOf(load)) refuse('BPF_PROG_LOAD', 'EINVAL', name)
  }
}

/** As Linux 6.18 makes it: SHA-256 over the instructions, references to maps zeroed but for their kind. */
function tagOf({ instructions, references }: ProgramLoad): string {
  const hashed = Uint8Array.from(instructions)
  for (const { instruction, kind } of references) markReference(hashed, instruction * 8, kind)
  return createHash('sha256').update(hashed).digest('hex').slice(0, 16)
}

/** Sets the source register of a ldimm64 pair to BPF_PSEUDO_MAP_FD or BPF_PSEUDO_MAP_VALUE, and its immediates to 0. */
function markReference(code: Uint8Array, at: number, kind: FdReference['kind']): void {
  code[at + 1] = ((code[at + 1] ?? 0) & 0x0f) | ((kind === 'map' ? 1 : 2) << 4)
  code.fill(0, at + 4, at + 8)
  code.fill(0, at + 12, at + 16)
}
