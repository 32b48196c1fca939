import type { AttachPlaces } from '../../kernel/attach-places.ts'
import type { LinkInfo } from '../../kernel/kernel.ts'
import type { ManifestAttach } from '../../manifest/manifest.ts'
import type { MapAddress } from '../../model/address.ts'
import { nameOf } from '../../model/address.ts'
import type { Diagnostic } from '../../model/diagnostic.ts'
import type { MapId } from '../../model/ids.ts'
import { onlyAttachType } from '../hooks.ts'
import { readTarget } from '../read-target.ts'
import { finding } from './codes.ts'
import type { DraftedProgram } from './drafted.ts'
import type { Found } from './found.ts'
import { describeProgram } from './match-programs.ts'

/** A link that the stack takes over, as the manifest says it. */
export interface ImportedLink {
  readonly name: string
  /** Absent: of a struct of functions. */
  readonly program?: string
  /** Absent: the program's section says where. */
  readonly attach?: ManifestAttach
  readonly id: number
}

/** What links are matched with. */
export interface LinkQuestion {
  readonly programs: ReadonlyMap<number, DraftedProgram>
  readonly maps: ReadonlyMap<MapAddress, number>
  /** What links attach to. */
  readonly places: AttachPlaces
}

/** Every link that runs an imported program, pinned or not; those that cannot be taken over are told. */
export function importLinks(
  found: Found,
  question: LinkQuestion,
): { readonly links: readonly ImportedLink[]; readonly findings: readonly Diagnostic[] } {
  const ids = [...new Set([...found.graph.roots.flatMap(({ link }) => link ?? []), ...found.pinned('link')])]
  const links: ImportedLink[] = []
  const findings: Diagnostic[] = []
  for (const id of ids.sort((a, b) => a - b)) {
    const info = found.link(id)
    if (!info || !isMeant(found, info, question)) continue
    const attach = attachOf(found, info, question)
    if (typeof attach === 'string') findings.push(refused(found, info, attach))
    else {
      links.push({ ...attach, name: nameLink(found, info, { ...attach, taken: links.map(({ name }) => name) }), id })
      findings.push(...unpinned(found, info))
    }
  }
  return { links, findings }
}

/** It runs something of the stack and is in nobody else's hands; or it is pinned below the paths. */
function isMeant(found: Found, { id, programId, target }: LinkInfo, { programs, maps }: LinkQuestion): boolean {
  if (found.isExcepted('link', id) || found.stackOf('link', id) !== undefined) return false
  if (found.pinsOf('link', id).length > 0) return true
  return target?.kind === 'struct_ops' ? [...maps.values()].includes(target.mapId) : programs.has(programId)
}

type Attachment = Pick<ImportedLink, 'program' | 'attach'>

/** Where it is attached in the manifest's words, or why that cannot be said. */
function attachOf(found: Found, info: LinkInfo, question: LinkQuestion): Attachment | string {
  const { target } = info
  if (!target) return `pinfold does not attach links of type ${info.type}`
  if (info.severed) return 'what it was attached to is gone'
  if (target.kind === 'struct_ops') return structLink(target.mapId, question)
  const program = question.programs.get(info.programId)
  if (!program)
    return `it runs program ${describeProgram({ id: info.programId, name: '?', ...found.program(info.programId) }, found)}, which is not imported`
  const attach = hookOf(found, info, { program, maps: question.maps, places: question.places })
  return typeof attach === 'string' ? attach : { program: program.name, ...(attach && { attach }) }
}

function structLink(mapId: MapId, { maps }: LinkQuestion): Attachment | string {
  const address = [...maps].find(([, id]) => id === mapId)?.[0]
  return address
    ? { attach: { kind: 'struct_ops', map: nameOf(address) } }
    : `it runs map #${mapId}, which is not imported`
}

interface HookQuestion {
  readonly program: DraftedProgram
  readonly maps: ReadonlyMap<MapAddress, number>
  readonly places: AttachPlaces
}

