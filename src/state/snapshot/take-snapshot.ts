import {
  type HostSnapshot,
  type SavedMachine,
  type SavedTypes,
  sealSnapshot,
  snapshotVersion,
} from '../../kernel/host-snapshot.ts'
import type { Kernel, LinkInfo, ProgramInfo } from '../../kernel/kernel.ts'
import { KernelError } from '../../model/errors.ts'
import { kernelConstants } from '../../model/kernel-constants.ts'
import type { Machine } from '../../model/machine.ts'
import { pack } from '../../util/packed.ts'
import { checkDirectory } from '../check-directory.ts'
import { openOrGone } from '../open-or-gone.ts'
import { listIds } from '../reachable.ts'
import { readAttachments } from './read-attachments.ts'
import { readMaps } from './read-maps.ts'
import { readMounts } from './read-mounts.ts'
import { readProcesses } from './read-processes.ts'
import { findStackMaps } from './stack-maps.ts'

/** What is taken, and what is written on it. */
export interface SnapshotOptions {
  /** Absolute path of the bpffs root. */
  readonly bpffs: string
  /** Also the kernel's types and symbols, by which programs are adapted to it; some megabytes. Default: not. */
  readonly withBtf?: boolean
  /** What takes it: `pinfold 0.1.0`. */
  readonly tool: string
  /** ISO 8601, UTC. */
  readonly time: string
}

/**
 * Reads all that plans are made from on this machine, for whoever plans elsewhere. Changes nothing. What others do meanwhile may
 * be in it by half, as it may in a plan. Throws PlanError (P201, P202) and KernelError (K201: no CAP_SYS_ADMIN).
 */
export async function takeSnapshot(kernel: Kernel, options: SnapshotOptions): Promise<HostSnapshot> {
  const { bpffs, tool, time, withBtf = false } = options
  checkDirectory(kernel, { path: bpffs })
  refuseLinks(kernel, bpffs)
  const { identity, machine } = kernel
  const { mounts, files, pins } = readMounts(kernel)
  const programs = describeAll<ProgramInfo>(kernel, 'program')
  const stacks = findStackMaps(kernel, pins, programs)
  const { maps, contents } = readMaps(kernel, stacks)
  const links = describeAll<LinkInfo>(kernel, 'link')
  const places = stacks.withPlaces(kernel, await kernel.places())
  return sealSnapshot({
    type: 'snapshot',
    version: snapshotVersion,
    ...{ tool, time, bpffs },
    kernel: { ...identity },
    ...(machine && { machine: saveMachine(machine, withBtf) }),
    sinceBoot: kernel.sinceBoot(),
    user: kernel.bpffs.user,
    ...{ mounts, files, maps, programs, links, contents },
    attachments: readAttachments(kernel, { places, programs, links }),
    places,
    processes: readProcesses(kernel),
  })
}

/** A snapshot has what lies on each bpffs, by its path there. */
function refuseLinks({ bpffs }: Kernel, path: string): void {
  const mountPoint = bpffs.mountOf(path)?.mountPoint ?? path
  if (path === mountPoint || path.startsWith(`${mountPoint}/`)) return
  throw new KernelError(`cannot take a snapshot of ${path}: a symbolic link leads from there to ${mountPoint}`, {
    code: 'K113',
    command: 'snapshot',
    errno: 'ELOOP',
    hint: 'name the directory by its own path with --bpffs',
  })
}

function describeAll<I extends ProgramInfo | LinkInfo>(kernel: Kernel, kind: I['kind']): I[] {
  return listIds(kernel, kind).flatMap((id) => {
    using fd = openOrGone(kernel, kind, id)
    return fd ? [kernel.describe(fd) as I] : []
  })
}

function saveMachine(machine: Machine, withBtf: boolean): SavedMachine {
  const { release, version } = machine
  const config = machine.config()
  const lacking = [...kernelConstants.keys()].filter((name) => machine.lacks(name))
  return {
    release,
    version,
    ...(config !== undefined && { config: pack(config) }),
    ...(lacking.length > 0 && { lacking }),
    ...(withBtf && { types: saveTypes(machine) }),
  }
}

function saveTypes(machine: Machine): SavedTypes {
  const vmlinux = machine.vmlinuxBtf()
  const symbols = machine.symbols()
  const modules = machine.moduleNames().flatMap((name) => {
    const bytes = machine.moduleBtf(name)
    return bytes ? [[name, pack(bytes)] as const] : []
  })
  return {
    ...(vmlinux && { vmlinux: pack(vmlinux) }),
    modules: Object.fromEntries(modules),
    ...(symbols !== undefined && { symbols: pack(symbols) }),
  }
}
