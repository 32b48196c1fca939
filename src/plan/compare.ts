import type { CurrentState, DesiredState, Ownership } from '../model/state.ts'
import { withCauses, withPinCauses } from './causes.ts'
import type { Change, PinChange } from './change.ts'
import { byAddress, diff } from './diff.ts'
import { findDrift } from './drift.ts'
import { markRetention } from './kept-on-destroy.ts'
import { diffOuterPins } from './outer-pins.ts'
import type { Plan } from './plan.ts'
import { markProtection } from './protection.ts'

/** What differs, and why. */
export interface Comparison extends Pick<Plan, 'changes' | 'ownership'>, Required<Pick<Plan, 'pins' | 'drift'>> {
  /** What the plan is for; default: what the wanted state says. */
  readonly action?: Plan['action']
  /** A new generation is published, whether anything differs or not; default: false. */
  readonly isRenewed?: boolean
}

/** Compares what is there, the record and what is wanted. */
export function compare(current: CurrentState, desired: DesiredState): Comparison {
  const compared = withMoves(diff(current, desired), current)
  const changes = markRetention(markProtection(compared, current, desired), current, desired)
  const ownership = ownershipCause(current, desired)
  const pins = diffOuterPins({ current, desired, changes: byAddress(changes) }, { renew: ownership !== undefined })
  if (!ownership && isSettled(current, [...changes, ...pins])) return { changes, pins, drift: [] }
  const drift = findDrift(current, desired)
  const caused = drift.length > 0 ? withCauses(changes, current, desired) : changes
  return { changes: caused, pins: withPinCauses(pins, current, caused), drift, ...(ownership && { ownership }) }
}

function withMoves(changes: readonly Change[], { moved = [] }: CurrentState): readonly Change[] {
  const origins = new Map(moved.map(({ from, to }) => [to, from]))
  return changes.map((change) => {
    const movedFrom = origins.get(change.address)
    return movedFrom ? { ...change, movedFrom } : change
  })
}

/** True when there is a live generation, and it has all that is wanted. */
export const isSettled = ({ trees }: CurrentState, changes: readonly (Change | PinChange)[]): boolean =>
  trees.some((tree) => tree.name === 'live') && changes.every(isKept)

const isKept = (change: Change | PinChange): boolean =>
  change.action === 'keep' && !('because' in change && (change.movedFrom ?? change.protection ?? change.retention))

/** Why owner and mode of the tree are set again, if they are. */
function ownershipCause({ record, misowned }: CurrentState, desired: DesiredState): Plan['ownership'] {
  const isDeclared = JSON.stringify(ownershipOf(record)) === JSON.stringify(ownershipOf(desired))
  if (!misowned) return isDeclared ? undefined : 'manifest'
  return isDeclared ? 'drift' : 'both'
}

/** Owner and mode with what they are where nothing is said. */
export const ownershipOf = (side: { readonly ownership?: Ownership } | undefined): Ownership => {
  const { uid = 0, gid = 0, mode = closedMode } = side?.ownership ?? {}
  return { uid, gid, mode }
}

/** The mode of directories that the manifest says nothing of. */
export const closedMode = 0o700
