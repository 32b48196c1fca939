import type { Diagnostic } from '../model/diagnostic.ts'
import { linkRuleOf } from '../model/link-spec.ts'
import type { CurrentState, DesiredState, MapState } from '../model/state.ts'
import type { Change } from './change.ts'
import { named, planCodes } from './codes.ts'
import { describeDifferences, lossOf } from './describe-change.ts'
import { migrationRisks, unmigratable, type Where } from './guard-migration.ts'
import { longDrains } from './long-drains.ts'
import { needsHolder } from './user-references.ts'

/** Complaints about a wanted state alone, before the kernel is asked anything. */
export function guardDesired(desired: DesiredState): readonly Diagnostic[] {
  const maps = [...desired.resources.values()].filter((it) => it.kind === 'map')
  return maps.filter((map) => !map.pinned && needsHolder(map)).map((map) => unheld(map, desired))
}

/** Risks of a set of changes; errors block the plan. */
export function guardChanges(
  changes: readonly Change[],
  current: CurrentState,
  desired?: DesiredState,
): readonly Diagnostic[] {
  return [
    ...changes.flatMap((change) => guardChange(change, desired)),
    ...stillUsed(changes, current),
    ...migrationRisks(changes, current),
    ...longDrains(changes, current),
    ...(desired ? bothLive(current, desired) : []),
  ]
}

function unheld(map: MapState, desired: DesiredState): Diagnostic {
  const users = [...desired.resources.values()].filter((it) => it.kind === 'program' && it.maps.includes(map.address))
  const names = users.map((user) => user.address).join(', ')
  const loss = map.shape.type === 'prog_array' ? 'empties every slot of it' : 'drops what is attached to it'
  return {
    severity: 'error',
    ...named(planCodes.unheld),
    detail: `${map.address} (${map.shape.type}) is declared with "pin: false", so when this process exits the kernel ${loss}${names ? `, although it is used by ${names}` : ''}.`,
    hint: `remove "pin: false" from maps.${map.address.slice(4)}: a pin is what holds it`,
    address: map.address,
    ...(map.at ? { at: map.at } : {}),
  }
}

function guardChange(change: Change, desired: DesiredState | undefined): Diagnostic[] {
  const wanted = desired?.resources.get(change.address)
  const where = { address: change.address, ...(wanted?.at ? { at: wanted.at } : {}) }
  const isMap = change.address.startsWith('map.')
  if (desired?.restores !== undefined && isMap && change.verdict === 'data loss')
    return [leftBehind(change, desired.restores)]
  if (wanted?.kind === 'map' && change.action === 'replace' && change.verdict === 'data loss') {
    if (change.refusals) return [unmigratable(change, change.refusals, where)]
    const refuses = wanted.onChange === 'refuse' && !isGlobals(wanted)
    return [refuses ? refused(change, where) : entriesLost(change, where, wanted)]
  }
  if (change.action === 'delete' && change.verdict === 'data loss') return [entriesLost(change, where)]
  if (wanted?.kind === 'link' && change.verdict === 'gap') {
    const why = linkRuleOf(wanted.target).exclusive ? 'its hook takes one link at a time' : 'the manifest says so'
    const detail = `${change.address} is detached before the new one is attached, since ${why}: for a moment neither program runs.`
    return [{ severity: 'warning', ...named(planCodes.gap), detail, ...where }]
  }
  return []
}

/** .data and .bss start anew with each layout; what they held is said to be reset, and not refused. */
const isGlobals = (map: MapState): boolean => map.contents.kind === 'data'

function refused(change: Change, where: Where): Diagnostic {
  return {
    severity: 'error',
    ...named(planCodes.refused),
    detail: `${change.address} differs from the live map #${change.liveId}: ${describeDifferences(change)}. A live map cannot be changed.`,
    hint: `keep the old definition, or write under maps.${change.address.slice(4)} "onChange: migrate" to carry the entries over, or "onChange: replace" to lose ${lossOf(change)}`,
    ...where,
  }
}

function entriesLost(change: Change, where: Where, wanted?: MapState): Diagnostic {
  const warning = { severity: 'warning', ...named(planCodes.entriesLost), ...where } as const
  if (wanted && isGlobals(wanted)) {
    const detail = `${change.address} is made anew: its variables start from their initial values again.`
    const hint = `write "globals: carry" under maps.${change.address.slice(4)} to keep what they hold`
    return { ...warning, detail, hint }
  }
  const loss = change.entries === 0 ? 'it is empty now; what is written into it before that' : lossOf(change)
  const detail = `${change.address} is ${change.action === 'delete' ? 'deleted' : 'replaced'}: ${loss} will be lost.`
  return { ...warning, detail }
}

/** A move whose ends are two objects: which of them is meant only the user knows. */
function bothLive({ resources }: CurrentState, { moved = [] }: DesiredState): Diagnostic[] {
  return moved.flatMap(({ from, to, at }) => {
    const [old, other] = [resources.get(from)?.live?.id, resources.get(to)?.live?.id]
    if (old === undefined || other === undefined) return []
    const detail = `${from} (#${old}) cannot be moved to ${to}, since there is one of that name already (#${other}).`
    const hint = `remove the move to delete ${from}, or first apply a manifest without ${to}`
    return [{ severity: 'error', ...named(planCodes.bothLive), detail, hint, address: to, ...(at && { at }) } as const]
  })
}

/** Confirming needs a way back. */
export const withoutFormer = ({ generation }: CurrentState): Diagnostic => ({
  severity: 'error',
  ...named(planCodes.noWayBack),
  detail: `Generation ${generation} would not be kept beside the new one, so that nothing could be taken back when nobody confirms it.`,
  hint: 'write "history: 1" into the manifest; maps with timers cannot be kept at all',
})

/** A rollback puts a former map in the place of the live one, and cannot take along what was written since. */
function leftBehind({ address, entries, action, liveId }: Change, generation: number): Diagnostic {
  const count = entries === undefined ? 'what' : entries === 1 ? 'the entry that' : `the ${entries} entries that`
  const former =
    action === 'delete'
      ? `generation ${generation} has no ${address}`
      : `${address} comes back as generation ${generation} left it`
  const detail = `${former}: ${count} the live map #${liveId} holds now cannot be taken along.`
  return { severity: 'warning', ...named(planCodes.leftBehind), detail, address }
}

/** Outgoing programs that a link of somebody else runs, or, severed, still keeps. */
function stillUsed(changes: readonly Change[], current: CurrentState): Diagnostic[] {
  const ours = new Set(
    current.trees.flatMap((tree) => tree.pins.flatMap((pin) => (pin.kind === 'link' ? [pin.id] : []))),
  )
  const roots = current.graph.roots.filter((root) => root.link === undefined || !ours.has(root.link))
  return changes.flatMap((change) => {
    if (!change.address.startsWith('program.') || change.action === 'keep') return []
    return roots
      .filter((root) => root.program === change.liveId)
      .map((root) => {
        const how = root.severed ? 'kept by a severed' : 'attached by'
        const detail = `${change.address} (#${change.liveId}) is also ${how} ${root.via}, which is not part of the stack: it and the arrays it uses are kept.`
        const hint = `${root.severed ? 'remove its pins' : 'detach it there'} and apply again to remove what is left`
        return { severity: 'warning', ...named(planCodes.stillUsed), detail, hint, address: change.address } as const
      })
  })
}
