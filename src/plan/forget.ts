import { type Address, kindOf, linkAddress, mapAddress, nameOf, programAddress } from '../model/address.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import { PlanError } from '../model/errors.ts'
import { isSameObject } from '../model/outer-pin.ts'
import type { StackRecord } from '../model/record.ts'
import type { CurrentState, DesiredState } from '../model/state.ts'
import { nearest } from '../util/nearest.ts'
import { markBlocked } from './block.ts'
import { named, planCodes } from './codes.ts'
import { type Narrowing, narrow, remainder } from './narrow.ts'
import { needsOf } from './needs.ts'
import { objectOf, outerPinAt } from './outer-paths.ts'
import type { Plan } from './plan.ts'

/** What leaves a stack. */
export interface Forgetting {
  readonly addresses: readonly Address[]
  /** Absolute path of the pin of the only one, or of a directory for the pins of several; default: see `forgottenPath`. */
  readonly to?: string | undefined
}

/** What has to be looked at before makeForgetPlan: the stack that remains, and the paths of the pins of what leaves. */
export function forgottenState(current: CurrentState, forgetting: Forgetting): DesiredState {
  const { record, narrowing } = narrowingOf(current, forgetting)
  return remainder(current, record, narrowing)
}

/**
 * The plan by which objects leave a stack untouched: each gets a pin outside of the stack's directory, and the next
 * generation has neither their pins nor their rows. Diagnostics of severity `error` where something that stays needs
 * one of them. Throws a PlanError (P172) for an address that the stack does not have, and like makePlan.
 */
export function makeForgetPlan(current: CurrentState, forgetting: Forgetting): Plan {
  const { record, narrowing } = narrowingOf(current, forgetting)
  const plan = narrow(current, record, narrowing)
  return markBlocked({ ...plan, diagnostics: [...plan.diagnostics, ...needed(current, forgetting.addresses)] })
}

function narrowingOf(
  current: CurrentState,
  forgetting: Forgetting,
): { readonly record: StackRecord; readonly narrowing: Narrowing } {
  const { record, stack, resources } = current
  if (!record)
    throw refusal(stack, 'no record tells what belongs to it', 'pinfold show tells what lies in its directory')
  const unknown = forgetting.addresses.find((address) => !resources.has(address))
  if (unknown !== undefined) throw notThere(current, unknown)
  const leaves = new Map(forgetting.addresses.map((address) => [address, pathOf(address, current, forgetting)]))
  // What somebody took the pin of is still the stack's.
  const all = new Set([...resources.keys(), ...recordedIn(record)])
  const stays = [...all].filter((address) => !leaves.has(address))
  return { record, narrowing: { action: 'forget', stays: new Map(stays.map((address) => [address, []])), leaves } }
}

const recordedIn = ({ maps, programs, links }: StackRecord): Address[] => [
  ...Object.keys(maps).map(mapAddress),
  ...Object.keys(programs).map(programAddress),
  ...Object.keys(links).map(linkAddress),
]

function notThere({ stack, resources }: CurrentState, address: Address): PlanError {
  const near = nearest(address, [...resources.keys()])
  const hint = near ? `did you mean ${near}?` : `it has: ${[...resources.keys()].join(', ')}`
  return refusal(stack, `it has no ${address}`, hint)
}

const refusal = (stack: string, what: string, hint: string): PlanError =>
  new PlanError(`cannot forget anything of ${stack}: ${what}`, { code: planCodes.notOwned.code, hint })

/** Where the user says, else where it is pinned elsewhere already, else below `forgotten` beside the stacks. */
function pathOf(address: Address, current: CurrentState, { addresses, to }: Forgetting): string {
  if (to !== undefined) return addresses.length === 1 ? to : `${to}/${nameOf(address)}`
  const object = objectOf(current, address)
  const pinned = Object.entries(current.record?.pins ?? {}).find(
    ([path, it]) => it === address && isSameObject(outerPinAt(current, path)?.found, object),
  )
  const { stack, directory } = current
  return (
    pinned?.[0] ??
    `${directory.slice(0, directory.lastIndexOf('/'))}/forgotten/${stack}/${kindOf(address)}s/${nameOf(address)}`
  )
}

/** What stays cannot be without it. */
function needed({ resources }: CurrentState, addresses: readonly Address[]): Diagnostic[] {
  const leaves = new Set(addresses)
  return [...resources.values()].flatMap((resource): Diagnostic[] => {
    if (leaves.has(resource.address)) return []
    return needsOf(resource)
      .filter((address) => leaves.has(address))
      .map((address) => {
        const detail = `${address} cannot leave the stack alone: ${resource.address}, which stays, ${uses[resource.kind]} it.`
        const hint = `forget ${resource.address}, too, or first apply a manifest without it`
        return { severity: 'error', ...named(planCodes.neededHere), detail, hint, address }
      })
  })
}

const uses = { map: 'holds', program: 'uses', link: 'runs' } as const
