import type { CurrentState, Drift, DriftKind, KernelIdentity, Reason, Trace } from '../../index.ts'
import type { ExitCode } from '../exit-codes.ts'
import type { Paint } from '../terminal.ts'
import { counted, shortRelease } from './text.ts'

/** A difference, and what the kernel tells of who made it. */
export interface TracedDrift extends Drift {
  /** The objects and files that it is about, as they are now. */
  readonly by: readonly Trace[]
}

/** `plan --drift-only`: what differs from what pinfold last applied. */
export interface DriftDocument {
  readonly type: 'drift'
  readonly version: 1
  readonly stack: string
  /** Absolute path of the stack's directory. */
  readonly directory: string
  /** The generation that was last applied; 0: none is known. */
  readonly generation: number
  /** The kernel that was asked. */
  readonly kernel: Pick<KernelIdentity, 'kind' | 'release'>
  /** Each difference; empty: there is none. */
  readonly drift: readonly TracedDrift[]
  readonly exitCode: ExitCode
}

/** What was found. */
export interface DriftReport {
  readonly current: CurrentState
  readonly drift: readonly TracedDrift[]
  readonly identity: KernelIdentity
  readonly exitCode: ExitCode
}

/** The report as a document. */
export function driftDocument({ current, drift, identity, exitCode }: DriftReport): DriftDocument {
  const { stack, directory, generation } = current
  const kernel = { kind: identity.kind, release: identity.release }
  return { type: 'drift', version: 1, stack, directory, generation, kernel, drift, exitCode }
}

/** The report for people: each difference with its traces below it. Ends in a line break. */
export function renderDrift({ current, drift, identity }: DriftReport, paint: Paint): string {
  const { stack, generation } = current
  const head = [paint('bold', 'pinfold drift'), paint('bold', stack), kernelOf(identity), `generation ${generation}`]
  const width = Math.max(0, ...drift.map((it) => subjectOf(it).length)) + 3
  const lines = drift.flatMap((it) => {
    const subject = subjectOf(it)
    const [first = '', ...more] = whatOf(it)
    const traces = it.by.flatMap(renderTrace).map((trace) => `  ${paint('dim', trace)}`)
    return [
      `  ${paint('yellow', subject)}${' '.repeat(width - subject.length)}${first}`,
      ...[...more, ...traces].map((line) => `  ${' '.repeat(width)}${line}`),
    ]
  })
  return `${[head.join(' · '), ...(lines.length > 0 ? [lines.join('\n')] : []), closing(drift, generation)].join('\n\n')}\n`
}

const kernelOf = ({ kind, release }: KernelIdentity): string =>
  `kernel ${shortRelease(release)}${kind === 'memory' ? ' in memory' : ''}`

const subjectOf = ({ address, path }: Drift): string =>
  address ?? (path === '' || path === undefined ? 'directory' : path)

function whatOf({ kind, path = '', because }: Drift): string[] {
  const at = path.startsWith('/') && kind !== 'moved' ? ` (${path})` : ''
  return phrases[kind](because).map((phrase, i) => (i === 0 ? `${phrase}${at}` : phrase))
}

const phrases: Readonly<Record<DriftKind, (because: readonly Reason[]) => string[]>> = {
  lost: () => ['its pin was removed'],
  replaced: (because) => [`something else is in its place${because.map(inPlace).join('')}`],
  detached: () => ['it is attached to nothing any more'],
  switched: (because) => because.map(beforeAndAfter),
  contents: (because) => because.map(beforeAndAfter),
  ownership: (because) => because.map(beforeAndAfter),
  foreign: (because) => [`not made by pinfold${because.map(inPlace).join('')}`],
  moved: (because) => because.map(({ before, after }) => `the directory of ${before} is called ${after} now`),
  unknown: () => ['the record is lost: what was changed, and whether, is not known'],
}

const inPlace = ({ attribute, before, after }: Reason): string => {
  if (attribute === 'tag') return `: a program with the tag ${after}`
  if (attribute !== 'pin') return `: ${beforeAndAfter({ attribute, before, after })}`
  return `${after === undefined ? ', or nothing' : `: ${after}`}${before === undefined ? '' : `, not ${before}`}`
}

const beforeAndAfter = ({ attribute, before, after }: Reason): string =>
  `${words(attribute)}: ${before ?? 'nothing'} -> ${after ?? 'nothing'}`

/** `slots.1` as `slot 1`. */
function words(attribute: string): string {
  const [head = '', ...rest] = attribute.split('.')
  return [nouns.get(head) ?? head, ...(rest.length > 0 ? [rest.join('.')] : [])].join(' ')
}

const nouns: ReadonlyMap<string, string> = new Map([
  ['slots', 'slot'],
  ['entries', 'entry'],
  ['inner', 'inner map'],
  ['members', 'program at offset'],
  ['program', 'runs'],
  ['uid', 'user'],
  ['gid', 'group'],
])

/** `program #99 (theirs), loaded 2026-11-26T12:31:02Z by user 0, open in agent (4711)`; no line where nothing is told. */
function renderTrace({ object, uid, loaded, path, changed, holders = [] }: Trace): string[] {
  const name = object?.name === undefined ? '' : ` (${object.name})`
  const open = holders.map((it) => (it.name === undefined ? `process ${it.process}` : `${it.name} (${it.process})`))
  const told = [
    ...(loaded === undefined ? [] : [`loaded ${loaded} by user ${uid}`]),
    ...(loaded !== undefined || uid === undefined ? [] : [`of user ${uid}`]),
    ...(changed === undefined ? [] : [`changed ${changed}`]),
    ...(open.length > 0 ? [`open in ${open.join(', ')}`] : []),
  ]
  const subject = object ? `${object.kind} #${object.id}${name}` : (path ?? '')
  return told.length > 0 ? [[subject, ...told].join(', ')] : []
}

function closing(drift: readonly Drift[], generation: number): string {
  if (drift.length === 0)
    return generation === 0 ? 'No drift: nothing was applied.' : 'No drift: all is as pinfold last applied it.'
  const count = `Drift: ${counted(drift.length, 'difference')} from what was last applied.`
  const stays = drift.filter(({ kind }) => kind === 'foreign' || kind === 'moved' || kind === 'unknown').length
  if (stays === drift.length) return `${count} An apply does not touch that.`
  return `${count} The next apply puts it back${stays > 0 ? ', but for what pinfold did not make' : ''}.`
}
