import type { Diagnostic } from '../model/diagnostic.ts'
import { type LintPolicy, lintRules, type Silence } from '../model/lint-rules.ts'
import type { DesiredState } from '../model/state.ts'
import { nearest } from '../util/nearest.ts'
import { named, planCodes } from './codes.ts'
import type { Plan } from './plan.ts'

/**
 * The plan with what the user decided about its warnings: one that the manifest silences says so and blocks nothing, one that is
 * denied is an error, an error that may be lowered and is, a warning. What was decided stands in the plan.
 */
export function applyPolicy(plan: Plan, { silences = [], policy }: DesiredState): Plan {
  const { deny, warn } = policy ?? { deny: [], warn: [] }
  if (plan.diagnostics.length + silences.length + deny.length + warn.length === 0) return plan
  const unused = unusedSilences(plan, silences)
  const diagnostics = [...plan.diagnostics, ...unused].map((it) => judge(it, { silences, deny, warn }))
  return { ...plan, ...(deny.length + warn.length > 0 && { policy: { deny, warn } }), diagnostics }
}

interface Decisions extends LintPolicy {
  readonly silences: readonly Silence[]
}

function judge(diagnostic: Diagnostic, { silences, deny, warn }: Decisions): Diagnostic {
  const { severity, code } = diagnostic
  if (severity === 'error') {
    return lintRules[code]?.lowers && warn.includes(code)
      ? { ...diagnostic, severity: 'warning', lowered: true }
      : diagnostic
  }
  const silence = silences.find((it) => covers(it, diagnostic))
  if (silence) return { ...diagnostic, silenced: silence.reason }
  const isDenied = deny.includes(code) || (deny.includes('all') && !warn.includes(code))
  return isDenied ? { ...diagnostic, severity: 'error', denied: true } : diagnostic
}

const covers = ({ code, address }: Silence, diagnostic: Diagnostic): boolean =>
  code === diagnostic.code && (address === undefined || address === diagnostic.address)

/** What is accepted beforehand would be accepted unseen one day. */
function unusedSilences({ diagnostics, changes, steps }: Plan, silences: readonly Silence[]): readonly Diagnostic[] {
  const warnings = diagnostics.filter(({ severity }) => severity === 'warning')
  const isAsked = ({ code }: Silence): boolean => steps.length > 0 || !lintRules[code]?.looksAround
  const addresses = new Set(changes.map(({ address }): string => address))
  return silences
    .filter((silence) => isAsked(silence) && !warnings.some((warning) => covers(silence, warning)))
    .map(({ code, address, at }) => {
      const about = address === undefined ? '' : ` about ${address}`
      const guess = address === undefined || addresses.has(address) ? undefined : nearest(address, addresses)
      return {
        severity: 'warning',
        ...named(planCodes.unusedSilence),
        detail: `The plan has no warning ${code}${about} that would have to be silenced.`,
        hint: guess === undefined ? 'remove the row: it would silence the next one, too' : `did you mean ${guess}?`,
        ...(address === undefined ? {} : { address }),
        ...(at === undefined ? {} : { at }),
      }
    })
}
