import { errorDocument } from '../error.ts'
import { counted } from '../text.ts'
import { prose } from './escape.ts'
import { diagnosticList } from './sections.ts'
import { mostCharacters, shorten } from './shorten.ts'

/** Why there is no plan, for the same comment: the error, or every mistake. */
export function renderErrorMarkdown(error: unknown, limit: number = mostCharacters): string {
  const { code, message, hint, diagnostics } = errorDocument(error)
  if (diagnostics.length > 0) {
    const head = `**pinfold plan failed** · ${counted(diagnostics.length, 'message')}\n`
    return `${head}${shorten([diagnosticList(diagnostics)], limit - head.length)}`
  }
  const advice = hint === undefined ? '' : `\n\n_Hint:_ ${prose(hint)}`
  return `**pinfold plan failed** · error ${code}: ${prose(message)}${advice}\n`
}
