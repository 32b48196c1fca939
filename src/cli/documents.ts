import type { ApplyEvent, HostSnapshot } from '../index.ts'
import type { CheckupDocument } from './views/checkup.ts'
import type { CodesDocument } from './views/codes.ts'
import type { ConfirmationDocument, UnconfirmedDocument } from './views/confirmation.ts'
import type { DriftDocument } from './views/drift.ts'
import type { ErrorDocument } from './views/error.ts'
import type { ImportDocument } from './views/findings.ts'
import type { FleetDocument } from './views/fleet.ts'
import type { ObjectDocument } from './views/inspect.ts'
import type { PlanDocument } from './views/plan-document.ts'
import type { StacksDocument } from './views/show-document.ts'
import type { SnapshotSummary } from './views/snapshot.ts'
import type { TimingsDocument } from './views/timings.ts'
import type { ValidDocument } from './views/validate.ts'
import type { VerificationDocument } from './views/verify.ts'

// The schemas in schema/ are generated from these types (npm run generate), and so is docs/output.md's list of them.

export type { HostSnapshot } from '../index.ts'
export type { PlanDocument } from './views/plan-document.ts'

/** Everything that the command line prints with --json; `type` tells which it is. */
export type Document = PlanDocument | EventDocument | OutputDocument | HostSnapshot

/** One line of what `apply`, `confirm`, `recover`, `rollback`, `destroy` and `doctor --repair` print beside plans. */
export type EventDocument = RunEvent | UnconfirmedDocument | ConfirmationDocument | NothingDocument | ErrorDocument

/** What the other commands print. */
export type OutputDocument =
  | StacksDocument
  | ValidDocument
  | VerificationDocument
  | ObjectDocument
  | CheckupDocument
  | DriftDocument
  | ManifestDocument
  | CodesDocument
  | ImportDocument
  | SnapshotSummary
  | FleetDocument
  | TimingsDocument

/** An event of a run; the first one says by which version of the schema the others are made. */
export type RunEvent = ({ readonly version: 1 } & StartedEvent) | Exclude<ApplyEvent, StartedEvent>

type StartedEvent = Extract<ApplyEvent, { readonly type: 'started' }>

/** What `init` writes. */
export interface ManifestDocument {
  readonly type: 'manifest'
  readonly version: 1
  /** The stack that it declares. */
  readonly stack: string
  /** Where it was written; absent: only printed. */
  readonly file?: string
  /** The manifest, as YAML with comments. */
  readonly text: string
}

/** There is nothing to do: no such stack, or it is whole. */
export interface NothingDocument {
  readonly type: 'nothing'
  readonly version: 1
  /** The stack that was to be destroyed or recovered. */
  readonly stack: string
}

/** The document of an event. */
export function eventDocument(event: ApplyEvent): RunEvent {
  if (event.type !== 'started') return event
  const { type, ...rest } = event
  return { type, version: 1, ...rest }
}
