import type { Scalar } from './source-tree.ts'

// The scalars of YAML's core schema, the first that fits.
const forms: readonly { readonly pattern: RegExp; readonly read: (text: string) => Scalar }[] = [
  { pattern: /^(~|null|Null|NULL)?$/, read: () => null },
  { pattern: /^(true|True|TRUE)$/, read: () => true },
  { pattern: /^(false|False|FALSE)$/, read: () => false },
  { pattern: /^[-+]?[0-9]+$/, read: (text) => integer(BigInt(text.replace(/^\+/, ''))) },
  { pattern: /^0o[0-7]+$|^0x[0-9a-fA-F]+$/, read: (text) => integer(BigInt(text)) },
  { pattern: /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/, read: Number },
  { pattern: /^[-+]?\.(inf|Inf|INF)$/, read: (text) => (text.startsWith('-') ? -Infinity : Infinity) },
  { pattern: /^\.(nan|NaN|NAN)$/, read: () => Number.NaN },
]

/** The value that an unquoted YAML scalar of this text has. */
export function parseScalar(text: string): Scalar {
  const form = forms.find(({ pattern }) => pattern.test(text))
  return form ? form.read(text) : text
}

/** A number where that is exact, otherwise the bigint. */
export function integer(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
