import type { Change, Diagnostic, Plan } from '../../index.ts'

/**
 * What a plan that is made anew would do otherwise than a saved one, in words; undefined where they do the same. How many
 * entries a map holds, and who else holds an array, may differ: that changes nothing of what is done.
 */
export function differenceBetween(saved: Plan, anew: Plan): string | undefined {
  const [before, now] = [essenceOf(saved), essenceOf(anew)]
  return (
    changeDifference(before.changes, now.changes) ??
    riskDifference(before.diagnostics, now.diagnostics) ??
    partDifference(before, now)
  )
}

/** What a plan does, as it is after a journey through JSON. */
function essenceOf({ record: _, ledger: __, ...plan }: Plan): Omit<Plan, 'record' | 'ledger'> {
  const changes = plan.changes.map(({ entries: ___, ...change }) => change)
  return JSON.parse(JSON.stringify({ ...plan, changes }))
}

function changeDifference(before: readonly Change[], now: readonly Change[]): string | undefined {
  const known = new Map(before.map((change) => [change.address, change]))
  for (const change of now) {
    const old = known.get(change.address)
    known.delete(change.address)
    if (!old) return `${change.address} was not there when the plan was made, and would be ${done[change.action]}`
    if (old.action !== change.action)
      return `${change.address} was to be ${done[old.action]}, and would be ${done[change.action]} now${why(change)}`
    if (!isSame(old, change)) return `${change.address} differs otherwise than when the plan was made${why(change)}`
  }
  const [gone] = known.values()
  return gone && `${gone.address} was to be ${done[gone.action]}, and is not there any more`
}

const done: Readonly<Record<Change['action'], string>> = {
  keep: 'kept',
  create: 'created',
  update: 'updated',
  replace: 'replaced',
  delete: 'deleted',
}

function why({ because, liveId }: Change): string {
  if (because.length > 0) return ` (${listed(because)})`
  return liveId === undefined ? '' : ` (#${liveId})`
}

/** Keys of entries are bytes, and may be many. */
function listed(because: Change['because']): string {
  const others = because.filter(({ attribute }) => !attribute.startsWith('entries.'))
  const entries = because.length - others.length
  const counted = entries > 0 ? [`${entries} ${entries === 1 ? 'entry' : 'entries'}`] : []
  return [...others.map(({ attribute }) => attribute), ...counted].join(', ')
}

/** A new risk was not looked at; and what was forbidden then is not done because it is allowed now. */
function riskDifference(before: readonly Diagnostic[], now: readonly Diagnostic[]): string | undefined {
  const [known, found] = [before.map(riskOf), now.map(riskOf)]
  const fresh = now.find((diagnostic) => !known.includes(riskOf(diagnostic)))
  if (fresh) return `there is a risk that the plan does not name, ${fresh.code}: ${fresh.detail.replace(/\.$/, '')}`
  const gone = before.find((diagnostic) => diagnostic.severity === 'error' && !found.includes(riskOf(diagnostic)))
  return gone && `it was forbidden when it was made, and is not any more (${gone.code})`
}

const riskOf = ({ code, severity, address }: Diagnostic): string => `${code} ${severity} ${address ?? ''}`

type Essence = ReturnType<typeof essenceOf>

/** Parts that are compared above, or that do not tell what is done. */
type Others = 'version' | 'changes' | 'drift' | 'record' | 'ledger' | 'diagnostics'

const names: Readonly<Record<Exclude<keyof Plan, Others>, string>> = {
  action: 'its action',
  stack: 'its stack',
  directory: "its stack's directory",
  generation: 'its generations',
  protection: 'the protection of the stack',
  pins: 'its pins elsewhere',
  ownership: 'owner and mode of the tree',
  policy: 'what is decided about its risks',
  confirmWithin: 'the time to confirm it',
  steps: 'its steps',
  existing: 'the objects that it starts from',
  preconditions: 'its preconditions',
}
const parts = Object.keys(names) as (keyof typeof names)[]

function partDifference(before: Essence, now: Essence): string | undefined {
  const part = parts.find((name) => !isSame(before[name], now[name]))
  return part && `${names[part]} would be others now`
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
