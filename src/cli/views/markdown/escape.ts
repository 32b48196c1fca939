import { printable } from '../text.ts'

/**
 * A sentence as text of markdown: whatever stands in it (names and values from manifests and objects) shows as it is, and can
 * neither end a table's cell nor make markup, HTML, links or mentions. Fits on one line.
 */
export const prose = (text: string): string =>
  visible(text).replace(markup, (found) => (found.length > 1 || /[@#:]/.test(found) ? `${found}${gap}` : entity(found)))

/** What markdown or HTML reads as markup; then what GitHub makes links, mentions, issues or pictures of, if nothing is behind it. */
const markup =
  /[&<|`*\\[$~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|[@#](?=\w)|:(?=\/\/|[\w+-]+:)|\b(?:www(?=\.)|GH(?=-)|(?:mailto|xmpp)(?=:))/gi

/** A name in letters of equal width; as safe as prose. */
export function code(text: string): string {
  const shown = visible(text)
  if (/^[\w./:#@=,>+-]+$/.test(shown)) return `\`${shown}\``
  return `<code>${shown.replace(/[^A-Za-z0-9 -]/gu, (found) => `${entity(found)}${found === '@' ? gap : ''}`) || gap}</code>`
}

/** A block of lines as they are; longer fences than any in them keep them inside. `language` colours it: `diff`. */
export function block(lines: readonly string[], language = ''): string {
  const { before, after } = fences(lines, language)
  return `${before}${lines.map(blockLine).join('\n')}\n${after}`
}

/** What stands around such a block, where its lines may be fewer in the end. */
export function fences(lines: readonly string[], language = ''): { readonly before: string; readonly after: string } {
  const longest = Math.max(2, ...lines.flatMap((line) => line.match(/`+/g) ?? []).map((run) => run.length))
  const fence = '`'.repeat(longest + 1)
  return { before: `${fence}${language}\n`, after: fence }
}

/** A line within a block. */
export const blockLine = (line: string): string => visible(line, mostInLine)

/** Characters of one sentence or name: a list of a thousand names is no sentence. */
const mostInCell = 1000
const mostInLine = 400

function visible(text: string, most = mostInCell): string {
  return printable(text.length > most ? `${text.slice(0, most).replace(/[\uD800-\uDBFF]$/, '')}…` : text)
}

/** Never the beginning or end of markup, unlike the character itself. */
const entity = (character: string): string => `&#x${character.codePointAt(0)?.toString(16)};`

/** Shows as nothing, and keeps what GitHub would make a link of apart. */
const gap = '&#x200b;'
