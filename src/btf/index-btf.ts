import { BtfIndex, type BtfSource } from './btf-index.ts'

const known = new WeakMap<Uint8Array, BtfIndex>()

/** Indexes BTF of a kernel, once for the same bytes. Throws an ObjectError (O060). */
export function indexBtf(bytes: Uint8Array, source: BtfSource): BtfIndex {
  const before = known.get(bytes)
  if (before && before.base === source.base) return before
  const index = new BtfIndex(bytes, source)
  known.set(bytes, index)
  return index
}
