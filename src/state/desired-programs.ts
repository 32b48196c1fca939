import type { ManifestProgram } from '../manifest/manifest.ts'
import { programAddress } from '../model/address.ts'
import type { LoadAttributes, ProgramSpec } from '../model/program-spec.ts'
import type { AttachType, ProgramType } from '../model/program-types.ts'
import { type LinkedProgram, linkProgram } from '../object/link/link-program.ts'
import { nearest } from '../util/nearest.ts'
import type { StateCodeName } from './codes.ts'
import { complain, type FoundProgram, type LoadedObject, type Reading } from './desired-reading.ts'
import { attachmentOf } from './desired-struct-ops.ts'
import { unlessUnknown } from './unless-unknown.ts'

/** Finds every declared program in the objects and what it is loaded with; one that cannot be is complained about. */
export function findPrograms(reading: Reading, objects: readonly LoadedObject[]): FoundProgram[] {
  const named = objects.map((object) => new Map(object.file.programs.map((spec) => [spec.name, { object, spec }])))
  return [...reading.loaded.manifest.programs.values()].flatMap((declared) => {
    const found = named.flatMap((programs) => programs.get(declared.function) ?? [])
    const place = choosePlace(reading, objects, { declared, found })
    if (!place || !isDefined(reading, declared, place) || !isSupported(reading, declared, place.spec)) return []
    const load = readLoad(reading, declared, place)
    const linked = link(reading, declared, place)
    if (!load || !linked) return []
    const whole = linked.modules ? { ...load, modules: linked.modules } : load
    return [{ address: programAddress(declared.name), declared, load: whole, ...place, linked }]
  })
}

type ProgramPlace = Pick<FoundProgram, 'object' | 'spec'>

interface Found {
  readonly declared: ManifestProgram
  /** Where the objects have a program of that name. */
  readonly found: readonly ProgramPlace[]
}

function choosePlace(
  reading: Reading,
  objects: readonly LoadedObject[],
  { declared, found }: Found,
): ProgramPlace | undefined {
  const { name, object: wanted, function: fn } = declared
  const isSearched = (object: LoadedObject): boolean => wanted === undefined || object.name === wanted
  const places = found.filter(({ object }) => isSearched(object))
  if (places.length === 1) return places[0]
  const path = ['programs', name]
  if (places.length > 1) {
    const owners = places.map(({ object }) => object.name).join(', ')
    const detail = `cannot find program.${name}: several objects have a program ${fn} (${owners})`
    complain(reading, 'M203', { detail, hint: 'write `object:` with one of them', address: programAddress(name), path })
  } else if (mayBeMissing(reading, objects, wanted)) complainUnknown(reading, objects.filter(isSearched), declared)
  return undefined
}

/** False where an object that could hold it was itself unreadable: that complaint is enough. */
const mayBeMissing = (reading: Reading, objects: readonly LoadedObject[], wanted: string | undefined): boolean =>
  wanted === undefined
    ? objects.length === reading.loaded.manifest.objects.size
    : objects.some((object) => object.name === wanted)

function complainUnknown(reading: Reading, searched: readonly LoadedObject[], declared: ManifestProgram): void {
  const { name, function: fn } = declared
  const known = searched.flatMap(({ file }) => file.programs.map((spec) => spec.name))
  const guess = nearest(fn, known)
  const files = searched.map(({ file }) => file.name).join(', ')
  complain(reading, 'M202', {
    detail: `cannot find program.${name}: ${files || 'no object'} has no program ${fn}${known.length > 0 ? `, but ${known.join(', ')}` : ''}`,
    hint: guess ? `did you mean ${guess}?` : 'write `function:` where it has another name in the object',
    address: programAddress(name),
    path: ['programs', name],
  })
}

/** Without BTF nobody knows which undefined names are the kernel's. */
function isDefined(reading: Reading, { name }: ManifestProgram, { object, spec }: ProgramPlace): boolean {
  if (spec.undefined.length === 0) return true
  const hint = object.file.btf
    ? 'link the object that defines it (`bpftool gen object`), or declare it __ksym or __kconfig'
    : 'compile it with -g: its BTF tells whether the kernel has it'
  refuseLoad(reading, name, { code: 'O205', what: `nothing defines ${spec.undefined.join(', ')}`, hint })
  return false
}

function isSupported(reading: Reading, { name }: ManifestProgram, spec: ProgramSpec): boolean {
  if (spec.unsupported.length === 0) return true
  const what = `it needs ${spec.unsupported.join(', ')}, which pinfold does not support yet`
  refuseLoad(reading, name, { code: 'O201', what, hint: 'compile it without, or leave the program out' })
  return false
}

function link(reading: Reading, { name }: ManifestProgram, { object, spec }: ProgramPlace): LinkedProgram | undefined {
  const place = { verb: `cannot load program.${name}`, address: programAddress(name), path: ['programs', name] }
  const linked = unlessUnknown(reading, place, () => linkProgram(spec, object.file, reading.linkTarget))
  for (const problem of linked?.problems ?? []) refuseLoad(reading, name, problem)
  return linked?.problems.length === 0 ? linked : undefined
}

/** Why a program cannot be loaded: `what` is the end of a sentence. */
interface LoadProblem {
  readonly code: StateCodeName
  readonly what: string
  readonly hint?: string | undefined
}

