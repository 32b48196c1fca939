import type { Kind } from '../model/address.ts'

/** A reference to an object of one kind, or the wrong kind that it names. */
export type Reference =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'wrong'; readonly found: string }

/** Takes the kind off a reference: `program.ingress` and `ingress` both name the program `ingress`. */
export function readReference(text: string, kind: Kind): Reference {
  const dot = text.indexOf('.')
  if (dot < 0) return { kind: 'name', name: text }
  return text.slice(0, dot) === kind
    ? { kind: 'name', name: text.slice(dot + 1) }
    : { kind: 'wrong', found: text.slice(0, dot) }
}

/** The bare name of a reference that has been checked. */
export function bareName(text: string): string {
  return text.slice(text.indexOf('.') + 1)
}
