import { join } from 'node:path'
import type { Kernel } from '../kernel/kernel.ts'
import type { PlanStamp } from '../kernel/used-map.ts'
import type { MapAddress } from '../model/address.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import type { DesiredState } from '../model/state.ts'
import type { Plan } from '../plan/plan.ts'
import type { Btf } from './btf.ts'
import type { Migrated } from './event.ts'
import type { Handles } from './handles.ts'
import type { ProgramLoads } from './program-loads.ts'

/** How an apply behaves; every field has a default. */
export interface ApplyOptions {
  /** Asks to stop: before the trees are exchanged everything is undone, afterwards the apply is finished. */
  readonly signal?: AbortSignal
  /** Programs that the verifier works on at the same time; default: one a CPU, at most four. */
  readonly parallelLoads?: number
  /** How much is kept of the verifier's log of a refused program, which may have hundreds of megabytes; default `end`. */
  readonly verifierLog?: 'end' | 'whole'
  /** Milliseconds to wait for the ids of old programs and links to go; default 2000. */
  readonly patience?: number
  /**
   * The plan was saved and is good for one use: marked as used in the stack's `used` right before the first step. One that was
   * used before is refused (outcome `stale`, P312, P322). Absent: it may be applied as often as it fits.
   */
  readonly use?: PlanStamp
}

/** What the operations of one apply share. */
export interface Execution {
  readonly kernel: Kernel
  readonly plan: Plan
  readonly desired: DesiredState | undefined
  readonly handles: Handles
  readonly loads: ProgramLoads
  readonly btf: Btf
  readonly patience: number
  readonly diagnostics: Diagnostic[]
  /** What became of the entries of each map that was migrated. */
  readonly migrated: Map<MapAddress, Migrated>
  /** Programs that an earlier step waited for in vain: nobody waits for them again. */
  readonly lingering: Set<number>
}

/** The absolute path of a step's path; a foreign owner's path is absolute already. */
export const absolute = (plan: Plan, path: string): string => (path.startsWith('/') ? path : join(plan.directory, path))
