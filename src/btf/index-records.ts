/** Where the type records are. */
export interface RecordIndex {
  /** Byte offset of each record. */
  readonly offsets: Uint32Array
  /** Positions in `offsets` of what has a name and is no function: of a kernel's names four of five are functions', which few ask for. */
  readonly named: Uint32Array
}

/** Finds the type records in one pass; a sentence where they are damaged. */
export function indexRecords(records: DataView, little: boolean): RecordIndex | string {
  const most = Math.ceil(records.byteLength / 12)
  const offsets = new Uint32Array(most)
  const named = new Uint32Array(most)
  let [count, names, at] = [0, 0, 0]
  while (at + 12 <= records.byteLength) {
    const info = records.getUint32(at + 4, little)
    const kind = (info >>> 24) & 31
    const fixed = fixedBytes[kind] ?? unknown
    if (fixed === unknown) return `kind ${kind} of type ${count + 1} is unknown`
    if (kind !== functionKind && records.getUint32(at, little) !== 0) named[names++] = count
    offsets[count++] = at
    at += 12 + fixed + (memberBytes[kind] ?? 0) * (info & 0xffff)
  }
  if (at !== records.byteLength) return `type ${count} is truncated`
  return { offsets: offsets.slice(0, count), named: named.slice(0, names) }
}

/** BTF_KIND_FUNC. */
export const functionKind = 12

/** Bytes of the record with that `info` word; undefined for a kind that is unknown. */
export function recordSize(info: number): number | undefined {
  const tail = tails[(info >>> 24) & 31]
  return tail && 12 + tail[0] + tail[1] * (info & 0xffff)
}

/** Bytes behind the 12 of each kind, by its number in `enum btf_kind`: some fixed, some for each member. */
const tails: Readonly<Record<number, readonly [fixed: number, each: number]>> = {
  1: [4, 0],
  2: [0, 0],
  3: [12, 0],
  4: [0, 12],
  5: [0, 12],
  6: [0, 8],
  7: [0, 0],
  8: [0, 0],
  9: [0, 0],
  10: [0, 0],
  11: [0, 0],
  12: [0, 0],
  13: [0, 8],
  14: [4, 0],
  15: [0, 12],
  16: [0, 0],
  17: [4, 0],
  18: [0, 0],
  19: [0, 12],
}

const kinds = 32
const unknown = -1
const fixedBytes = Int32Array.from({ length: kinds }, (_, kind) => tails[kind]?.[0] ?? unknown)
const memberBytes = Int32Array.from({ length: kinds }, (_, kind) => tails[kind]?.[1] ?? 0)
