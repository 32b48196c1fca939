import { createHash } from 'node:crypto'
import { type Document, isMap, isScalar, type Node } from 'yaml'
import type { Diagnostic } from '../model/diagnostic.ts'
import { once } from '../util/once.ts'
import type { Edit, Finding, Lookup } from './build-scalar.ts'
import { treeBuilder } from './build-tree.ts'
import { complaint } from './codes.ts'
import { suggest } from './complain.ts'
import type { VariableValue } from './interpolate.ts'
import { parseYaml } from './parse-yaml.ts'
import { type Locate, lineStarts, locator, positionAt, type SourceNode } from './source-tree.ts'
import {
  collectVariables,
  readDefaults,
  type SavedVariable,
  type VariableSources,
  type Variables,
} from './variables.ts'

/** A text's tree with what was wrong on the way; without a tree there is nothing more to check. */
export type TreeResult =
  | { readonly kind: 'tree'; readonly tree: SourceTree; readonly diagnostics: readonly Diagnostic[] }
  | { readonly kind: 'invalid'; readonly diagnostics: readonly Diagnostic[] }

interface SourceTree {
  readonly root: SourceNode
  readonly locate: Locate
  /** SHA-256 of the text with its variables filled in, as hexadecimal text; a plan without changes asks for none. */
  readonly digest: () => string
  readonly variables: readonly SavedVariable[]
}

/** Characters of a manifest's text, and nodes that it may hold once aliases are followed. */
const textLimit = 1 << 20
const nodeLimit = 250_000

/** Reads a manifest's text: YAML, then variables; the schema is for others. */
export function readTree(file: string, text: string, sources: VariableSources): TreeResult {
  const parsed = parseText(file, text)
  if (parsed.kind === 'invalid') return parsed
  const { document } = parsed
  const builder = treeBuilder(document, text)
  const declared = varsOf(document)
  const variables = collectVariables(sources, declared === undefined ? undefined : builder.build(declared))
  const root = builder.build(document.contents, lookupOf(variables))
  if (root.size > nodeLimit)
    return tooLarge(file, `With its aliases followed the manifest holds more than ${nodeLimit} values.`)
  const tree = {
    root,
    locate: locator(file, text, root),
    digest: once(() => digestOf(text, builder.edits)),
    variables: variables.given(),
  }
  return {
    kind: 'tree',
    tree,
    diagnostics: [...positioned(builder.findings, file, text), ...unusedVariables(variables, tree)],
  }
}

/** Reads a file of variables, a mapping of names to scalars. */
export function readVariables(
  file: string,
  text: string,
): { values: ReadonlyMap<string, VariableValue>; diagnostics: readonly Diagnostic[] } {
  const parsed = parseText(file, text)
  if (parsed.kind === 'invalid') return { values: new Map(), diagnostics: parsed.diagnostics }
  const builder = treeBuilder(parsed.document, text)
  const root = builder.build(parsed.document.contents)
  const diagnostics = [...positioned(builder.findings, file, text), ...misshapen(file, text, root)]
  return { values: readDefaults(root), diagnostics }
}

function parseText(file: string, text: string): ReturnType<typeof parseYaml> {
  if (text.length > textLimit)
    return tooLarge(file, `The text has ${text.length} characters; at most ${textLimit} are read.`)
  try {
    return parseYaml(file, text)
  } catch (error) {
    if (error instanceof RangeError) return tooLarge(file, 'The text is nested too deeply.')
    throw error
  }
}

function tooLarge(file: string, detail: string): { kind: 'invalid'; diagnostics: readonly Diagnostic[] } {
  const hint = 'split the stack into several manifests'
  return { kind: 'invalid', diagnostics: [complaint('M004', { detail, hint, at: { file, line: 1, column: 1 } })] }
}

function varsOf({ contents }: Document.Parsed): Node | undefined {
  if (!isMap(contents)) return undefined
  const pair = contents.items.find(({ key }) => isScalar(key) && key.value === 'vars')
  return (pair?.value as Node | null | undefined) ?? undefined
}

const lookupOf = (variables: Variables): Lookup => ({
  lookup: variables.lookup,
  hint: (name) => `${suggest(name, variables.names(), 'known variables')}; or give it by --var ${name}=...`,
})

function unusedVariables(variables: Variables, { locate }: SourceTree): readonly Diagnostic[] {
  return variables.unused().map((name) =>
    complaint('M008', {
      detail: `The manifest has no variable ${name}, which was given by --var.`,
      hint: suggest(
        name,
        variables.names().filter((known) => known !== name),
        'known variables',
      ),
      at: locate(['vars'], 'key'),
    }),
  )
}

/** The text with each variable's value in its place: what the digest is of. */
function digestOf(text: string, edits: readonly Edit[]): string {
  const hash = createHash('sha256')
  let at = 0
  for (const { start, end, text: value } of [...edits].sort((a, b) => a.start - b.start)) {
    hash.update(text.slice(at, start)).update(value)
    at = end
  }
  return hash.update(text.slice(at)).digest('hex')
}

function positioned(findings: readonly Finding[], file: string, text: string): readonly Diagnostic[] {
  const starts = lineStarts(text)
  return findings.map(({ code, detail, hint, offset }) =>
    complaint(code, { detail, hint, at: positionAt(file, starts, offset) }),
  )
}

function misshapen(file: string, text: string, root: SourceNode): readonly Diagnostic[] {
  const hint = 'write one NAME: value on each line'
  const locate = locator(file, text, root)
  if (root.kind === 'scalar' && root.value === null) return []
  if (root.kind !== 'mapping')
    return [complaint('M011', { detail: 'A file of variables must be a mapping.', hint, at: locate([]) })]
  const wrong = [...root.children].filter(([, { node }]) => node.kind !== 'scalar' || node.value === null)
  return wrong.map(([name]) =>
    complaint('M011', {
      detail: `The variable ${name} must be text, a number, true or false.`,
      hint,
      at: locate([name], 'key'),
    }),
  )
}
