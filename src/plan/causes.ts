import type { Address } from '../model/address.ts'
import type { CurrentState, DesiredState } from '../model/state.ts'
import type { Change, PinChange } from './change.ts'
import { byAddress, diff } from './diff.ts'
import { recordedState } from './recorded-state.ts'

/**
 * Says of each change whether it undoes what somebody else did since the last apply, is what the manifest changed since, or
 * both: by comparing the record with either side. Without a record nothing is said.
 */
export function withCauses(
  changes: readonly Change[],
  current: CurrentState,
  desired: DesiredState,
): readonly Change[] {
  if (changes.every(({ action }) => action === 'keep')) return changes
  const recorded = recordedState(current, desired)
  if (!recorded) return changes
  const drifted = changedIn(diff(recorded.found, recorded.wanted))
  if (drifted.size === 0) return changes
  const declared = changedIn(diff(recorded.untouched, desired))
  return changes.map((change) => {
    if (change.action === 'keep' || !drifted.has(change.address)) return change
    return { ...change, cause: declared.has(change.address) ? 'both' : 'drift' }
  })
}

const changedIn = (changes: readonly Change[]): ReadonlySet<Address> =>
  new Set(changes.flatMap(({ action, address }) => (action === 'keep' ? [] : [address])))

/** The same for pins elsewhere: one that somebody removed, or that follows its object. */
export function withPinCauses(
  pins: readonly PinChange[],
  { record }: CurrentState,
  changes: readonly Change[],
): readonly PinChange[] {
  const objects = byAddress(changes)
  return pins.map((pin) => {
    const { action, path, address } = pin
    const isLost = action === 'create' && record?.pins?.[path] !== undefined
    const cause = isLost ? 'drift' : action === 'update' ? objects.get(address)?.cause : undefined
    return cause ? { ...pin, cause } : pin
  })
}
