import { hash } from 'node:crypto'

/**
 * The tags that a kernel gives to instructions whose references to maps are zero, as they are before a load, so a tag does not
 * tell which maps a program uses. 16 hexadecimal digits each: from SHA-256 (Linux 6.18 and later) and from SHA-1 (before).
 */
export const programTags = (instructions: Uint8Array): readonly [sha256Tag: string, sha1Tag: string] => [
  hash('sha256', instructions, 'hex').slice(0, 16),
  hash('sha1', instructions, 'hex').slice(0, 16),
]
