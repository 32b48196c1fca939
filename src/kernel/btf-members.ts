import type { BtfIndex } from '../btf/btf-index.ts'

/** A member of a struct in the BTF of a kernel. */
export interface BtfMember {
  readonly name: string
  readonly type: number
  /** Bytes from the start of the struct. */
  readonly offset: number
}

/** The members of a struct; none of anything else. Records have 12 bytes each: name, type, offset in bits. */
export function btfMembers(index: BtfIndex, id: number): readonly BtfMember[] {
  const owner = index.ownerOf(id)
  if (owner?.kindOf(id) !== BTF_KIND_STRUCT) return []
  const word = wordsOf(owner, id)
  // With the highest bit of its info word set, the upper byte of an offset is the width of a bit field.
  const bits = word(4) >>> 31 === 1 ? 0xffffff : 0xffffffff
  return Array.from({ length: word(4) & 0xffff }, (_, position) => {
    const at = 12 + position * 12
    return { name: owner.text(word(at)), type: word(at + 4), offset: Math.floor(((word(at + 8) & bits) >>> 0) / 8) }
  })
}

/** The type behind typedefs and qualifiers. */
export function btfTarget(index: BtfIndex, id: number): number {
  let at = id
  for (let steps = 0; steps < longestChain; steps++) {
    const owner = index.ownerOf(at)
    if (!owner || !modifiers.has(owner.kindOf(at))) return at
    at = wordsOf(owner, at)(8)
  }
  return at
}

/** True for a pointer to a function. */
export function isFunctionPointer(index: BtfIndex, id: number): boolean {
  const owner = index.ownerOf(id)
  if (owner?.kindOf(id) !== BTF_KIND_PTR) return false
  const to = btfTarget(index, wordsOf(owner, id)(8))
  return index.ownerOf(to)?.kindOf(to) === BTF_KIND_FUNC_PROTO
}

function wordsOf(owner: BtfIndex, id: number): (at: number) => number {
  const start = owner.offsetOf(id)
  const little = owner.byteOrder === 'little'
  return (at) => owner.records.getUint32(start + at, little)
}

const longestChain = 64
const BTF_KIND_PTR = 2
const BTF_KIND_STRUCT = 4
const BTF_KIND_FUNC_PROTO = 13
/** TYPEDEF, VOLATILE, CONST, RESTRICT and TYPE_TAG. */
const modifiers: ReadonlySet<number> = new Set([8, 9, 10, 11, 18])
