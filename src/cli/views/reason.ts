import { type Change, kindOf, nameOf, type PinChange, type Reason } from '../../index.ts'
import type { ChangesOfPlan } from './change-rows.ts'
import { grouped } from './text.ts'

/** Why a change happens, in one phrase: `slot 1 differs: new array, switched with its callers`. */
export function renderReason(change: Change, plan: ChangesOfPlan): string {
  const moved = change.movedFrom === undefined ? '' : `moved from ${change.movedFrom}, `
  return `${renderCause(change)}${moved}${reasonOf(change, plan)}${protections[change.protection ?? 'stays']}${retentions[change.retention ?? 'stays']}`
}

const renderCause = ({ cause }: Change): string => (cause ? causes[cause] : '')

const causes = { drift: 'drift: ', both: 'drift, and the manifest: ' } as const

const retentions = {
  stays: '',
  set: ', kept by a destroy from now on',
  lifted: ', not kept by a destroy any more',
} as const

const protections = { stays: '', set: ', protected from now on', lifted: ', not protected any more' } as const

function reasonOf(change: Change, plan: ChangesOfPlan): string {
  switch (change.action) {
    case 'keep':
      return kept(change, plan)
    case 'create':
      return `${change.cause ? 'somebody removed its pin: ' : ''}${change.detail ?? 'new'}`
    case 'delete':
      if (change.leaves !== undefined) return `leaves the stack as it is, pinned at ${change.leaves}`
      return plan.action === 'destroy' ? `removed${lost(change)}` : `no longer declared${lost(change)}`
    default:
      return `${differences(change, plan)}${consequence(change)}`
  }
}

/** The same for a pin elsewhere: `to the new map.flows`. */
export function renderPinReason({ action, address, cause }: PinChange, plan: ChangesOfPlan): string {
  switch (action) {
    case 'keep':
      return `to ${address}`
    case 'create':
      return cause ? `drift: to ${address}: somebody removed it` : `to ${address}`
    case 'update':
      return `${cause ? causes[cause] : ''}to the new ${address}`
    case 'delete':
      return plan.action === 'destroy' ? `to ${address}, removed` : `to ${address}, no longer declared`
  }
}

function kept(change: Change, plan: ChangesOfPlan): string {
  const isNew = plan.action === 'import' && !plan.pins?.some(({ address }) => address === change.address)
  const pinned = isNew ? ', pinned for the first time' : ''
  const why = change.because.map(whyKept).join('')
  if (kindOf(change.address) !== 'map') return `${why ? 'kept' : 'unchanged'}${why}${pinned}`
  return change.entries === undefined ? `kept${why}${pinned}` : `kept, ${entries(change.entries)}${why}${pinned}`
}

/** Of what a destroy leaves. */
const whyKept = ({ attribute, after }: Reason): string =>
  attribute === 'neededBy' ? `: ${after} needs it` : `: ${attribute}: ${after}`

function carried({ entries: count, migration }: Change): string {
  const what = count === undefined ? 'contents carried over' : `${entries(count)} carried over`
  return migration?.merge === 'sum' ? `${what}, counts added` : what
}

function lost(change: Change): string {
  if (change.entries === undefined || change.verdict !== 'data loss') return ''
  return change.entries === 0 ? ', empty now' : `, ${entries(change.entries)} lost`
}

const entries = (count: number): string => `${grouped(count)} ${count === 1 ? 'entry' : 'entries'}`

/** What follows from it, where that is more than the change itself. */
function consequence(change: Change): string {
  const kind = kindOf(change.address)
  if (kind === 'link') return linkConsequence(change)
  if (kind === 'map' && change.action === 'update' && change.because.some(isSlot)) return ': in place'
  if (kind !== 'map' || change.action !== 'replace' || isFormer(change)) return ''
  const array = change.because.every((reason) => isSlot(reason) || reason.attribute === 'owner')
  if (array) return ': new array, switched with its callers'
  if (change.because.every(isMember)) return ': new map, switched with its link'
  return change.migration ? `: new map, ${carried(change)}` : `: new map${lost(change)}`
}

const isSlot = ({ attribute }: Reason): boolean => attribute.startsWith('slots.')

/** Of a struct of functions: a program, or what it says beside those. */
const isMember = ({ attribute }: Reason): boolean => attribute.startsWith('members.') || attribute === 'value'

/** True for an object that a rollback takes over from a former generation. */
const isFormer = (change: Change): boolean => change.because.some((reason) => reason.attribute === 'generation')

