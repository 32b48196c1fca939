import { type DesiredState, lintRules } from '../index.ts'
import { nearest } from '../util/nearest.ts'
import type { OptionValues } from './option-table.ts'
import { UsageError } from './usage-error.ts'

/** What --deny and --warn say of the codes of a plan; nothing where neither is given. UsageError C104 for what is no such code. */
export function policyOf({ deny = [], warn = [] }: OptionValues): Pick<DesiredState, 'policy'> {
  if (deny.length + warn.length === 0) return {}
  const policy = { deny: codesOf(deny, 'deny'), warn: codesOf(warn, 'warn') }
  const both = policy.deny.find((code) => policy.warn.includes(code))
  if (both === undefined) return { policy }
  throw new UsageError(`cannot deny ${both} and let it be a warning at once`, {
    code: 'C104',
    hint: `leave --deny ${both} or --warn ${both} out`,
  })
}

function codesOf(values: readonly string[], option: 'deny' | 'warn'): readonly string[] {
  const codes = values.flatMap((value) => value.split(',')).map((code) => code.trim())
  for (const code of codes) if (!isKnown(code, option)) throw unknownCode(code, option)
  return [...new Set(codes)].sort()
}

const isKnown = (code: string, option: 'deny' | 'warn'): boolean =>
  Object.hasOwn(lintRules, code) || (option === 'deny' && code === 'all')

function unknownCode(code: string, option: 'deny' | 'warn'): UsageError {
  const guess = nearest(code, [...Object.keys(lintRules), ...(option === 'deny' ? ['all'] : [])])
  const list = 'docs/lint.md lists the codes'
  return new UsageError(`cannot read --${option} ${code}: it is not the code of a warning`, {
    code: 'C104',
    hint: guess === undefined ? list : `did you mean ${guess}? ${list}`,
  })
}
