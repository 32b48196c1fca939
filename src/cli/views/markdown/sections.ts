import type { Diagnostic, Difference } from '../../../index.ts'
import { painter } from '../../terminal.ts'
import { type ChangeRow, changeRows, symbols } from '../change-rows.ts'
import { decision } from '../diagnostic.ts'
import { differenceBlocks } from '../differences.ts'
import { confirmLine, driftLine, protectionLine, renderLedger } from '../plan.ts'
import type { PlanDocument } from '../plan-document.ts'
import { stepBlocks } from '../steps.ts'
import { counted, grouped } from '../text.ts'
import { blockLine, code, fences, prose } from './escape.ts'
import type { Row, Section } from './shorten.ts'
import { strong } from './summary.ts'

/** What stands below the line of a plan; what a reviewer can do without has the higher rank. */
export function planSections(plan: PlanDocument): readonly Section[] {
  const rows = changeRows(plan)
  const isChange = ({ action, isNews }: ChangeRow): boolean => action !== 'keep' || isNews === true
  const changed = rows.filter(isChange)
  const kept = rows.filter((row) => !isChange(row))
  const facts = [protectionLine(plan), renderLedger(plan.ledger), driftLine(plan), confirmLine(plan)].flatMap(
    (fact) => fact ?? [],
  )
  return [
    ...(plan.diagnostics.length > 0 ? [diagnosticList(plan.diagnostics)] : []),
    ...(changed.length > 0 ? [changeTable(changed)] : []),
    ...facts.map((fact) => ({ ...empty, before: `\n${prose(fact)}\n` })),
    ...(plan.differences && plan.differences.length > 0 ? [differenceList(plan.differences)] : []),
    ...(kept.length > 0 ? [keptTable(kept)] : []),
    ...(plan.steps.length > 0 ? [stepList(plan)] : []),
  ]
}

const empty: Section = { before: '', after: '', rows: [], rank: 0, omission: () => '' }

/** Every mistake and risk as a list; errors stay longest. */
export function diagnosticList(diagnostics: readonly Diagnostic[]): Section {
  return {
    before: '\n',
    after: '',
    rows: diagnostics.map((it) => ({ text: diagnosticItem(it), rank: rankOf(it) })),
    rank: 1,
    omission: (count) => `- … ${counted(count, 'more message')} left out here; \`pinfold plan\` prints all of them.\n`,
  }
}

const rankOf = ({ severity, silenced }: Diagnostic): number =>
  severity === 'error' ? 0 : silenced === undefined ? 1 : 2

/** Code, place, what and advice, or why it is accepted. */
function diagnosticItem(diagnostic: Diagnostic): string {
  const { severity, code: number, summary, detail, hint, at, address, silenced } = diagnostic
  const place = at ? ` ${code(`${at.file}:${at.line}:${at.column}`)}` : address ? ` ${code(address)}` : ''
  const what = `${place} ${prose(summary)}: ${prose(detail)}`
  if (silenced !== undefined) return `- silenced ${number}${what}<br>_Reason:_ ${prose(silenced)}\n`
  const advice = hint === undefined ? '' : `<br>_Hint:_ ${prose(hint)}`
  return `- **${severity} ${number}**${decision(diagnostic)}${what}${advice}\n`
}

/** What loses or interrupts something stays longest in a table that is too long. */
const verdictRanks = { 'data loss': 0, gap: 1, overlap: 2, atomic: 3, none: 4 }

function changeTable(changes: readonly ChangeRow[]): Section {
  return {
    before: '\n| | kind | name | what and why | verdict |\n|:-:|---|---|---|---|\n',
    after: '',
    rows: changes.map((change) => ({
      text: `${cells(change)} ${verdicts(change)}|\n`,
      rank: change.blocked ? 0 : verdictRanks[change.verdict ?? 'none'],
    })),
    rank: 2,
    omission: (count) =>
      `| … | | | ${counted(count, 'more change')} left out here; \`pinfold plan\` prints all of them | |\n`,
  }
}

const verdicts = ({ verdict, blocked }: ChangeRow): string =>
  `${verdict ? `${strong(verdict)} ` : ''}${blocked ? `**BLOCKED ${blocked}** ` : ''}`

const cells = ({ action, kind, name, reason }: ChangeRow): string =>
  `| \`${symbols[action]}\` | ${kind} | ${code(name)} | ${prose(reason)} |`

/** In the marks of a diff, which GitHub colours; a hunk, or a value before and after, stays or goes as a whole. */
function differenceList(differences: readonly Difference[]): Section {
  const blocks = differenceBlocks(differences)
  const { before, after } = fences(
    blocks.flatMap(({ lines }) => lines),
    'diff',
  )
  const frame = folded(`What differs in ${counted(differences.length, 'object')}`, before)
  return {
    before: frame.before,
    after: `${after}\n${frame.after}`,
    rows: blocks.map(({ lines, begins }, index): Row => {
      const gap = begins && index > 0 ? '\n' : ''
      return { text: `${gap}${lines.map((line) => `${blockLine(line)}\n`).join('')}` }
    }),
    rank: 4,
    omission: (count) =>
      `… ${counted(count, 'more difference')} left out here; pinfold plan --diff prints all of them\n`,
  }
}

function keptTable(kept: readonly ChangeRow[]): Section {
  return {
    ...folded(`${grouped(kept.length)} unchanged`, '| | kind | name | state |\n|:-:|---|---|---|\n'),
    rows: kept.map((row) => ({ text: `${cells(row)}\n` })),
    rank: 5,
    omission: (count) => `| … | | | ${grouped(count)} more left out here; \`pinfold plan\` prints all of them |\n`,
  }
}

function stepList(plan: PlanDocument): Section {
  const steps = stepBlocks(plan, { paint: painter(false), onlyNews: true }).map((step) => step.split('\n'))
  const { before, after } = fences(steps.flat())
  const holders = plan.ledger.arrays.length > 0 ? ', and who holds each program array where that changes' : ''
  const frame = folded(`${counted(plan.steps.length, 'step')}${holders}`, before)
  return {
    before: frame.before,
    after: `${after}\n${frame.after}`,
    rows: steps.map((lines): Row => ({ text: `${lines.map(blockLine).join('\n')}\n` })),
    rank: 6,
    omission: (count) => `… ${counted(count, 'more step')} left out here; pinfold plan --steps prints all of them\n`,
  }
}

/** What is shown when it is clicked at. */
const folded = (title: string, content: string): Pick<Section, 'before' | 'after'> => ({
  before: `\n<details><summary>${title}</summary>\n\n${content}`,
  after: '\n</details>\n',
})
