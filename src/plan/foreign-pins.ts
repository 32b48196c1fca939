import type { Diagnostic } from '../model/diagnostic.ts'
import type { CurrentState, Tree, TreePin } from '../model/state.ts'
import { planCodes } from './codes.ts'

/** What a plan does with the stack's trees. */
export type Fate = 'keep' | 'exchange' | 'destroy'

/**
 * Complaints about pins in a stack's trees that pinfold did not make. Nothing ever removes or moves them: in the live and in the
 * staged tree they stand in the way of an exchange (errors), elsewhere and otherwise they stay where they are (warnings).
 */
export function foreignPins({ directory, trees }: CurrentState, fate: Fate): readonly Diagnostic[] {
  return trees.flatMap((tree) => {
    const pins = tree.pins.filter((pin) => pin.kind === 'foreign')
    const severity = fate === 'exchange' && isInTheWay(tree) ? 'error' : 'warning'
    return details(tree, pins).map((detail) => ({
      severity,
      ...named,
      detail: `${directory}/${detail}.`,
      hint: fate === 'destroy' ? `it stays there; ${orAdopt}` : `pin it elsewhere and remove it here; ${orAdopt}`,
    }))
  })
}

const { code, summary } = planCodes.foreignPin
const named = { code, summary }
const orAdopt = "--adopt takes it for the stack's own"

/** An apply exchanges these two, and what lies in them would go along. */
const isInTheWay = ({ name }: Tree): boolean => name === 'live' || name === 'next'

type ForeignPin = TreePin & { readonly kind: 'foreign' }

/** One sentence for each; one for all of a tree that has lost its record. */
function details({ name, record }: Tree, pins: readonly ForeignPin[]): string[] {
  const found = pins.map(({ path, what }) => `${path} (${what})`)
  if (record) return found.map((pin) => `${pin} is not in the stack's record: somebody else put it there`)
  return found.length === 0 ? [] : [`${name} has no record, which would say whose these are: ${found.join(', ')}`]
}
