import type { Diagnostic } from '../model/diagnostic.ts'
import { kernelConstants } from '../model/kernel-constants.ts'
import type { LinkTarget } from '../model/link-spec.ts'
import type { Machine } from '../model/machine.ts'
import type { AttachType, ProgramType } from '../model/program-types.ts'
import type { LinkState, ProgramState, Resource } from '../model/state.ts'
import { complaint } from './codes.ts'

/** Complaints about what a kernel surely does not have (M236), so that a plan says it and not the apply. */
export function checkKernel(resources: readonly Resource[], machine: Machine | undefined): readonly Diagnostic[] {
  if (!machine) return []
  return resources.flatMap((resource) => {
    const lacking = needsOf(resource).find(({ constant }) => machine.lacks(constant))
    return lacking ? [refusal(resource, lacking, machine)] : []
  })
}

/** A constant that the kernel has to have, and what of a resource it stands for: the beginning of a sentence. */
interface Need {
  readonly constant: string
  readonly what: string
}

function refusal(resource: Resource, { constant, what }: Need, { release }: Machine): Diagnostic {
  const { verb, hint } = words[resource.kind]
  const since = kernelConstants.get(constant)?.since
  return complaint('M236', {
    detail: `cannot ${verb} ${resource.address}: ${what} came with Linux ${since}, and this is ${release}, whose types have no ${constant}`,
    hint,
    address: resource.address,
    at: resource.at,
  })
}

const words = {
  map: { verb: 'create', hint: 'declare it in the object as a map of another type' },
  program: { verb: 'load', hint: 'leave the program out for this kernel' },
  link: { verb: 'attach', hint: 'attach it to a hook that this kernel has' },
} as const

function needsOf(resource: Resource): readonly Need[] {
  if (resource.kind === 'link') return needsOfLink(resource)
  if (resource.kind === 'program') return needsOfProgram(resource)
  // Of somebody else's map there is nothing to ask: it is there.
  const { type } = resource.shape
  return resource.owner === 'foreign'
    ? []
    : [{ constant: `BPF_MAP_TYPE_${type.toUpperCase()}`, what: `maps of type ${type}` }]
}

function needsOfProgram({ load }: ProgramState): readonly Need[] {
  if (!load) return []
  const type = { constant: `BPF_PROG_TYPE_${load.type.toUpperCase()}`, what: `programs of type ${load.type}` }
  const isChecked = load.attachType !== undefined && checksAttachType.has(load.type)
  return isChecked ? [type, hook(load.attachType)] : [type]
}

/** Programs that are loaded for one attach type; of others an older kernel does not look at it. */
const checksAttachType: ReadonlySet<ProgramType> = new Set([
  'tracing',
  'lsm',
  'cgroup_sock',
  'cgroup_sock_addr',
  'netfilter',
])

const hook = (type: AttachType): Need => ({ constant: `BPF_${type.toUpperCase()}`, what: `the hook ${type}` })

function needsOfLink({ target }: LinkState): readonly Need[] {
  switch (target.kind) {
    case 'cgroup':
    case 'netns':
      return [hook(target.attachType)]
    case 'iter':
      return target.start ? [startNeed(target.start)] : []
    default:
      return linkNeeds[target.kind] ?? []
  }
}

type Start = NonNullable<Extract<LinkTarget, { readonly kind: 'iter' }>['start']>

const startNeed = ({ kind }: Start): Need => ({
  constant: kind === 'cgroup' ? 'BPF_CGROUP_ITER_SELF_ONLY' : 'BPF_TASK_ITER_TID',
  what: `iterators of one ${kind}`,
})

/** Kinds of links that came with an attach type of their own; raw tracepoints have always had a way of theirs. */
const linkNeeds: Readonly<Partial<Record<LinkTarget['kind'], readonly Need[]>>> = {
  xdp: [{ constant: 'BPF_XDP', what: 'links to XDP' }],
  tcx: [{ constant: 'BPF_TCX_INGRESS', what: 'tcx' }],
  tracepoint: [{ constant: 'BPF_PERF_EVENT', what: 'links to tracepoints' }],
  struct_ops: [{ constant: 'BPF_STRUCT_OPS', what: 'links of struct_ops' }],
}
