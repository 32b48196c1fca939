import type { Kernel } from '../kernel/kernel.ts'
import { type PlanStamp, type PlanUse, planUseOf, usePlan } from '../kernel/used-map.ts'
import { type Plan, verbOf } from '../plan/plan.ts'
import { applyCodes } from './codes.ts'
import type { Problem } from './event.ts'
import { absolute } from './execution.ts'

/** Why a saved plan must not be used (P312, P322); undefined as long as it may. Changes nothing; throws KernelError. */
export const whyUsed = (kernel: Kernel, plan: Plan, stamp: PlanStamp): Problem | undefined =>
  problemOf(plan, planUseOf(kernel, absolute(plan, 'used'), stamp))

/**
 * Marks a saved plan as used, for ever; the problem where it is already. Not one that ends with the stack's directory, in which
 * the mark would stay: it rests on ids that are gone then, and the kernel does not give them out again.
 */
export const markUsed = (kernel: Kernel, plan: Plan, stamp: PlanStamp): Problem | undefined =>
  removesStack(plan) ? undefined : problemOf(plan, usePlan(kernel, absolute(plan, 'used'), stamp))

const removesStack = ({ steps }: Plan): boolean =>
  steps.some((step) => step.kind === 'remove-directory' && step.path === '')

function problemOf(plan: Plan, use: PlanUse): Problem | undefined {
  if (use === 'unused') return undefined
  const { code } = use === 'used' ? applyCodes.planUsed : applyCodes.planForgotten
  const why =
    use === 'used'
      ? 'this saved plan was used already'
      : 'this saved plan is older than what is remembered of used ones, so it may have been used already'
  return { code, message: `cannot ${verbOf(plan)} ${plan.stack}: ${why}`, hint: 'plan again' }
}
