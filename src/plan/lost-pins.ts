import { kindOf, nameOf } from '../model/address.ts'
import type { StackRecord } from '../model/record.ts'
import type { CurrentState, DesiredState, Resource } from '../model/state.ts'
import type { Change } from './change.ts'

/** Marks as drift what is new only because somebody removed its pin: the record knows it, the tree lacks it. */
export function markLost(
  changes: readonly Change[],
  { record }: CurrentState,
  desired: DesiredState,
): readonly Change[] {
  if (!record) return changes
  return changes.map((change) => {
    const wanted = desired.resources.get(change.address)
    return change.action === 'create' && wanted && wasThere(record, wanted) ? { ...change, drift: true } : change
  })
}

/** A link of the same name that went elsewhere is the manifest's doing. */
function wasThere({ maps, programs, links }: StackRecord, wanted: Resource): boolean {
  const name = nameOf(wanted.address)
  if (wanted.kind !== 'link') return Object.hasOwn(kindOf(wanted.address) === 'map' ? maps : programs, name)
  const before = Object.hasOwn(links, name) ? links[name] : undefined
  return before?.program === wanted.program && JSON.stringify(before.target) === JSON.stringify(wanted.target)
}
