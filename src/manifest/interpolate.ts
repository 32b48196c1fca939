import { parseScalar } from './scalar.ts'
import type { Scalar } from './source-tree.ts'

/** A variable's value, and its text for use inside a longer one (`1.10` stays `1.10`). */
export interface VariableValue {
  readonly value: Scalar
  readonly text: string
}

export interface VariableProblem {
  readonly kind: 'unset' | 'malformed'
  /** The reference as written: `${IFACE}`. */
  readonly reference: string
  /** The variable's name, or what stands in its place. */
  readonly name: string
}

export interface Interpolated extends VariableValue {
  readonly problems: readonly VariableProblem[]
}

const references = /\$\$\{|\$\{([^}]*)(\}?)/g
const form = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s

/** Whether the text holds a variable or an escape. */
export const hasVariables = (text: string): boolean => text.includes('${')

/**
 * Fills in `${NAME}` and `${NAME:-default}`, and turns `$${` into `${`. Text that is one variable and nothing else takes
 * the variable's value with its type; a problem leaves its reference in place.
 */
export function interpolate(text: string, lookup: (name: string) => VariableValue | undefined): Interpolated {
  const problems: VariableProblem[] = []
  const fill = (reference: string, inner: string | undefined, end: string | undefined): VariableValue => {
    if (inner === undefined) return literal('${')
    const found = end ? readReference(inner, lookup) : undefined
    if (found && found !== 'unset') return found
    problems.push({ kind: found ?? 'malformed', reference, name: form.exec(inner)?.[1] ?? inner })
    return literal(reference)
  }
  const filled = text.replaceAll(references, (reference, inner, end) => fill(reference, inner, end).text)
  const whole = wholeReference(text)
  const value = whole === undefined || problems.length > 0 ? filled : fill(text, whole, '}').value
  return { value, text: filled, problems }
}

function readReference(
  inner: string,
  lookup: (name: string) => VariableValue | undefined,
): VariableValue | 'unset' | undefined {
  const [, name, fallback] = form.exec(inner) ?? []
  if (name === undefined) return undefined
  const given = lookup(name)
  if (fallback === undefined) return given ?? 'unset'
  return given && given.text !== '' ? given : { value: parseScalar(fallback), text: fallback }
}

function wholeReference(text: string): string | undefined {
  return /^\$\{([^}]*)\}$/.exec(text)?.[1]
}

const literal = (text: string): VariableValue => ({ value: text, text })
