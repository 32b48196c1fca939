import type { Address } from '../model/address.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import type { CurrentState, TreePin } from '../model/state.ts'
import { named, planCodes } from './codes.ts'

/** Warnings about what somebody pinned in the place of an object of the stack: its pin goes with the live tree. */
export function displacedPins(current: CurrentState): readonly Diagnostic[] {
  const live = current.trees.find(({ name }) => name === 'live')
  return (live?.pins ?? []).flatMap((pin): Diagnostic[] => {
    if (!('address' in pin) || !isDisplacing(pin, current)) return []
    const detail = `${current.directory}/${pin.path} leads to ${pin.kind} #${pin.id}, which pinfold did not pin there: that pin is removed.`
    const hint = `pin it elsewhere first if somebody needs it; what nothing else holds is gone then`
    return [{ severity: 'warning', ...named(planCodes.displaced), detail, hint, address: pin.address }]
  })
}

function isDisplacing(pin: TreePin & { readonly address: Address }, { resources }: CurrentState): boolean {
  const found = resources.get(pin.address)?.live
  if (pin.kind === 'map') return found !== undefined && found.id !== pin.id
  return pin.kind === 'program' && found !== undefined && 'asRecorded' in found && found.asRecorded === false
}
