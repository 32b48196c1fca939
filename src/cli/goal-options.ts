import { generationOf } from './former.ts'
import type { OptionName, OptionValues } from './option-table.ts'
import { UsageError } from './usage-error.ts'

/** What a plan is for, where no manifest says it. */
export type Goal =
  | {
      readonly action: 'destroy'
      /** Also what is kept, and the knowledge of used plans. */
      readonly purge: boolean
      readonly adopt: boolean
    }
  /** Without a generation: the latest one kept. */
  | { readonly action: 'rollback'; readonly generation?: number }

/** What `plan --destroy` or `plan --rollback` is to plan; undefined for the plan of a manifest. UsageError (C114, C174). */
export function goalOf(options: OptionValues): Goal | undefined {
  const { destroy, rollback, purge = false, adopt = false } = options
  if (destroy) {
    refuse(options, 'destroy')
    return { action: 'destroy', purge, adopt }
  }
  if (purge) throw notFor('--purge', 'a plan without --destroy')
  if (rollback === undefined) return undefined
  refuse(options, 'rollback')
  const generation = generationOf(rollback)
  return { action: 'rollback', ...(generation !== undefined && { generation }) }
}

/** What is about a manifest, or about the other goal. */
const others: Readonly<Record<Goal['action'], readonly OptionName[]>> = {
  destroy: ['rollback', 'drift-only', 'deny', 'warn', 'btf', 'diff', 'confirm'],
  rollback: ['drift-only', 'deny', 'warn', 'btf', 'adopt', 'confirm'],
}

function refuse(options: OptionValues, goal: Goal['action']): void {
  const given = others[goal].find((name) => options[name] !== undefined)
  if (given) throw notFor(`--${given}`, `plan --${goal}`)
}

const notFor = (option: string, what: string): UsageError =>
  new UsageError(`cannot use ${option} for ${what}`, { code: 'C174', hint: `leave ${option} out` })
