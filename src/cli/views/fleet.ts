import type { KernelIdentity } from '../../index.ts'
import type { ExitCode } from '../exit-codes.ts'
import type { Paint } from '../terminal.ts'
import type { DriftDocument } from './drift.ts'
import { type ErrorDocument, errorDocument } from './error.ts'
import { renderErrorMarkdown } from './markdown/error.ts'
import { prose } from './markdown/escape.ts'
import { renderMarkdown } from './markdown/plan.ts'
import { mostCharacters } from './markdown/shorten.ts'
import type { PlanDocument } from './plan-document.ts'
import { counted } from './text.ts'

/** What came of one host. */
export interface PlannedHost {
  /** Its snapshot. */
  readonly file: string
  readonly host: KernelIdentity['host']
  readonly exitCode: ExitCode
  /** Absent where there is none: then `error` says why. */
  readonly plan?: PlanDocument | DriftDocument
  readonly error?: unknown
}

/** Hosts for which the plan says the same; that of the first stands for all. */
export interface HostClass {
  readonly first: PlannedHost
  readonly all: readonly PlannedHost[]
}

/** What `plan --json` prints for several hosts. */
export interface FleetDocument {
  readonly type: 'plans'
  readonly version: 1
  /** The largest first. */
  readonly classes: readonly ClassDocument[]
  /** The worst of all. */
  readonly exitCode: ExitCode
}

/** Hosts for which a plan says the same, but for their ids, names and boots and for how full their maps are. */
export interface ClassDocument {
  /** In the order of their snapshots. */
  readonly hosts: readonly HostDocument[]
  /** That of a plan for one of them. */
  readonly exitCode: ExitCode
  /** That of the first, with --drift-only what differs there; absent where there is none. */
  readonly plan?: PlanDocument | DriftDocument
  /** Why there is no plan; absent where there is one. */
  readonly error?: ErrorDocument
}

/** A host and its snapshot. */
export interface HostDocument {
  /** The host name. */
  readonly name: string
  /** SHA-256 of its machine-id. */
  readonly id: string
  /** The snapshot that was planned for. */
  readonly file: string
}

/** The document of what came of several hosts. */
export function fleetDocument(classes: readonly HostClass[], exitCode: ExitCode): FleetDocument {
  return {
    type: 'plans',
    version: 1,
    classes: classes.map(({ first, all }) => ({
      hosts: all.map(({ file, host: { name, id } }) => ({ name, id, file })),
      exitCode: first.exitCode,
      ...(first.plan ? { plan: first.plan } : { error: errorDocument(first.error) }),
    })),
    exitCode,
  }
}

export interface ClassHead {
  readonly index: number
  readonly of: number
  readonly paint: Paint
}

/** `[1/2] 3 hosts: web-1, web-2, web-3`. */
export function renderClassHead({ all }: HostClass, { index, of, paint }: ClassHead): string {
  return paint('cyan', `[${index + 1}/${of}] ${namesOf(all, (name) => name)}`)
}

/** A comment with every class, which share the room. */
export function renderFleetMarkdown(classes: readonly HostClass[]): string {
  const room = Math.floor(mostCharacters / Math.max(1, classes.length))
  const parts = classes.map(({ first, all }) => {
    const head = `**${namesOf(all, prose)}**\n\n`
    const left = room - head.length - 1
    return (
      head + (first.plan?.type === 'plan' ? renderMarkdown([first.plan], left) : renderErrorMarkdown(first.error, left))
    )
  })
  return parts.join('\n')
}

const mostNames = 12

function namesOf(hosts: readonly PlannedHost[], write: (name: string) => string): string {
  const names = hosts.slice(0, mostNames).map(({ host }) => write(host.name))
  const more = hosts.length > mostNames ? [`and ${hosts.length - mostNames} more`] : []
  return `${counted(hosts.length, 'host')}: ${[...names, ...more].join(', ')}`
}