/** Undefined where the program's section says it. */
function hookOf(
  found: Found,
  info: LinkInfo,
  { program, maps, places }: HookQuestion,
): ManifestAttach | string | undefined {
  const { kernel } = found
  const names = new Map([...maps].map(([address, id]) => [id as MapId, address]))
  const target = readTarget({ kernel, maps: names }, info)
  switch (target?.kind) {
    case 'xdp':
      return isNumber(target.interface)
        ? elsewhere(target.interface)
        : { kind: 'xdp', interface: target.interface, mode: 'auto' }
    case 'tcx':
      return isNumber(target.interface) ? elsewhere(target.interface) : target
    case 'cgroup': {
      if (isNumber(target.path)) return `cgroup ${target.path} is on no cgroup file system that can be seen`
      return { kind: 'cgroup', path: target.path, ...typed(program, target) }
    }
    case 'netns': {
      const path = places.namespaces.find(([, inode]) => inode === target.inode)?.[0]
      if (path === undefined) return `network namespace ${target.inode} has no file in /run/netns`
      return { kind: 'netns', path, ...typed(program, target) }
    }
    case 'tracepoint':
      return tracepointOf(target.name, program)
    case 'raw_tracepoint':
      return target
    case 'iter':
      if (target.map?.includes('#')) return 'the map that it walks is not imported'
      return target.map || target.start
        ? { kind: 'iter', ...(target.map && { map: nameOf(target.map) }), ...(target.start && { start: target.start }) }
        : undefined
    default:
      return `pinfold does not attach links of type ${info.type}`
  }
}

const isNumber = (name: string): boolean => name.startsWith('#')

const elsewhere = (index: string): string => `interface ${index} is in another network namespace`

function typed<T extends string>(
  { state }: DraftedProgram,
  { attachType }: { readonly attachType: T },
): { readonly attachType?: T } {
  const { type, attachType: loaded } = state.load ?? {}
  const implied = (type && onlyAttachType[type]) ?? loaded
  return implied === attachType ? {} : { attachType }
}

/** The kernel tells the name at most (Linux 6.6); the category only the section knows. */
function tracepointOf(name: string, { spec }: DraftedProgram): ManifestAttach | string | undefined {
  const [category, section] = spec.attachTarget?.split('/') ?? []
  if (category !== undefined && section !== undefined && (name === '?' || name === section)) return undefined
  return `the kernel does not tell the category of tracepoint ${name}, and section ${spec.section} does not either`
}

interface Naming extends Attachment {
  readonly taken: readonly string[]
}

/** As its pin is called; else by what it runs and where. */
function nameLink(found: Found, { id, type }: LinkInfo, { program, attach, taken }: Naming): string {
  const pin = found.pinsOf('link', id)[0]
  const place = attach && 'interface' in attach ? attach.interface : (attach?.kind ?? type)
  const plain =
    pin?.slice(pin.lastIndexOf('/') + 1) ?? `${program ?? 'struct'}_${place}`.replace(/[^A-Za-z0-9_-]/g, '_')
  for (let count = 2, name = plain; ; name = `${plain}_${count++}`) if (!taken.includes(name)) return name
}

function refused(found: Found, info: LinkInfo, why: string): Diagnostic {
  const pin = found.pinsOf('link', info.id)[0] ?? found.pinsElsewhere('link', info.id)[0]
  const where = pin === undefined ? 'has no pin' : `is pinned at ${pin}`
  const detail = `link #${info.id} (${info.type}) ${where} and cannot be imported: ${why}.`
  return finding('P184', 'warning', { detail, hint: 'it stays as it is; an upgrade does not switch it' })
}

function unpinned(found: Found, { id, type }: LinkInfo): Diagnostic[] {
  if (found.pinsOf('link', id).length > 0) return []
  const [path] = found.pinsElsewhere('link', id)
  const now = path === undefined ? 'has no pin: a process holds it' : `is pinned at ${path}, outside of the paths`
  const detail = `link #${id} (${type}) ${now}; it is pinned by the stack from now on.`
  const hint =
    path === undefined
      ? 'stop that process afterwards, or it attaches again when it starts'
      : 'remove that pin when nobody looks for it there'
  return [finding('P186', 'warning', { detail, hint: `${hint}; --except '#${id}' leaves it out` })]
}
