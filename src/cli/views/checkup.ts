import type { Checkup, Finding } from '../../index.ts'
import type { Paint } from '../terminal.ts'
import { renderDiagnostic } from './diagnostic.ts'
import { counted } from './text.ts'

/** What was looked at, each finding with what would be done about it, and a total. Ends in a line break. */
export function renderCheckup(checkup: Checkup, findings: readonly Finding[], paint: Paint): string {
  const arrays = arraysInUse(checkup)
  const title = `pinfold doctor · ${counted(checkup.stacks.length, 'stack')}, ${counted(arrays, 'program array')} in use`
  return `${paint('bold', title)}\n\n${findings.map((it) => renderFinding(it, paint)).join('')}${total(findings)}\n`
}

function renderFinding(found: Finding, paint: Paint): string {
  const repair = repairPhrase(found)
  const line = repair === undefined ? '' : `\n  ${paint('cyan', 'repair:')} ${repair}`
  const stack = found.stack === undefined ? '' : `${paint('bold', found.stack)} · `
  return `${stack}${renderDiagnostic(found, paint)}${line}\n`
}

function repairPhrase({ repair }: Finding): string | undefined {
  if (!repair) return undefined
  if (repair.kind === 'recover') return 'what pinfold recover does'
  const slots = Object.entries(repair.slots).map(([index, program]) => `${index} with #${program}`)
  return `pin it at ${repair.path}${slots.length > 0 ? ` and fill slot ${slots.join(', ')}` : ''}`
}

function total(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'Nothing found.'
  const repairable = findings.filter((it) => it.repair).length
  const advice = repairable === 0 ? '' : ` ${counted(repairable, 'repair')} known: pinfold doctor --repair.`
  return `\n${counted(findings.length, 'finding')}.${advice}`
}

/** What `doctor` found. */
export interface CheckupDocument {
  readonly type: 'checkup'
  readonly version: 1
  /** The stacks of the bpffs. */
  readonly stacks: readonly string[]
  /** Program arrays that some program uses, in the whole system. */
  readonly arraysInUse: number
  /** Errors first. */
  readonly findings: readonly Finding[]
}

/** The same as a document. */
export const checkupDocument = (checkup: Checkup, findings: readonly Finding[]): CheckupDocument => ({
  type: 'checkup',
  version: 1,
  stacks: checkup.stacks.map(({ stack }) => stack),
  arraysInUse: arraysInUse(checkup),
  findings,
})

function arraysInUse({ graph }: Checkup): number {
  const used = new Set([...graph.programs.values()].flatMap((program) => program.maps))
  return [...graph.maps.values()].filter((map) => map.type === 'prog_array' && used.has(map.id)).length
}
