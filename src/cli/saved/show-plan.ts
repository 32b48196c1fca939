import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { paintOf, type Speaker } from '../say.ts'
import type { PlanDocument } from '../views/plan-document.ts'
import { renderOrigin, renderPlanning } from '../views/planning.ts'
import { readPlan } from './read-plan.ts'

/** Shows a saved plan as it was made, whatever became of it and of its host. Asks no kernel. */
export async function showPlan(file: string, speaker: Speaker): Promise<ExitCode> {
  speaker.terminal.write(await textOf(readPlan(file), speaker))
  return exitCodes.success
}

async function textOf(saved: PlanDocument, speaker: Speaker): Promise<string> {
  const { json, format, steps = false } = speaker.options
  if (json) return `${JSON.stringify(saved)}\n`
  const document = printable(saved)
  if (format === 'markdown') return (await import('../views/markdown/plan.ts')).renderMarkdown([document])
  const paint = paintOf(speaker)
  const view = { identity: document.kernel, paint, steps, details: await detailsOf(document, speaker) }
  const { recovery, unconfirmed } = document
  return `${renderOrigin(document.envelope)}\n${renderPlanning({ plan: document, recovery, unconfirmed }, view)}`
}

async function detailsOf({ differences }: PlanDocument, speaker: Speaker): Promise<string | undefined> {
  if (!differences) return undefined
  return (await import('../views/differences.ts')).renderDifferences(differences, paintOf(speaker))
}

/** Names that pinfold writes hold no control characters; a file may come from anybody. */
function printable(document: PlanDocument): PlanDocument {
  const clean = (_: string, value: unknown): unknown =>
    typeof value === 'string' ? value.replace(/(?![\n\t])\p{Cc}/gu, '\ufffd') : value
  return JSON.parse(JSON.stringify(document), clean)
}
