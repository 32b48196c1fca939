import { type Address, kindOf, nameOf } from '../model/address.ts'
import type { StackRecord } from '../model/record.ts'
import type { CurrentState, DesiredState } from '../model/state.ts'
import type { Change, Reason } from './change.ts'
import { closureOf } from './needs.ts'

/**
 * What a destroy leaves, with the reasons: what the record says is to be kept (`onDestroy: keep`), and what that cannot be
 * without. A destroy that has begun to remove everything is finished.
 */
export function keptOnDestroy(current: CurrentState): ReadonlyMap<Address, readonly Reason[]> {
  const { record, resources } = current
  if (record?.phase !== 'published') return new Map()
  const roots = [...resources.keys()].filter((address) => isKept(record, address))
  const kept = [...closureOf(current, roots)].map(([address, needer]): [Address, readonly Reason[]] => [
    address,
    needer === undefined ? [{ attribute: 'onDestroy', after: 'keep' }] : [{ attribute: 'neededBy', after: needer }],
  ])
  return new Map(kept)
}

/** The changes with what becomes of each object at a destroy, where that changes. */
export function markRetention(
  changes: readonly Change[],
  { record }: CurrentState,
  { resources }: DesiredState,
): readonly Change[] {
  if (!record) return changes
  return changes.map((change) => {
    const wanted = resources.get(change.address)
    if (!wanted || wanted.kind === 'program' || change.action === 'create') return change
    const [before, after] = [isKept(record, change.address), wanted.onDestroy === 'keep']
    return before === after ? change : { ...change, retention: after ? 'set' : 'lifted' }
  })
}

function isKept({ maps, links }: StackRecord, address: Address): boolean {
  const kind = kindOf(address)
  const rows = kind === 'map' ? maps : kind === 'link' ? links : {}
  const name = nameOf(address)
  return Object.hasOwn(rows, name) && rows[name]?.onDestroy === 'keep'
}
