import type { Checkup } from '../../model/checkup.ts'
import type { DesiredState } from '../../model/state.ts'
import { examineArrays } from './arrays.ts'
import type { Finding } from './finding.ts'
import { examineHooks } from './hooks.ts'
import { examineCommands, examineLinks, examineMounts, examineRecords, examineTracers } from './others.ts'

/** What to look for. */
export interface Examination {
  /** Only what these stacks are about; default: the whole system. */
  readonly stacks?: readonly string[]
  /** A manifest, which tells of things that pinfold did not make what they should be. */
  readonly wanted?: DesiredState | undefined
}

/** Everything that is wrong with a system, or soon may be; what is worst first. */
export function examine(checkup: Checkup, { stacks = [], wanted }: Examination = {}): readonly Finding[] {
  const findings = [
    ...examineArrays(checkup, wanted),
    ...examineRecords(checkup),
    ...examineCommands(checkup),
    ...examineLinks(checkup),
    ...examineHooks(checkup, wanted),
    ...examineTracers(checkup),
    ...examineMounts(checkup),
  ]
  const asked =
    stacks.length === 0 ? findings : findings.filter(({ stack }) => stack !== undefined && stacks.includes(stack))
  const rank = ({ severity }: Finding): number => (severity === 'error' ? 0 : 1)
  return asked.toSorted((a, b) => rank(a) - rank(b))
}
