const underscore = 0x5f

/** A type's name without its flavour: `sk_buff` for `sk_buff___old`. */
export function essentialName(name: string): string {
  return /^(.*[^_])___[^_]/s.exec(name)?.[1] ?? name
}

/** True for names that mean the same type of a kernel. */
export const sameEssence = (a: string, b: string): boolean => a === b || essentialName(a) === essentialName(b)

/**
 * Hash of the NUL-terminated name at an offset; names of the same essence have the same one, since it ends before the first
 * three underscores. At most 48 bytes count, so that no input makes it slow.
 */
export function hashName(bytes: Uint8Array, at: number): number {
  let hash = 0
  for (let i = at; i < at + 48; i++) {
    // Undefined behind the end, which ends a name as a NUL does.
    const byte = bytes[i] as number
    if (!byte || (byte === underscore && bytes[i + 1] === underscore && bytes[i + 2] === underscore)) break
    hash = (Math.imul(hash, 31) + byte) | 0
  }
  return (hash ^ (hash >>> 15)) >>> 0
}
