import type { Document, YAMLError } from 'yaml'
import { parseDocument } from 'yaml'
import type { Diagnostic } from '../model/diagnostic.ts'
import type { ManifestCode } from './codes.ts'
import { complaint } from './codes.ts'
import { lineStarts, positionAt } from './source-tree.ts'

/** Either a document without syntax errors, or every complaint about its syntax. */
export type YamlResult =
  | { readonly kind: 'valid'; readonly document: Document.Parsed }
  | { readonly kind: 'invalid'; readonly diagnostics: readonly Diagnostic[] }

/** Parses one YAML 1.2 document. Integers come as bigints; duplicate keys are left to the caller. */
export function parseYaml(file: string, text: string): YamlResult {
  const document = parseDocument(text, {
    intAsBigInt: true,
    prettyErrors: false,
    uniqueKeys: false,
  })
  // A warning is a tag that YAML does not know: the value would be something else than the author meant.
  const errors = worthReporting([...document.errors, ...document.warnings], text)
  if (errors.length === 0) return { kind: 'valid', document }
  const starts = lineStarts(text)
  return {
    kind: 'invalid',
    diagnostics: errors.map((error) => describe(error, text, () => positionAt(file, starts, error.pos[0]))),
  }
}

interface SyntaxRule {
  readonly code?: ManifestCode
  /** In place of the parser's own words. */
  readonly detail?: string
  readonly hint: string
}

const rules: Partial<Record<YAMLError['code'], SyntaxRule>> = {
  BAD_ALIAS: { code: 'M005', hint: 'an alias is an asterisk and the name of an anchor that stands before it' },
  BAD_INDENT: { hint: 'close the brackets, and begin all keys of one mapping in the same column' },
  BAD_DQ_ESCAPE: { hint: 'inside double quotes a backslash begins an escape; single quotes have none' },
  BAD_SCALAR_START: { hint: 'put the text in quotes' },
  BLOCK_AS_IMPLICIT_KEY: { hint: 'put text that holds a colon and a space in quotes' },
  MISSING_CHAR: { hint: 'close the quotes or brackets, and put a space after each colon' },
  MULTILINE_IMPLICIT_KEY: { hint: 'a key stands on one line, followed by a colon and a space' },
  MULTIPLE_DOCS: {
    code: 'M003',
    detail: 'The text holds more than one document.',
    hint: 'one manifest describes one stack: put the others into files of their own',
  },
  RESOURCE_EXHAUSTION: {
    code: 'M004',
    detail: 'The text is nested too deeply.',
    hint: 'a manifest needs few levels: close the brackets',
  },
  TAB_AS_INDENT: { hint: 'indent with spaces' },
  TAG_RESOLVE_FAILED: { hint: 'leave the tag away' },
  UNEXPECTED_TOKEN: { hint: 'remove it, or put the text that it belongs to in quotes' },
}

const otherwise = 'indent with spaces, put a space after each colon, and quote text with special characters'

function describe(error: YAMLError, text: string, position: () => ReturnType<typeof positionAt>): Diagnostic {
  const rule = rules[error.code]
  const hint = isOpenVariable(error, text)
    ? 'inside { } and [ ] a variable stands in quotes: "${NAME}"'
    : (rule?.hint ?? otherwise)
  return complaint(rule?.code ?? 'M001', {
    detail: rule?.detail ?? `The text is not valid YAML: ${error.message}.`,
    hint,
    at: position(),
  })
}

/** One complaint for each mistake: behind the first one in the structure the parser has lost its way, and the rest is noise. */
function worthReporting(errors: readonly YAMLError[], text: string): readonly YAMLError[] {
  const variables = errors.filter((error) => isOpenVariable(error, text))
  if (variables.length > 0) return variables
  const inOrder = errors.toSorted((a, b) => Number(isLost(a)) - Number(isLost(b)) || a.pos[0] - b.pos[0])
  const first = inOrder.findIndex(({ code }) => !withinOneValue.has(code))
  return first < 0 ? inOrder : inOrder.slice(0, first + 1)
}

/** Mistakes that leave the structure around them clear. */
const withinOneValue: ReadonlySet<YAMLError['code']> = new Set([
  'BAD_ALIAS',
  'BAD_DQ_ESCAPE',
  'BAD_SCALAR_START',
  'TAG_RESOLVE_FAILED',
])

const isLost = (error: YAMLError): boolean => / in YAML stream/.test(error.message)

/** `{ interface: ${IFACE} }`: inside braces YAML reads a brace, not a variable. */
const isOpenVariable = (error: YAMLError, text: string): boolean => text.startsWith('${', error.pos[0] - 1)
