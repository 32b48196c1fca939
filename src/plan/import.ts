import type { Diagnostic } from '../model/diagnostic.ts'
import type { CurrentState, DesiredState } from '../model/state.ts'
import type { Change } from './change.ts'
import { named, planCodes } from './codes.ts'
import { describeDifferences } from './describe-change.ts'
import { importedPins } from './imported-pins.ts'
import type { Precondition } from './plan.ts'

/** An import changes nothing: what it would have to make or change is an error. Other plans have none of these. */
export function guardImport(changes: readonly Change[], desired: DesiredState): readonly Diagnostic[] {
  if (!desired.imports) return []
  return changes.flatMap((change) => {
    const wanted = desired.resources.get(change.address)
    const isUsed = wanted?.kind === 'map' && wanted.owner === 'foreign' && change.action === 'create'
    if (change.action === 'keep' || isUsed || isDragged(change)) return []
    const what = change.action === 'create' ? 'it is not there' : describeDifferences(change) || 'it is not declared'
    return [
      {
        severity: 'error',
        ...named(planCodes.notAsDeclared),
        detail: `${change.address} cannot be imported as it is: ${what}.`,
        hint: 'name the object files that it was loaded from, or leave it out with --except',
        address: change.address,
      } as const,
    ]
  })
}

/** Only along with something else, which has its complaint. */
const isDragged = ({ action, because }: Change): boolean =>
  action !== 'create' &&
  because.length > 0 &&
  because.every(({ attribute, before, after }) => attribute === 'uses' || (attribute === 'program' && before === after))

/** What an import relies on: every pin that it was found by. */
export const importPreconditions = (current: CurrentState): Precondition[] =>
  importedPins(current).map(({ path, object }) => ({ kind: 'pin', path, object: object.kind, id: object.id }))
