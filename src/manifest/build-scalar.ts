import type { Scalar as YamlScalar } from 'yaml'
import type { ManifestCode } from './codes.ts'
import {
  hasVariables,
  type Interpolated,
  interpolate,
  type VariableProblem,
  type VariableValue,
} from './interpolate.ts'
import { integer } from './scalar.ts'
import type { Scalar, ScalarNode } from './source-tree.ts'

/** A complaint that knows its offset in the text. */
export interface Finding {
  readonly code: ManifestCode
  readonly detail: string
  readonly hint?: string
  readonly offset: number
}

/** A piece of the text that variables replace. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

export interface Lookup {
  readonly lookup: (name: string) => VariableValue | undefined
  /** Advice for a variable that is not set. */
  readonly hint: (name: string) => string
}

/** What the scalars of one text share and collect. */
export interface ScalarContext {
  readonly text: string
  readonly findings: Finding[]
  readonly edits: Edit[]
  readonly lookup: Lookup | undefined
}

/** Turns a YAML scalar into a source node, its variables filled in. */
export function buildScalar(node: YamlScalar, context: ScalarContext): ScalarNode {
  const value = typeof node.value === 'bigint' ? integer(node.value) : (node.value as Scalar)
  const start = node.range?.[0] ?? 0
  const text = typeof value === 'string' ? value : (node.source ?? String(value))
  if (typeof value !== 'string' || !hasVariables(value))
    return { kind: 'scalar', start, size: 1, value, text, unresolved: false }
  const filled = fill(value, node, context)
  return {
    kind: 'scalar',
    start,
    size: 1,
    value: filled.value,
    text: filled.text,
    unresolved: filled.problems.length > 0,
  }
}

const textTag = 'tag:yaml.org,2002:str'

function fill(text: string, node: YamlScalar, context: ScalarContext): Interpolated {
  const [start, end] = node.range ?? [0, 0]
  const { lookup } = context
  if (!lookup) return { ...refuse(text, start, context), text }
  const filled = interpolate(text, lookup.lookup)
  for (const problem of filled.problems)
    context.findings.push(findingOf(problem, lookup, offsetOf(problem.reference, node, context)))
  context.edits.push({ start, end, text: JSON.stringify(filled.text) })
  return node.tag === textTag ? { ...filled, value: filled.text } : filled
}

function refuse(text: string, offset: number, context: ScalarContext): Interpolated {
  const filled = interpolate(text, () => undefined)
  if (!hasVariables(text.replaceAll('$${', ''))) return filled
  const hint = 'write the value itself; $${ stands for the characters ${'
  context.findings.push({ code: 'M007', detail: 'The default of a variable cannot hold a variable.', hint, offset })
  return { value: text, text, problems: [{ kind: 'malformed', reference: text, name: text }] }
}

function findingOf({ kind, reference, name }: VariableProblem, lookup: Lookup, offset: number): Finding {
  if (kind === 'unset')
    return { code: 'M006', detail: `The variable ${name} is not set.`, hint: lookup.hint(name), offset }
  const hint = 'write ${NAME} or ${NAME:-default}; $${ stands for the characters ${'
  return { code: 'M007', detail: `"${reference}" is not a variable.`, hint, offset }
}

/** Where a reference begins; quotes and escapes before it make the text differ from the source. */
function offsetOf(reference: string, node: YamlScalar, { text }: ScalarContext): number {
  const [start, end] = node.range ?? [0, 0]
  const found = text.slice(start, end).indexOf(reference)
  return found < 0 ? start : start + found
}
