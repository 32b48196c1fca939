import { type Address, kindOf } from '../model/address.ts'
import { isSameObject, type OuterPin, type PinnedObject } from '../model/outer-pin.ts'
import type { CurrentState, State } from '../model/state.ts'

/** What was found at a path outside of the stack's directory. */
export const outerPinAt = (current: CurrentState, path: string): OuterPin | undefined =>
  current.outerPins?.find((pin) => pin.path === path)

/** The existing object of an address. */
export function objectOf({ resources }: Pick<State, 'resources'>, address: Address): PinnedObject | undefined {
  const id = resources.get(address)?.live?.id
  return id === undefined ? undefined : { kind: kindOf(address), id }
}

/** Paths elsewhere at which the stack has pinned one of its objects. */
export const outerPathsOf = (current: CurrentState, address: Address): string[] =>
  (current.outerPins ?? [])
    .filter(({ path, found }) => current.record?.pins?.[path] && isSameObject(found, objectOf(current, address)))
    .map(({ path }) => path)
