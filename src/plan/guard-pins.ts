import type { Diagnostic } from '../model/diagnostic.ts'
import { asidePath, isSameObject, type OuterPin, type PinnedObject, stagedPath } from '../model/outer-pin.ts'
import type { CurrentState, DesiredState } from '../model/state.ts'
import { type PlanCode, planCodes } from './codes.ts'
import { objectOf } from './outer-paths.ts'
import { isOwnPin } from './settle-pins.ts'

/** Complaints about pins outside of the stack's directory; errors block the plan. Without a wanted state: a destroy. */
export function guardPins(current: CurrentState, desired?: DesiredState): readonly Diagnostic[] {
  return (current.outerPins ?? []).flatMap((pin) => {
    const wanted = desired?.pins?.get(pin.path)
    if (!wanted) return leftAlone(pin, current)
    const isLeaving = desired?.resources.has(wanted.address) === false
    const isThere = isLeaving && isSameObject(pin.found, objectOf(current, wanted.address))
    const taken = isThere ? undefined : whyTaken(pin, current)
    const problem = pin.problem ?? (taken === undefined ? undefined : { what: taken })
    if (problem === undefined) return []
    const { address, at } = wanted
    const detail = `${address} cannot be pinned at ${pin.path}: ${problem.what}.`
    const hint = problem.hint ?? 'remove what is there if it is yours, or choose another path under "pins:"'
    return [{ severity: 'error', ...named(planCodes.pinRefused), detail, hint, address, ...(at && { at }) } as const]
  })
}

function whyTaken({ path, found, staged, aside }: OuterPin, current: CurrentState): string | undefined {
  if (found && !isOwnPin(current, path, found) && !isAllThatIsLeft(current, path, found))
    return `${found.kind} #${found.id} is there, which this stack did not pin`
  const inTheWay = staged ?? aside
  const where = staged ? stagedPath(path) : asidePath(path)
  return inTheWay && `${inTheWay.kind} #${inTheWay.id} is at ${where}, which is needed on the way`
}

/** Somebody removed the pin of the map in the stack's tree; programs tell that it is the one which was pinned elsewhere, too. */
function isAllThatIsLeft(current: CurrentState, path: string, found: PinnedObject): boolean {
  const address = current.record?.pins?.[path]
  return address !== undefined && isSameObject(found, objectOf(current, address))
}

function leftAlone({ path, found }: OuterPin, current: CurrentState): Diagnostic[] {
  const address = current.record?.pins?.[path]
  if (!address || !found || isOwnPin(current, path, found)) return []
  const detail = `${path} was pinned for ${address}, but leads to ${found.kind} #${found.id} now, which is not the stack's: it is left alone.`
  return [{ severity: 'warning', ...named(planCodes.pinLeft), detail, address }]
}

const named = ({ code, summary }: PlanCode): Pick<Diagnostic, 'code' | 'summary'> => ({ code, summary })
