import { type Address, addressOf, liveRef, type MapAddress, nextRef, type Ref } from '../model/address.ts'
import { PlanError } from '../model/errors.ts'
import type { DesiredState, LinkState, MapState, ProgramState, Resource } from '../model/state.ts'
import type { MapRef } from '../plan/step.ts'
import { applyCodes } from './codes.ts'

/** What the desired state says of the map that a step makes. Throws PlanError P309 where it says nothing. */
export const wantedMap = (desired: DesiredState | undefined, ref: Ref): MapState => wanted(desired, ref, 'map')

export const wantedProgram = (desired: DesiredState | undefined, ref: Ref): ProgramState =>
  wanted(desired, ref, 'program')

export const wantedLink = (desired: DesiredState | undefined, ref: Ref): LinkState => wanted(desired, ref, 'link')

/** The object behind a map's address for what this apply makes: the new one if there is one, else the live one. */
export const mapRefOf = (address: MapAddress, made: (ref: Ref) => boolean): MapRef =>
  made(nextRef(address)) ? nextRef(address) : liveRef(address)

function wanted<K extends Resource['kind']>(
  desired: DesiredState | undefined,
  ref: Ref,
  kind: K,
): Resource & { readonly kind: K } {
  const address: Address = addressOf(ref)
  const resource = desired?.resources.get(address)
  if (resource?.kind === kind) return resource as Resource & { readonly kind: K }
  throw new PlanError(`cannot make ${address}: the desired state does not have it`, { code: applyCodes.order.code })
}
