import { createHash } from 'node:crypto'
import type { Code } from '../model/program-spec.ts'

/**
 * The tags that a kernel gives to this code, 16 hexadecimal digits each: from SHA-256 (Linux 6.18 and later) and from SHA-1
 * (before). References to maps count as zero, so the tag does not tell which maps a program uses.
 */
export function programTags(code: Code<unknown>): readonly [sha256Tag: string, sha1Tag: string] {
  return [hashOf(code, 'sha256'), hashOf(code, 'sha1')]
}

/** True when a kernel, new or old, gives this tag to this code. */
export const hasTag = (code: Code<unknown>, tag: string): boolean =>
  hashOf(code, 'sha256') === tag || hashOf(code, 'sha1') === tag

const hashOf = (code: Code<unknown>, algorithm: string): string =>
  createHash(algorithm).update(code.instructions).digest('hex').slice(0, 16)
