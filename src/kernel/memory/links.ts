import { describeTarget, type LinkTarget, targetKey } from '../../model/link-spec.ts'
import type { AttachType } from '../../model/program-types.ts'
import type { Fd, LinkCreate, LinkUpdate } from '../kernel.ts'
import { hookOf } from './hook.ts'
import { refusalOfProgram, updateRules } from './link-rules.ts'
import { descriptorOf, enter, openDescriptor, type Process } from './machine.ts'
import { hold, release } from './references.ts'
import { type Errno, refuse } from './refuse.ts'
import { createStructOpsLink, updateStructOpsLink } from './struct-ops.ts'
import { describeLinkTarget } from './targets.ts'
import { type LinkObject, nextNumber, type ProgramObject, type World } from './world.ts'

/** BPF_LINK_CREATE, or BPF_RAW_TRACEPOINT_OPEN. */
export function createLink(process: Process, request: LinkCreate): Fd<'link'> {
  const { target } = request
  const command = target.kind === 'raw_tracepoint' ? 'BPF_RAW_TRACEPOINT_OPEN' : 'BPF_LINK_CREATE'
  const place = placeText(target)
  enter(process, 'createLink', place)
  if (target.kind === 'struct_ops') return createStructOpsLink(process, request.program, targetKey(target))
  const { world } = process.machine
  const program = programOf(process, request.program, command)
  const mapId = request.map && descriptorOf(process, request.map, command).object.id
  const info = describeLinkTarget(world, target, mapId)
  if (!info) return refuse(command, absent[target.kind], place)
  const hook = hookOf(info, target.kind === 'xdp' && target.mode === 'generic' ? 'generic' : 'native')
  const errno = refusalOfProgram(program.load, target) ?? refusalOfHook(world, program, target, hook)
  if (errno) return refuse(command, errno, place)
  const link: LinkObject = {
    kind: 'link',
    id: nextNumber(world, 'link'),
    programId: program.id,
    type: target.kind === 'tracepoint' ? 'perf_event' : target.kind,
    target: info,
    hook,
    mapId,
    severed: false,
    references: 0,
  }
  world.objects.link.set(link.id, link)
  hold(world, program)
  if (mapId !== undefined) hold(world, { kind: 'map', id: mapId })
  return openDescriptor(process, link)
}

/** BPF_LINK_UPDATE with BPF_F_REPLACE: a compare-and-swap. */
export function updateLink(process: Process, fd: Fd<'link'>, change: LinkUpdate): void {
  const command = 'BPF_LINK_UPDATE'
  const { world } = process.machine
  const id = descriptorOf(process, fd, command).object.id
  enter(process, 'updateLink', `link #${id}`)
  const link = world.objects.link.get(id)
  if (!link) return refuse(command, 'EINVAL', `link #${id}`)
  if (link.target.kind === 'struct_ops') return updateStructOpsLink(process, link, change)
  const program = programOf(process, change.program, command)
  const expected = programOf(process, change.expected, command)
  const errno = refusalOfUpdate(world, link, program, expected)
  if (errno) return refuse(command, errno, `link #${id}`)
  const displaced = link.programId
  hold(world, program)
  link.programId = program.id
  release(world, { kind: 'program', id: displaced })
}

/** The errno of a target that does not exist. */
const absent: Readonly<Record<LinkTarget['kind'], Errno>> = {
  xdp: 'EINVAL',
  tcx: 'ENODEV',
  cgroup: 'ENOENT',
  netns: 'ENOENT',
  tracepoint: 'ENOENT',
  raw_tracepoint: 'ENOENT',
  iter: 'ENOENT',
  struct_ops: 'EINVAL',
}

function programOf(process: Process, fd: Fd<'program'> | Fd<'map'>, command: string): ProgramObject {
  const { object } = descriptorOf(process, fd, command)
  return process.machine.world.objects.program.get(object.id) ?? refuse(command, 'EINVAL', `descriptor ${fd.number}`)
}

function refusalOfHook(world: World, program: ProgramObject, target: LinkTarget, hook: string): Errno | undefined {
  const there = attachedTo(world, hook)
  switch (target.kind) {
    case 'xdp': {
      const bare = world.attachments.some(
        ({ target: other }) => other.kind === 'xdp' && other.ifindex === target.ifindex,
      )
      const otherMode = hook.endsWith('generic') ? hook.replace('generic', 'native') : hook.replace('native', 'generic')
      if (there.length > 0 || bare) return 'EBUSY'
      return attachedTo(world, otherMode).length > 0 ? 'EEXIST' : undefined
    }
    case 'tcx':
    case 'tracepoint':
      return there.some((link) => link.programId === program.id) ? 'EEXIST' : undefined
    case 'netns':
      return target.attachType === 'flow_dissector' && there.length > 0 ? 'E2BIG' : undefined
    case 'cgroup':
    case 'raw_tracepoint':
    case 'iter':
    case 'struct_ops':
      return undefined
  }
}

const attachedTo = (world: World, hook: string): LinkObject[] =>
  [...world.objects.link.values()].filter((link) => link.hook === hook && !link.severed)

/** In the order of the kernel's own checks, which differs between the kinds of link. */
function refusalOfUpdate(
  world: World,
  link: LinkObject,
  program: ProgramObject,
  expected: ProgramObject,
): Errno | undefined {
  const rule = updateRules[link.target.kind]
  const running = world.objects.program.get(link.programId)
  const checks = {
    unsupported: 'EINVAL',
    severed: link.severed ? 'ENOLINK' : undefined,
    expected: link.programId === expected.id ? undefined : 'EPERM',
    type: running?.load.type === program.load.type ? undefined : 'EINVAL',
    // Linux does not tell with which attach type and function a program was loaded: a copy takes them for right.
    attachType: running?.told || attachTypeOf(running) === attachTypeOf(program) ? undefined : 'EINVAL',
    attachTo: running?.told || running?.load.attachTo === program.load.attachTo ? undefined : 'EINVAL',
    twice: attachedTo(world, link.hook).some((other) => other !== link && other.programId === program.id)
      ? 'EEXIST'
      : undefined,
  } as const
  for (const check of rule) if (checks[check]) return checks[check]
  return undefined
}

const attachTypeOf = (program: ProgramObject | undefined): AttachType | undefined => program?.load.attachType

function placeText(target: LinkTarget): string {
  return target.kind === 'xdp' || target.kind === 'tcx' ? `${target.kind} ${target.interface}` : describeTarget(target)
}
