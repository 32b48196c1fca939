import type { Goal } from '../goal-options.ts'
import type { OptionName, OptionValues } from '../option-table.ts'
import { bpffsOf } from '../session.ts'
import { UsageError } from '../usage-error.ts'
import type { PlanDocument } from '../views/plan-document.ts'
import type { Saved } from './check-live.ts'
import { checkBpffs } from './check-origin.ts'

/** What a saved plan without a manifest is for; undefined for one that comes from a manifest, or cannot be carried out. */
export function savedGoal({ action, envelope }: PlanDocument): Goal | undefined {
  const { purge = false, adopt, restores } = envelope
  if (action === 'destroy') return { action, purge, adopt }
  return action === 'rollback' && restores !== undefined ? { action, generation: restores } : undefined
}

/** The plan says where, with which variables and how; giving it is the approval. Throws a UsageError (C133, C135) or PlanError. */
export function optionsFor({ file, plan }: Saved, options: OptionValues): OptionValues {
  const { envelope, action, stack } = plan
  const goal = savedGoal(plan)
  if (!goal && (action !== 'apply' || !envelope.manifest)) {
    throw new UsageError(`cannot apply ${file}: it is a plan to ${action} ${stack}`, {
      code: 'C135',
      hint: `run pinfold ${action}`,
    })
  }
  const fixed = [...fixedByAny, ...(goal ? ofManifests : [])].find((name) => options[name] !== undefined)
  if (fixed) throw refusal(fixed, { file, plan })
  if (options.bpffs !== undefined) checkBpffs({ file, envelope }, bpffsOf(options))
  const { adopt } = envelope
  return { ...options, bpffs: envelope.bpffs, ...(adopt && { adopt }), 'auto-approve': true }
}

const fixedByAny: readonly OptionName[] = ['var', 'var-file', 'adopt', 'confirm', 'deny', 'warn']
/** What is of no use to a destroy or rollback. */
const ofManifests: readonly OptionName[] = ['file', 'btf']

function refusal(option: OptionName, saved: Saved): UsageError {
  return new UsageError(`cannot use --${option} with ${saved.file}: a saved plan is carried out as it was made`, {
    code: 'C133',
    hint: adviceFor(option, saved),
  })
}

function adviceFor(option: OptionName, { file, plan }: Saved): string {
  if (ofManifests.includes(option)) return 'leave it out: this plan comes from no manifest'
  if (option !== 'confirm') return 'leave it out, or plan again with it'
  if (savedGoal(plan)) return `leave it out: a ${plan.action} is not confirmed`
  const { confirmWithin } = plan
  return confirmWithin === undefined
    ? `plan again with it: pinfold plan --confirm 60s --out ${file} saves a plan that waits to be confirmed`
    : `leave it out: this plan waits ${confirmWithin / 1000} s to be confirmed`
}