function linkConsequence(change: Change): string {
  const id = change.liveId === undefined ? '' : ` #${change.liveId}`
  return change.action === 'update' ? `, same link${id}` : ': attached anew'
}

function differences(change: Change, plan: ChangesOfPlan): string {
  const groups = new Map<string, Reason[]>()
  for (const reason of change.because) {
    const [head = ''] = reason.attribute.split('.', 1)
    groups.set(head, [...(groups.get(head) ?? []), reason])
  }
  return [...groups].map(([head, reasons]) => phraseOf(head, { reasons, change, plan })).join('; ')
}

interface Group {
  /** At least one, all with the same first part of their attribute. */
  readonly reasons: readonly Reason[]
  readonly change: Change
  readonly plan: ChangesOfPlan
}

const phraseOf = (head: string, group: Group): string => (phrases.get(head) ?? beforeAndAfter)(group)

/** How each attribute is said; others show their values. */
const phrases = new Map<string, (group: Group) => string>([
  ['code', () => 'code differs'],
  ['uses', ({ reasons }) => `reloaded: uses ${reasons.map((reason) => reason.after).join(', ')}`],
  ['slots', (group) => indexed(group, 'slot')],
  [
    'members',
    ({ reasons }) =>
      reasons.length === 1 ? 'one of its programs differs' : `${reasons.length} of its programs differ`,
  ],
  ['inner', (group) => indexed(group, 'inner map')],
  [
    'entries',
    ({ reasons }) => (reasons.length === 1 ? '1 entry differs' : `${grouped(reasons.length)} entries differ`),
  ],
  ['layout', layoutFields],
  ['generation', ({ reasons }) => `the former one again, #${reasons[0]?.after}`],
  ['initial', () => 'initial data differs'],
  ['value', () => 'the value differs'],
  ['program', linkProgram],
  ['severed', () => 'what it was attached to is gone'],
  ['unknown', () => 'no record tells what is loaded'],
  ['tag', () => 'somebody replaced it'],
  ['offset', ({ reasons }) => `place within ${reasons.map((reason) => rest(reason)).join(', ')} differs`],
  ['pin', ({ reasons }) => (reasons[0]?.after === 'true' ? 'its pin is missing' : 'its pin goes')],
])

const rest = (reason: Reason): string => reason.attribute.slice(reason.attribute.indexOf('.') + 1)

/** `value.packets u32 -> u64, new value.last_seen, without value.state`; of many the first ones. */
function layoutFields({ reasons }: Group): string {
  const fields = reasons.map((reason) => {
    const { before, after } = reason
    if (before === undefined) return `new ${rest(reason)}`
    return after === undefined ? `without ${rest(reason)}` : `${rest(reason)} ${before} -> ${after}`
  })
  const more = fields.length - mostFields
  return more > 0 ? `${fields.slice(0, mostFields).join(', ')} and ${more} more fields` : fields.join(', ')
}

const mostFields = 3

function indexed({ reasons }: Group, noun: string): string {
  const numbers = reasons.map((reason) => rest(reason))
  return numbers.length === 1 ? `${noun} ${numbers[0]} differs` : `${noun}s ${numbers.join(', ')} differ`
}

function linkProgram({ reasons, plan }: Group): string {
  const { before = 'nothing', after = 'nothing' } = reasons[0] ?? {}
  const id = plan.existing[`live:${before}` as keyof ChangesOfPlan['existing']]
  const other = plan.changes.find((it) => it.address === after)
  const anew = other?.action === 'create' || other?.action === 'update' ? 'new ' : ''
  const which = other && isFormer(other) ? 'former ' : anew
  const kind = String(after).startsWith('map.') ? 'map' : 'program'
  const name = (it: string | number): string => bare(it).replace(/^map\./, '')
  return `${kind} ${id === undefined ? name(before) : `#${id}`} -> ${which}${name(after)}`
}

const beforeAndAfter = ({ reasons }: Group): string =>
  reasons.map(({ attribute, before, after }) => `${words(attribute)} ${value(before)} -> ${value(after)}`).join(', ')

/** `load.attachType` as `attach type`. */
const words = (attribute: string): string =>
  attribute.replace(/^load\./, '').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

const value = (it: string | number | undefined): string => (typeof it === 'number' ? grouped(it) : (it ?? 'none'))

const bare = (it: string | number): string => {
  const text = String(it)
  return text.startsWith('program.') ? nameOf(text as `program.${string}`) : text
}
