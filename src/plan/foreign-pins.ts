import type { Diagnostic } from '../model/diagnostic.ts'
import type { CurrentState, Tree } from '../model/state.ts'
import { planCodes } from './codes.ts'

/** What a plan does with the stack's trees. */
export type Fate = 'keep' | 'exchange' | 'destroy'

/**
 * Complaints about pins in a stack's trees that pinfold did not make. Nothing ever removes or moves them: in the live and in the
 * staged tree they stand in the way of an exchange (errors), elsewhere and otherwise they stay where they are (warnings). A destroy
 * that would leave all of a live tree, since its record is lost, is an error, too: it would not do what it is called.
 */
export function foreignPins({ directory, trees, strays = [] }: CurrentState, fate: Fate): readonly Diagnostic[] {
  const pins = trees.flatMap((tree) => {
    const severity = refused[fate](tree) ? 'error' : 'warning'
    return details(tree).map((detail) =>
      complaint(severity, {
        detail: `${directory}/${detail}.`,
        hint: tree.record
          ? adviceFor(fate)
          : "--adopt takes them for the stack's own; otherwise pin them elsewhere and remove them here",
      }),
    )
  })
  // Beside the trees they are in nobody's way but that of the directory's removal.
  const loose = (fate === 'destroy' ? strays : []).map(({ path, what }) =>
    complaint('warning', {
      detail: `${directory}/${path} (${what}) was not made by pinfold.`,
      hint: "it stays there, and so does the stack's directory",
    }),
  )
  return [...pins, ...loose]
}

const complaint = (
  severity: Diagnostic['severity'],
  text: { readonly detail: string; readonly hint: string },
): Diagnostic => ({ severity, code: planCodes.foreignPin.code, summary: planCodes.foreignPin.summary, ...text })

const adviceFor = (fate: Fate): string =>
  `${fate === 'destroy' ? 'it stays there' : 'pin it elsewhere and remove it here'}; --adopt takes it for the stack's own`

/** Which trees must not hold what pinfold did not make. */
const refused: Readonly<Record<Fate, (tree: Tree) => boolean>> = {
  keep: () => false,
  // These two are exchanged, and what lies in them would go along.
  exchange: ({ name }) => name === 'live' || name === 'next',
  destroy: isUnrecorded,
}

/** True for a stack whose live tree no record describes. */
export const hasLostRecord = ({ trees }: CurrentState): boolean => trees.some(isUnrecorded)

/** An adopted tree is described by what was adopted. */
function isUnrecorded({ name, record, pins }: Tree): boolean {
  return name === 'live' && !record && pins.some(({ kind }) => kind === 'foreign')
}

/** One sentence for each; one for all of a tree that has lost its record. */
function details({ name, record, pins }: Tree): string[] {
  const found = pins.flatMap((pin) => (pin.kind === 'foreign' ? [`${pin.path} (${pin.what})`] : []))
  if (record) return found.map((pin) => `${pin} is not in the stack's record: somebody else put it there`)
  return found.length === 0 ? [] : [`${name} has no record, which would say whose these are: ${found.join(', ')}`]
}
