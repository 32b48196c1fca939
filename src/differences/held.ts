import type { Address } from '../model/address.ts'
import type { DifferenceQuestion } from './find-differences.ts'

/** What a link runs or a slot holds until now, with its id: one that is loaded anew keeps its name. */
export function heldBefore(held: string, { current }: Sides): string {
  const id = current.resources.get(held as Address)?.live?.id
  return id === undefined ? held : `${held} #${id}`
}

/** The same of what it will be: `program.ingress, new`, or the id of one that a rollback takes over. */
export function heldAfter(held: string, sides: Sides): string {
  const former = sides.desired.resources.get(held as Address)?.live?.id
  if (former !== undefined) return `${held} #${former}`
  const action = sides.changes.find(({ address }) => address === held)?.action
  return action === undefined || action === 'keep' ? heldBefore(held, sides) : `${held}, new`
}

type Sides = Pick<DifferenceQuestion, 'current' | 'desired' | 'changes'>
