import type { PlanDocument } from '../plan-document.ts'
import { planSections } from './sections.ts'
import { mostCharacters, shorten } from './shorten.ts'
import { summaryLine } from './summary.ts'

/**
 * Plans as a comment on a pull request, one line above the fold for each; made from their documents alone, and never longer
 * than GitHub takes. Several are those of several hosts, and share the room.
 */
export function renderMarkdown(documents: readonly PlanDocument[], limit: number = mostCharacters): string {
  const room = Math.floor(limit / Math.max(1, documents.length))
  return documents.map((document) => renderOne(document, room)).join('\n')
}

function renderOne(document: PlanDocument, limit: number): string {
  const head = `${summaryLine(document)}\n`
  return `${head}${shorten(planSections(document), limit - head.length - 1)}`
}
