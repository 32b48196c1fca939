import type { ManifestAttach, ManifestLink } from '../manifest/manifest.ts'
import { linkAddress, mapAddress } from '../model/address.ts'
import type { LinkTarget } from '../model/link-spec.ts'
import type { LinkState } from '../model/state.ts'
import type { MapFinding } from './desired-maps.ts'
import { complain, type FoundProgram, type Reading } from './desired-reading.ts'
import { structTarget } from './desired-struct-ops.ts'
import { resolveTarget } from './desired-targets.ts'
import { attachHooks, fitsAnyHook, fitsHook, type Hook, hooks } from './hooks.ts'

/** What links refer to. */
export interface LinkContext {
  readonly programs: readonly FoundProgram[]
  readonly maps: MapFinding
}

/** Every declared link with its target looked up; one that cannot be attached is complained about and left out. */
export function readLinkStates(reading: Reading, context: LinkContext): LinkState[] {
  return [...reading.loaded.manifest.links.values()].flatMap((link) => {
    if (link.attach?.kind === 'struct_ops') return readStructLink(reading, link, context.maps)
    const program = context.programs.find((found) => found.declared.name === link.program)
    const attach = program && (link.attach ?? deriveAttach(reading, link, program))
    const target =
      attach && attach.kind !== 'struct_ops' && resolveTarget(reading, { link, attach, program, maps: context.maps })
    if (!program || !target || !checkFit(reading, { link, program, target })) return []
    return [toLinkState(reading, link, { program: program.address, target })]
  })
}

function toLinkState(
  { loaded }: Reading,
  { name, onReplace, onDestroy, protect }: ManifestLink,
  runs: Pick<LinkState, 'program' | 'target'>,
): LinkState {
  const at = loaded.at(['links', name])
  return {
    kind: 'link',
    address: linkAddress(name),
    ...runs,
    onReplace,
    ...(onDestroy && { onDestroy }),
    ...(protect !== undefined && { protect }),
    at,
  }
}

/** A struct's programs are in its map: that is what the link runs. */
function readStructLink(reading: Reading, link: ManifestLink, maps: MapFinding): LinkState[] {
  if (link.attach?.kind !== 'struct_ops') return []
  const map = maps.get(mapAddress(link.attach.map))
  const target = map && structTarget(map)
  const address = linkAddress(link.name)
  if (target) return [toLinkState(reading, link, { program: map.address, target })]
  complain(reading, 'M210', {
    detail: `cannot attach ${address}: ${map ? `${map.address} is no variable of .struct_ops or .struct_ops.link` : `no object has a variable ${link.attach.map}`}`,
    address,
    path: ['links', link.name, 'attach', 'structOps', 'map'],
  })
  return []
}

/** What the program's section says of the place, if it says all. */
function deriveAttach(reading: Reading, link: ManifestLink, program: FoundProgram): ManifestAttach | undefined {
  const { declared, spec, load } = program
  const target = declared.attachTarget ?? spec.attachTarget
  if (target !== undefined && hooks.raw_tracepoint.types.includes(load.type))
    return { kind: 'raw_tracepoint', name: target }
  if (target !== undefined && fitsHook(load, hooks.iter) && load.attachType) return { kind: 'iter' }
  const [category, name] = target?.split('/') ?? []
  if (load.type === 'tracepoint' && category && name) return { kind: 'tracepoint', category, name }
  if (load.type !== 'struct_ops' && !fitsAnyHook(load)) return complainNotAttached(reading, link, program)
  complain(reading, 'M230', {
    detail: `cannot attach link.${link.name}: section ${spec.section} of ${program.address} does not say where`,
    hint: `write \`attach:\`, for example ${exampleFor(load.type)}`,
    address: linkAddress(link.name),
    path: ['links', link.name],
  })
  return undefined
}

/** The kernel has a hook for it, and this version of pinfold has not. */
function complainNotAttached(
  reading: Reading,
  link: ManifestLink,
  { address, declared, load }: FoundProgram,
): undefined {
  const { type, attachType } = load
  complain(reading, 'M231', {
    detail: `cannot attach link.${link.name}: ${address} is a program of type ${type}${attachType ? ` (${attachType})` : ''}, and pinfold attaches none of those`,
    hint: `leave the link out: the program is pinned at live/programs/${declared.name}, where another tool can attach it`,
    address: linkAddress(link.name),
    path: ['links', link.name],
  })
}

const exampleFor = (type: string): string => {
  if (type === 'xdp') return '{ xdp: { interface: eth0 } }'
  if (type === 'sched_cls') return '{ tcx: { interface: eth0, direction: ingress } }'
  if (type === 'sk_lookup' || type === 'flow_dissector') return '{ netns: { path: /proc/self/ns/net } }'
  if (type === 'tracepoint') return '{ tracepoint: { category: sched, name: sched_switch } }'
  if (type === 'struct_ops') return '{ structOps: { map: NAME } }, and no `program:`'
  if (type === 'raw_tracepoint') return '{ rawTracepoint: { name: sched_switch } }'
  return '{ cgroup: { path: /sys/fs/cgroup/web } }'
}

interface Fit {
  readonly link: ManifestLink
  readonly program: FoundProgram
  readonly target: LinkTarget
}

function checkFit(reading: Reading, { link, program, target }: Fit): boolean {
  const attachType = 'attachType' in target ? target.attachType : undefined
  const hook = 'attachType' in target ? attachHooks[target.attachType] : hooks[target.kind as keyof typeof hooks]
  if (hook && fitsHook(program.load, hook, attachType)) return true
  const { type, attachType: loaded } = program.load
  complain(reading, 'M231', {
    detail: `cannot attach link.${link.name}: ${program.address} is a program of type ${type}${loaded ? ` (${loaded})` : ''}, and the hook ${attachType ?? target.kind} takes ${describeHook(hook)}${attachType ? ` loaded for ${attachType}` : ''}`,
    hint: 'attach it elsewhere, rename its section, or write `type:` and `attachType:` for the program',
    address: linkAddress(link.name),
    path: ['links', link.name, 'attach'],
  })
  return false
}

const describeHook = (hook: Hook | undefined): string => (hook ? hook.types.join(' or ') : 'no program')
