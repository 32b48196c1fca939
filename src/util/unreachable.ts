/** Ends an exhaustive switch: a new arm of the union breaks the build here. Throws when reached at run time. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`)
}
