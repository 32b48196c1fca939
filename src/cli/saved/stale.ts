import { PlanError } from '../../index.ts'

/** The codes of saved plans that are stale, in src/apply/codes.ts. */
export type StaleCode =
  | 'P301'
  | 'P312'
  | 'P313'
  | 'P314'
  | 'P315'
  | 'P316'
  | 'P317'
  | 'P318'
  | 'P319'
  | 'P320'
  | 'P321'
  | 'P322'

/** A saved plan that must not be carried out any more: `cannot apply plan.json: <why>`. */
export const stale = (file: string, code: StaleCode, why: string, hint = 'plan again'): PlanError =>
  new PlanError(`cannot apply ${file}: ${why}`, { code, hint })
