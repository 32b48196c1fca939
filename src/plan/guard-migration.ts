import type { Diagnostic } from '../model/diagnostic.ts'
import { mapTypeRule } from '../model/map-types.ts'
import type { Migration } from '../model/migration.ts'
import type { CurrentState } from '../model/state.ts'
import type { Change } from './change.ts'
import { named, planCodes } from './codes.ts'
import { describeDifferences, lossOf } from './describe-change.ts'

/** What a complaint is about. */
export type Where = Pick<Diagnostic, 'address' | 'at'>

/** The manifest asks for a migration that cannot be. */
export function unmigratable(change: Change, refusals: readonly string[], where: Where): Diagnostic {
  const truncate = refusals.every((refusal) => refusal.endsWith('may lose something'))
  return {
    severity: 'error',
    ...named(planCodes.unmigratable),
    detail: `${change.address} cannot be carried over from the live map #${change.liveId} (${describeDifferences(change)}): ${refusals.join('; ')}.`,
    hint: truncate
      ? `write "onLossy: truncate" under maps.${change.address.slice(4)} if that may be`
      : `keep the old definition, or lose ${lossOf(change)}`,
    ...where,
  }
}

/** What a migration cannot promise. */
export function migrationRisks(changes: readonly Change[], current: CurrentState): Diagnostic[] {
  return changes.flatMap((change) => {
    if (!change.migration) return []
    return [...sharedWith(change, current), ...bestEffort(change, change.migration)]
  })
}

function sharedWith(change: Change, { graph, trees }: CurrentState): Diagnostic[] {
  const ours = new Set(trees.flatMap((tree) => tree.pins.flatMap((pin) => (pin.kind === 'program' ? [pin.id] : []))))
  const others = [...graph.programs.values()].filter(
    ({ id, maps }) => !ours.has(id) && maps.some((map) => map === change.liveId),
  )
  if (others.length === 0) return []
  const names = others.map(({ id, name }) => `#${id} (${name})`).join(', ')
  const detail = `${change.address} (#${change.liveId}) is also used by program ${names}, which is not part of the stack: it goes on using the old map, and what it writes after the migration stays there.`
  return [{ severity: 'warning', ...named(planCodes.shared), detail, address: change.address }]
}

function bestEffort({ address }: Change, { from, to, merge }: Migration): Diagnostic[] {
  const lru = from.type.startsWith('lru_') || to.type.startsWith('lru_')
  const risks = [
    ...(lru ? ['the kernel may evict entries of an LRU map while they are carried over'] : []),
    ...(merge === 'sum' && mapTypeRule(from.type).perCpu
      ? ['a per-CPU counter is exact for programs that run in interrupts, best effort for those that can be preempted']
      : []),
  ]
  return risks.map((risk) => ({
    severity: 'warning',
    ...named(planCodes.bestEffort),
    detail: `${address}: ${risk}.`,
    address,
  }))
}
