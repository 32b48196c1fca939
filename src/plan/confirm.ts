import type { StackRecord } from '../model/record.ts'
import type { CurrentState } from '../model/state.ts'
import type { Milliseconds } from '../util/measure.ts'
import type { Plan } from './plan.ts'

/** A published generation that nobody has confirmed yet. */
export interface Unconfirmed {
  readonly generation: number
  /** What it is taken back to; 0: there was none, the stack goes. */
  readonly former: number
  /** Milliseconds that are left; 0 when the time is up, also where the apply died before it started the clock. */
  readonly left: Milliseconds
}

/** What has to be confirmed at a moment, in milliseconds since boot; undefined where nothing has. */
export function unconfirmedAt(record: StackRecord | undefined, now: number): Unconfirmed | undefined {
  if (!record?.awaits || record.phase !== 'published') return undefined
  const { former, deadline = now } = record.awaits
  return { generation: record.generation, former, left: Math.max(0, deadline - now) }
}

/** The plan that keeps an unconfirmed generation: the same record, waiting for nothing. Undefined where none is waiting. */
export function makeConfirmPlan(current: CurrentState): Plan | undefined {
  if (!current.record?.awaits) return undefined
  const { awaits: _, ...record } = current.record
  return {
    version: 1,
    action: 'confirm',
    stack: current.stack,
    directory: current.directory,
    generation: { from: current.generation, to: current.generation },
    changes: [],
    steps: [{ phase: 'publish', kind: 'write-record', path: 'live/record' }],
    record,
    existing: {},
    preconditions: [],
    ledger: { arrays: [], rows: [] },
    diagnostics: [],
  }
}
