import type { Kernel, LinkInfo, ProgramInfo } from '../kernel/kernel.ts'
import type { ProgramAddress } from '../model/address.ts'
import type { CheckedLink, Checkup, SystemPin } from '../model/checkup.ts'
import { KernelError } from '../model/errors.ts'
import type { ProgramId } from '../model/ids.ts'
import type { LinkTarget } from '../model/link-spec.ts'
import type { CurrentState, DesiredState } from '../model/state.ts'
import { programTags } from '../util/program-tags.ts'
import { listStacks } from './check-directory.ts'
import { openOrGone } from './open-or-gone.ts'
import { readGraph } from './reachable.ts'
import { emptyGraph, readCurrent } from './read-current.ts'
import { readTarget } from './read-target.ts'

/**
 * Looks at everything that can be wrong with a system: its stacks, every link and program array, every pin that can be
 * seen, and who has maps open. `wanted` is a manifest that tells what arrays should hold and where programs are attached.
 * Changes nothing; throws KernelError K201 without CAP_SYS_ADMIN.
 */
export function readCheckup(kernel: Kernel, bpffs: string, wanted?: DesiredState): Checkup {
  const names = listStacks(kernel, bpffs, { withoutRecord: true })
  const stacks = names.map((stack) => readCurrent(kernel, { bpffs, stack, graph: emptyGraph }))
  // Who holds what is read before anything is opened by its id.
  const descriptors = kernel.descriptors().map
  const mounts = kernel.bpffs.mounts().list()
  const pins = mounts.flatMap(({ mountPoint }) => pinsBelow(kernel, mountPoint))
  const graph = readGraph(kernel, { targets: targetsOf(stacks, wanted) })
  const rescued = `${bpffs}/rescued`
  const programs = describeAll<ProgramInfo>(kernel, 'program')
  return {
    stacks: stacks.map((stack) => ({ ...stack, graph })),
    graph,
    links: describeAll<LinkInfo>(kernel, 'link').map((info) => checkedLink(kernel, info, programs)),
    pins,
    descriptors,
    fleeting: mounts.flatMap(({ mountPoint, isFleeting }) => (isFleeting ? [mountPoint] : [])),
    known: wanted ? sameCode(wanted, programs) : new Map(),
    rescued: { directory: rescued, exists: kernel.bpffs.stat(rescued) !== undefined },
    now: kernel.sinceBoot(),
  }
}

/** Where somebody may have attached something without a link. */
function targetsOf(stacks: readonly CurrentState[], wanted: DesiredState | undefined): LinkTarget[] {
  const resources = [...stacks, ...(wanted ? [wanted] : [])].flatMap((state) => [...state.resources.values()])
  const recorded = stacks.flatMap(({ record }) => Object.values(record?.links ?? {}).map((link) => link.target))
  return [...recorded, ...resources.flatMap((it) => (it.kind === 'link' ? [it.target] : []))]
}

function describeAll<I extends ProgramInfo | LinkInfo>(kernel: Kernel, kind: I['kind']): I[] {
  return kernel.ids(kind).flatMap((id) => {
    using fd = openOrGone(kernel, kind, id)
    return fd ? [kernel.describe(fd) as I] : []
  })
}

function checkedLink(kernel: Kernel, info: LinkInfo, programs: readonly ProgramInfo[]): CheckedLink {
  const { id, programId, type, severed, tracedId } = info
  // Of a program that is attached to another program the kernel tells no BTF.
  const onProgram = tracedId && programs.find((it) => it.id === programId)?.attachBtfId === 0
  const target = readTarget({ kernel, maps: new Map() }, info)
  return { id, programId, type, severed, target, ...(onProgram ? { onProgram: tracedId as ProgramId } : {}) }
}

/** Every pin of a bpffs, also where nobody but root may look. What vanishes meanwhile, or is none, is left out. */
function pinsBelow(kernel: Kernel, directory: string): SystemPin[] {
  return (readable(() => kernel.bpffs.list(directory)) ?? []).flatMap((entry): SystemPin[] => {
    const path = directory === '/' ? `/${entry.name}` : `${directory}/${entry.name}`
    if (entry.directory) return pinsBelow(kernel, path)
    const info = readable(() => kernel.describePin(path))
    return info ? [{ path, kind: info.kind, id: info.id }] : []
  })
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof KernelError) return undefined
    throw error
  }
}

/** The kernel's tag does not tell which maps a program uses, but its name and code are enough to put it into a slot again. */
function sameCode(wanted: DesiredState, programs: readonly ProgramInfo[]): Checkup['known'] {
  const found = new Map<ProgramAddress, readonly ProgramId[]>()
  for (const resource of wanted.resources.values()) {
    if (resource.kind !== 'program' || !resource.code) continue
    const { code, name } = resource
    const alike = programs.filter(
      (it) => it.name === kernelName(name) && programTags(code.instructions).includes(it.tag),
    )
    found.set(
      resource.address,
      alike.map((it) => it.id),
    )
  }
  return found
}

/** The kernel keeps 15 bytes of a name. */
const kernelName = (name: string): string => name.replace(/[^A-Za-z0-9_.]/g, '_').slice(0, 15)
