import { dirname } from 'node:path'
import type { Descriptors, Kernel } from '../kernel/kernel.ts'
import { type Address, type Kind, kindOf } from '../model/address.ts'
import { KernelError } from '../model/errors.ts'
import type { CurrentState } from '../model/state.ts'
import type { Holder, Trace } from '../model/trace.ts'
import { openOrGone } from './open-or-gone.ts'

/** A difference, as far as it matters here (see plan/drift). */
export interface Differing {
  readonly kind: string
  readonly address?: Address
  readonly path?: string
  readonly because: readonly { readonly attribute: string; readonly after?: string | number | undefined }[]
}

/** When and for whom traces are read. */
export interface TraceOptions {
  /** This moment, in milliseconds since 1970: what the kernel counts from boot is told in the same clock. */
  readonly now: number
}

/**
 * Reads by whom, as far as the kernel tells: of each difference the objects that it is about. Nobody keeps a diary: who removed
 * a pin or wrote an entry is not known, only when a directory was changed and who has the map open now. Looks through
 * /proc, so it is slow.
 */
export function readTraces(
  kernel: Kernel,
  current: CurrentState,
  { drift, now }: TraceOptions & { readonly drift: readonly Differing[] },
): readonly (readonly Trace[])[] {
  if (drift.length === 0) return []
  const reading = { kernel, current, descriptors: kernel.descriptors(), booted: now - kernel.sinceBoot() }
  return drift.map((it) => [
    ...objectsOf(it, current).flatMap((object) => traceObject(reading, object)),
    ...traceFile(reading, it),
  ])
}

interface Reading {
  readonly kernel: Kernel
  readonly current: CurrentState
  readonly descriptors: Descriptors
  /** Milliseconds since 1970. */
  readonly booted: number
}

type Found = NonNullable<Trace['object']>

/** The object itself, and those that were found in the place of others. */
function objectsOf({ kind, address, because }: Differing, { resources }: CurrentState): Found[] {
  const found = because.flatMap((reason) => mentioned(reason, address))
  const id = address && resources.get(address)?.live?.id
  const isThere = id !== undefined && (kind !== 'replaced' || found.length === 0)
  return isThere ? [{ kind: kindOf(address as Address), id }, ...found] : found
}

/** `#99`, `map#41`, `map #41 (theirs)`. */
function mentioned({ attribute, after }: Differing['because'][number], address: Address | undefined): Found[] {
  const [, named, number] = /^(map|program|link)? ?#(\d+)/.exec(String(after)) ?? []
  if (number === undefined) return []
  const own = attribute === 'pin' && address ? kindOf(address) : attribute.startsWith('inner.') ? 'map' : 'program'
  return [{ kind: (named ?? own) as Kind, id: Number(number) }]
}

function traceObject({ kernel, descriptors, booted }: Reading, object: Found): Trace[] {
  const holders = holdersOf(kernel, descriptors[object.kind].get(object.id) ?? [])
  using fd = openOrGone(kernel, object.kind, object.id)
  const info = fd && kernel.describe(fd, { frozen: false })
  const named = info && info.kind !== 'link' ? { ...object, name: info.name } : object
  const loaded = info?.kind === 'program' ? { uid: info.uid, loaded: isoTime(booted + info.loadedAt / 1e6) } : {}
  return [{ object: named, ...loaded, ...(holders.length > 0 && { holders }) }]
}

/** This process has some of them open itself. */
const holdersOf = (kernel: Kernel, processes: readonly number[]): Holder[] =>
  processes
    .filter((id) => id !== process.pid)
    .map((id) => {
      const name = kernel.processName(id)
      return name === undefined ? { process: id } : { process: id, name }
    })

/** The pin that is there, or the directory in which there is none any more. */
function traceFile({ kernel, current }: Reading, { kind, path }: Differing): Trace[] {
  if (path === undefined || !filed.has(kind)) return []
  const absolute = path.startsWith('/') ? path : path === '' ? current.directory : `${current.directory}/${path}`
  return [absolute, dirname(absolute)]
    .flatMap((at) => {
      const stat = statOrGone(kernel, at)
      if (!stat) return []
      const changed = stat.changed === undefined ? {} : { changed: isoTime(stat.changed) }
      return [{ path: at, uid: stat.uid, ...changed }]
    })
    .slice(0, 1)
}

/** Differences that left a trace in the file system. */
const filed: ReadonlySet<string> = new Set(['lost', 'replaced', 'ownership', 'foreign', 'moved', 'unknown'])

function statOrGone(kernel: Kernel, path: string): ReturnType<Kernel['bpffs']['stat']> {
  try {
    return kernel.bpffs.stat(path)
  } catch (error) {
    if (error instanceof KernelError) return undefined
    throw error
  }
}

/** To the second: the kernel's two clocks differ by less. */
const isoTime = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z')