function refuseLoad(reading: Reading, name: string, { code, what, hint }: LoadProblem): void {
  complain(reading, code, {
    detail: `cannot load program.${name}: ${what}`,
    hint,
    address: programAddress(name),
    path: ['programs', name],
  })
}

const BPF_F_SLEEPABLE = 1 << 4

function readLoad(
  reading: Reading,
  declared: ManifestProgram,
  { object, spec }: ProgramPlace,
): LoadAttributes | undefined {
  const type = declared.type ?? spec.type
  if (!type) return complainTypeless(reading, declared, spec)
  const attachType = declared.attachType ?? (declared.type && declared.type !== spec.type ? undefined : spec.attachType)
  const attachTo = readAttachTo(reading, declared, {
    type,
    attachType,
    target: declared.attachTarget ?? spec.attachTarget,
    object,
    spec,
  })
  if (attachTo === 'unknown') return undefined
  const { license, kernelVersion } = object.file
  return {
    type,
    ...(attachType === undefined ? {} : { attachType }),
    flags: withSleepable(spec.flags, declared.sleepable),
    license,
    ...(kernelVersion === undefined ? {} : { kernelVersion }),
    ...(attachTo === undefined ? {} : { attachTo: attachTo.name }),
    ...(attachTo === undefined ? {} : extendedBy(declared)),
  }
}

function extendedBy({ attachProgram: program }: ManifestProgram): Pick<LoadAttributes, 'attachProgram'> {
  if (program === undefined) return {}
  return { attachProgram: program.startsWith('/') ? (program as `/${string}`) : programAddress(program) }
}

function withSleepable(flags: number, sleepable: boolean | undefined): number {
  if (sleepable === undefined) return flags
  return sleepable ? flags | BPF_F_SLEEPABLE : flags & ~BPF_F_SLEEPABLE
}

function complainTypeless(reading: Reading, { name }: ManifestProgram, { section }: ProgramSpec): undefined {
  refuseLoad(reading, name, {
    code: 'M205',
    what: `its section ${section} names no program type`,
    hint: `write \`type:\` under programs.${name}, for example \`type: ${typeLike(section)}\`, or rename the section`,
  })
}

/** Sections were named freely before libbpf 1.0: what their beginnings usually meant. */
const formerSections: readonly (readonly [beginning: RegExp, type: ProgramType])[] = [
  [/^(classifier|cls|tc)/, 'sched_cls'],
  [/^(action|act)/, 'sched_act'],
  [/^cgroup/, 'cgroup_skb'],
  [/^sock_?ops/, 'sock_ops'],
]

const typeLike = (section: string): ProgramType => formerSections.find(([it]) => it.test(section))?.[1] ?? 'xdp'

interface AttachQuestion extends ProgramPlace {
  readonly type: ProgramType
  readonly attachType: AttachType | undefined
  readonly target: string | undefined
}

/** Kernel functions by the prefix that their names have in BTF, for what is loaded against one of them. */
const prefixes: Partial<Record<AttachType, string>> = {
  trace_iter: 'bpf_iter_',
  lsm_mac: 'bpf_lsm_',
  lsm_cgroup: 'bpf_lsm_',
  trace_raw_tp: 'btf_trace_',
  trace_fentry: '',
  trace_fexit: '',
  modify_return: '',
  trace_fsession: '',
}

/** Undefined for a program that is loaded without one; `unknown` when it needs one and nothing tells. */
function readAttachTo(
  reading: Reading,
  { name, attachProgram }: ManifestProgram,
  question: AttachQuestion,
): { readonly name: string } | undefined | 'unknown' {
  const { type, attachType, target } = question
  if (type === 'ext' || (type === 'tracing' && attachProgram !== undefined)) {
    if (target !== undefined && attachProgram !== undefined) return { name: target }
    return unnamed(reading, name, {
      what: `it is loaded against a function of another program, and nothing names ${target === undefined ? 'the function' : 'the program'}`,
      hint: 'write `attachProgram:`, a program of the stack or the path of a pin, and `attachTarget:`, its function',
    })
  }
  if (type === 'struct_ops') return readMember(reading, name, question)
  const prefix = type === 'tracing' || type === 'lsm' ? prefixes[attachType ?? 'trace_fentry'] : undefined
  if (prefix === undefined) return undefined
  // `MODULE:NAME`: the prefix belongs to the name.
  if (target !== undefined) return { name: target.replace(/^([^:]*:)?/, `$1${prefix}`) }
  return unnamed(reading, name, {
    what: `a ${attachType ?? type} program is loaded against one kernel function, and nothing names it`,
    hint: 'write `attachTarget:`, or put the name behind a slash in the section',
  })
}

function unnamed(reading: Reading, name: string, problem: Omit<LoadProblem, 'code'>): 'unknown' {
  refuseLoad(reading, name, { code: 'M206', ...problem })
  return 'unknown'
}

function readMember(
  reading: Reading,
  name: string,
  { object, spec }: AttachQuestion,
): { readonly name: string } | 'unknown' {
  const found = attachmentOf(reading, { object, program: spec.name })
  if ('name' in found) return found
  refuseLoad(reading, name, { code: 'O230', what: found.problem })
  return 'unknown'
}
