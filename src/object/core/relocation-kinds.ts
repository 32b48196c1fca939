/** What a relocation is about: a field of a struct, a whole type, or one value of an enum. */
export type RelocationBasis = 'field' | 'type' | 'enumerator'

/** What is asked of the kernel's type. */
export type RelocationKind = (typeof kinds)[number]['kind']

/** By number in `enum bpf_core_relo_kind`. */
const kinds = [
  { kind: 'field-offset', basis: 'field' },
  { kind: 'field-size', basis: 'field' },
  { kind: 'field-exists', basis: 'field' },
  { kind: 'field-signed', basis: 'field' },
  { kind: 'field-left-shift', basis: 'field' },
  { kind: 'field-right-shift', basis: 'field' },
  { kind: 'local-type-id', basis: 'type' },
  { kind: 'target-type-id', basis: 'type' },
  { kind: 'type-exists', basis: 'type' },
  { kind: 'type-size', basis: 'type' },
  { kind: 'enumerator-exists', basis: 'enumerator' },
  { kind: 'enumerator-value', basis: 'enumerator' },
  { kind: 'type-matches', basis: 'type' },
] as const

/** The meaning of a kind's number; undefined for one that clang did not know when this was written. */
export const relocationKind = (
  number: number,
): { readonly kind: RelocationKind; readonly basis: RelocationBasis } | undefined => kinds[number]
