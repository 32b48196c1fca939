import { type Address, kindOf, nameOf } from '../model/address.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import { describeTarget, targetKey } from '../model/link-spec.ts'
import type { StackRecord } from '../model/record.ts'
import type { CurrentState, DesiredState, Resource } from '../model/state.ts'
import type { Change, Protection } from './change.ts'
import { named, planCodes } from './codes.ts'
import { lossOf } from './describe-change.ts'

/*
 * What is protected stands in the record and stays so until a manifest says `protect: false`: a block that is deleted says
 * nothing. Whether it is in force is decided by the record and the manifest together, so that one plan cannot lift it and do
 * what it forbids.
 */

/** The wanted state with the protection that everything has afterwards: what the manifest leaves open stays as recorded. */
export function keepProtection(desired: DesiredState, record: StackRecord | undefined): DesiredState {
  if (!record || takesBack(record, desired)) return desired
  const kept = [...desired.resources.values()].map((wanted): Resource => {
    const isOpen = wanted.protect === undefined && isRecorded(record, wanted.address)
    return isOpen ? { ...wanted, protect: true } : wanted
  })
  const resources = new Map(kept.map((resource) => [resource.address, resource]))
  const protect = desired.protect ?? record.protect
  return { ...desired, resources, ...(protect === undefined ? {} : { protect }) }
}

/** The changes with what becomes of each object's protection, where that changes. */
export function markProtection(
  changes: readonly Change[],
  { record }: CurrentState,
  { resources }: DesiredState,
): readonly Change[] {
  return changes.map((change) => {
    const wanted = resources.get(change.address)
    const protection = wanted && becomes(isRecorded(record, change.address), wanted.protect)
    return protection ? { ...change, protection } : change
  })
}

/** What becomes of the protection of the whole stack; undefined where it stays. */
export const stackProtection = ({ record }: CurrentState, { protect }: DesiredState): Protection | undefined =>
  becomes(record?.protect === true, protect)

function becomes(before: boolean, after: boolean | undefined): Protection | undefined {
  if (before === (after === true)) return undefined
  return before ? 'lifted' : 'set'
}

/** What a plan does to its stack, as far as protection asks. */
export interface ProtectedPlan {
  readonly current: CurrentState
  /** Undefined: a destroy. */
  readonly desired?: DesiredState
  /** The outgoing generation stays for a rollback, with its maps. */
  readonly keepsOutgoing?: boolean
}

/** Errors (P140) for changes that protection forbids. Taking back what was never confirmed is allowed. */
export function guardProtection(changes: readonly Change[], plan: ProtectedPlan): readonly Diagnostic[] {
  const { current, desired } = plan
  const { record, stack } = current
  if (record && takesBack(record, desired)) return []
  return [
    ...(desired === undefined && record?.protect ? [wholeStack(stack)] : []),
    ...changes.flatMap((change) => {
      const wanted = desired?.resources.get(change.address)
      const isProtected = isRecorded(record, change.address) || wanted?.protect === true
      const harm = isProtected ? harmOf(change, plan) : undefined
      return harm === undefined ? [] : [forbidden(change.address, harm, wanted)]
    }),
  ]
}

/** What was never confirmed goes as it came, to the generation before it or, by a destroy, to nothing. */
const takesBack = ({ awaits }: StackRecord, desired: DesiredState | undefined): boolean =>
  awaits !== undefined && awaits.former === (desired ? desired.restores : 0)

function isRecorded(record: StackRecord | undefined, address: Address): boolean {
  const rows = record?.[`${kindOf(address)}s`]
  const name = nameOf(address)
  return rows !== undefined && Object.hasOwn(rows, name) && rows[name]?.protect === true
}

/** What a change would do to a protected object; undefined where it may. */
function harmOf(change: Change, plan: ProtectedPlan): string | undefined {
  const { action, address, verdict } = change
  const kind = kindOf(address)
  if (action === 'delete') return kind === 'link' ? 'detach it' : `delete it${verdict ? ` with ${lossOf(change)}` : ''}`
  if (action !== 'replace') return undefined
  if (kind === 'link') return harmOfLink(change, plan)
  // A rollback leaves them in the map of the generation that it keeps.
  const stays = plan.desired?.restores !== undefined && plan.keepsOutgoing
  return verdict === 'data loss' && !stays ? `replace it and lose ${lossOf(change)}` : undefined
}

function harmOfLink({ address, verdict }: Change, { current, desired }: ProtectedPlan): string | undefined {
  const [before, after] = [current.resources.get(address), desired?.resources.get(address)]
  // A severed link is attached to nothing: that is mended.
  if (before?.kind !== 'link' || after?.kind !== 'link' || before.live?.severed) return undefined
  if (targetKey(before.target) !== targetKey(after.target)) return `detach it from ${describeTarget(before.target)}`
  return verdict === 'gap' ? 'replace it with a gap, in which neither program runs' : undefined
}

function forbidden(address: Address, harm: string, wanted: Resource | undefined): Diagnostic {
  const place = `${kindOf(address)}s.${nameOf(address)}`
  return {
    severity: 'error',
    ...named(planCodes.protected),
    detail: `${address} is protected, and this plan would ${harm}.`,
    hint: `keep it as it is, or first apply "protect: false" under ${place} by itself`,
    address,
    ...(wanted?.at ? { at: wanted.at } : {}),
  }
}

const wholeStack = (stack: string): Diagnostic => ({
  severity: 'error',
  ...named(planCodes.protected),
  detail: `The stack ${stack} is protected, and this plan would destroy it.`,
  hint: 'first apply "protect: false" at the top of its manifest',
})
