import { mapAddress, type Ref } from '../../model/address.ts'
import type { Checkup } from '../../model/checkup.ts'
import { prove } from '../make-plan.ts'
import type { Plan } from '../plan.ts'
import type { Step } from '../step.ts'
import type { Finding, Rescue } from './finding.ts'

/**
 * The plan that rescues the arrays of one stack, or with no stack those that pinfold did not make; undefined where none of
 * the findings is one of them.
 */
export function makeRepairPlan(checkup: Checkup, findings: readonly Finding[], stack?: string): Plan | undefined {
  const rescues = findings.flatMap((it) => (it.stack === stack && it.repair?.kind === 'rescue' ? [it.repair] : []))
  if (rescues.length === 0) return undefined
  const current = checkup.stacks.find((it) => it.stack === stack)
  const directory = current?.directory ?? checkup.rescued.directory
  const generation = current?.generation ?? 0
  const steps = [
    ...(current || checkup.rescued.exists ? [] : [makeDirectory]),
    ...rescues.map((it) => rescueStep(it, directory)),
  ]
  const existing = Object.fromEntries(rescues.map((it) => [refOf(it), it.array]))
  return {
    version: 1,
    action: 'repair',
    stack: stack ?? 'rescued',
    directory,
    generation: { from: generation, to: generation },
    changes: [],
    steps,
    existing,
    preconditions: [],
    ledger: current ? prove({ current, steps, existing }) : { arrays: [], rows: [] },
    diagnostics: [],
  }
}

/** Nothing is taken back when another rescue fails: a pin more does no harm. */
const rescueStep = (rescue: Rescue, directory: string): Step => ({
  phase: 'retire',
  kind: 'rescue-array',
  array: refOf(rescue),
  path: rescue.path.slice(directory.length + 1),
  slots: Object.fromEntries(Object.entries(rescue.slots).map(([index, id]) => [index, `#${id}` as const])),
})

const makeDirectory: Step = { phase: 'retire', kind: 'make-directory', path: '' }

/** Two foreign arrays may bear one name. */
const refOf = ({ name, array, path }: Rescue): Ref & `live:map.${string}` =>
  `live:${mapAddress(path.endsWith(`/${name}`) ? name : `${name}-${array}`)}`
