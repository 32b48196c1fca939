import { type Address, kindOf, nameOf } from '../model/address.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import { lintRules } from '../model/lint-rules.ts'
import { planCodes } from './codes.ts'
import type { Plan } from './plan.ts'
import type { Step } from './step.ts'

/** True for an error that says that the change is forbidden by the user's own rules, or by the lint: exit code 4, not 1. */
export const isBlocked = ({ severity, code, denied }: Diagnostic): boolean =>
  severity === 'error' && (denied === true || blocking.has(code) || lintRules[code]?.lowers === true)

const blocking: ReadonlySet<string> = new Set([
  planCodes.refused.code,
  planCodes.unmigratable.code,
  planCodes.protected.code,
])

/**
 * The plan with the code of what blocks it on each change and step that may not be; one that is about no object blocks all of
 * them. Such a plan is shown in full and never carried out.
 */
export function markBlocked(plan: Plan): Plan {
  const blocks = plan.diagnostics.filter(isBlocked)
  if (blocks.length === 0) return plan
  const codeOf = (about: (address: Address) => boolean): string | undefined =>
    blocks.find(({ address }) => address === undefined || about(address))?.code
  const marked = <T extends object>(it: T, blocked: string | undefined): T =>
    blocked === undefined ? it : { ...it, blocked }
  return {
    ...plan,
    changes: plan.changes.map((change) =>
      change.action === 'keep'
        ? change
        : marked(
            change,
            codeOf((address) => address === change.address),
          ),
    ),
    steps: plan.steps.map((step) =>
      marked(
        step,
        codeOf((address) => concerns(step, address, plan)),
      ),
    ),
  }
}

/** True for a step on an object of that address, live or new, or on a pin of it. */
function concerns(step: Step, address: Address, { pins = [] }: Plan): boolean {
  const place = `/${kindOf(address)}s/${nameOf(address)}`
  const elsewhere = pins.filter((pin) => pin.address === address).map(({ path }) => path)
  return (
    refsIn(step).some((ref) => ref.endsWith(`:${address}`)) ||
    pathsIn(step).some((path) => elsewhere.includes(path) || (!path.startsWith('/') && path.endsWith(place)))
  )
}

function refsIn(step: Step): readonly string[] {
  return [
    ...('target' in step && step.target ? [step.target] : []),
    ...('array' in step ? [step.array] : []),
    ...('outer' in step ? [step.outer] : []),
    ...('source' in step ? [step.source] : []),
  ]
}

const pathsIn = (step: Step): readonly string[] => ('path' in step ? [step.path] : [])
