import type { Change, Reason } from '../plan/change.ts'
import type { ValueDifference, ValuesDifference } from './difference.ts'
import type { DifferenceQuestion } from './find-differences.ts'
import { heldAfter, heldBefore } from './held.ts'

/** What differs of what the kernel fixes, and what a link runs; none, or one. */
export function attributeDifference(change: Change, question: DifferenceQuestion): readonly ValuesDifference[] {
  const values = change.because.filter(isAttribute).map((reason) => pairOf(reason, question))
  return values.length > 0 ? [{ kind: 'attributes', values }] : []
}

/** Others have a part of their own, or are no values. */
const isAttribute = ({ attribute }: Reason): boolean =>
  !/^(code|uses|slots|entries|members|initial|value|tag|unknown|severed|generation|pin)(\.|$)|^inner\.\d+$/.test(
    attribute,
  )

function pairOf({ attribute, before, after }: Reason, question: DifferenceQuestion): ValueDifference {
  const isHeld = attribute === 'program'
  return {
    name: attribute.replace(/^load\./, ''),
    ...(before !== undefined && { before: isHeld ? heldBefore(`${before}`, question) : `${before}` }),
    ...(after !== undefined && { after: isHeld ? heldAfter(`${after}`, question) : `${after}` }),
  }
}
