import type { BtfFeature } from './btf-features.ts'
import { indexRecords } from './index-records.ts'

/** What a kernel does not take, and the order of the bytes. */
export interface SanitizeOptions {
  readonly missing: ReadonlySet<BtfFeature>
  readonly little: boolean
}

/**
 * A copy of an object's BTF in which what a kernel lacks is replaced, as libbpf replaces it, by older kinds of the same size:
 * ids, and all that is said of maps by them, stay. Bytes that are not BTF come back as they are.
 */
export function sanitizeBtf(btf: Uint8Array, { missing, little }: SanitizeOptions): Uint8Array {
  const parts = openParts(btf, little)
  if (!parts) return btf
  const edit: Edit = { ...parts, little, missing, placeholder: parts.offsets.length + 1 }
  let needsPlaceholder = false
  for (const at of parts.offsets) {
    const rule = ruleFor(edit, at)
    rule?.rewrite(edit, at)
    needsPlaceholder ||= rule?.needsPlaceholder === true
  }
  return join(edit, needsPlaceholder)
}

/** The features that the BTF of an object makes use of; none in bytes that are not BTF. */
export function btfFeaturesIn(btf: Uint8Array, little: boolean): ReadonlySet<BtfFeature> {
  const parts = openParts(btf, little)
  const found = new Set<BtfFeature>()
  for (const at of parts?.offsets ?? []) {
    for (const rule of parts ? rulesOf({ ...parts, little }, at) : []) found.add(rule.feature)
  }
  return found
}

interface Parts {
  readonly types: DataView
  readonly strings: Uint8Array
  /** Of each record within the types; the type with id 1 first. */
  readonly offsets: Uint32Array
}

type Reading = Parts & { readonly little: boolean }

interface Edit extends Reading {
  readonly missing: ReadonlySet<BtfFeature>
  /** Id of an integer that is put behind the others. */
  readonly placeholder: number
}

function openParts(btf: Uint8Array, little: boolean): Parts | undefined {
  const view = new DataView(btf.buffer, btf.byteOffset, btf.length)
  if (btf.length < 24 || view.getUint16(0, little) !== magic) return undefined
  const word = (at: number): number => view.getUint32(at, little)
  const part = (at: number): Uint8Array => btf.slice(word(4) + word(at), word(4) + word(at) + word(at + 4))
  const types = new DataView(part(8).buffer)
  const index = indexRecords(types, little)
  return typeof index === 'string'
    ? undefined
    : { types, strings: part(16), offsets: index.starts.map((start) => start * 4) }
}

const magic = 0xeb9f

interface Rule {
  readonly feature: BtfFeature
  readonly fits: (reading: Reading, at: number) => boolean
  readonly rewrite: (edit: Edit, at: number) => void
  readonly needsPlaceholder?: true
}

const rulesOf = (reading: Reading, at: number): readonly Rule[] => rules.filter(({ fits }) => fits(reading, at))

const ruleFor = (edit: Edit, at: number): Rule | undefined =>
  rulesOf(edit, at).find(({ feature }) => edit.missing.has(feature))

const wordAt = ({ types, little }: Reading, at: number): number => types.getUint32(at, little)
const kindAt = (reading: Reading, at: number): number => (wordAt(reading, at + 4) >>> 24) & 31
const countAt = (reading: Reading, at: number): number => wordAt(reading, at + 4) & 0xffff
const put = ({ types, little }: Edit, at: number, value: number): void => types.setUint32(at, value, little)
const infoOf = (kind: number, count = 0): number => ((kind << 24) | count) >>> 0

const is =
  (...wanted: readonly number[]) =>
  (reading: Reading, at: number): boolean =>
    wanted.includes(kindAt(reading, at))

const becomes =
  (kind: number) =>
  (edit: Edit, at: number): void =>
    put(edit, at + 4, infoOf(kind, countAt(edit, at)))

/** `enum btf_kind`. */
const kinds = {
  int: 1,
  struct: 4,
  union: 5,
  enum: 6,
  typedef: 8,
  const: 10,
  function: 12,
  prototype: 13,
  variable: 14,
  section: 15,
  float: 16,
  declarationTag: 17,
  typeTag: 18,
  enum64: 19,
} as const

/** Of the rules that fit, the first one whose feature is missing is followed: older features come first. */
const rules: readonly Rule[] = [
  { feature: 'sections', fits: is(kinds.variable), rewrite: toByte },
  { feature: 'sections', fits: is(kinds.section), rewrite: sectionToStruct },
  { feature: 'functions', fits: is(kinds.prototype), rewrite: prototypeToEnum },
  { feature: 'functions', fits: is(kinds.function), rewrite: (edit, at) => put(edit, at + 4, infoOf(kinds.typedef)) },
  {
    feature: 'global functions',
    // The linkage stands where others count their members: 0 is static.
    fits: (reading, at) => kindAt(reading, at) === kinds.function && countAt(reading, at) !== 0,
    rewrite: (edit, at) => put(edit, at + 4, infoOf(kinds.function)),
  },
  { feature: 'floats', fits: is(kinds.float), rewrite: anonymous(kinds.struct) },
  { feature: 'declaration tags', fits: is(kinds.declarationTag), rewrite: toByte },
  { feature: 'type tags', fits: is(kinds.typeTag), rewrite: anonymous(kinds.const) },
  {
    feature: 'enum64',
    fits: (reading, at) => kindAt(reading, at) === kinds.enum && wordAt(reading, at + 4) >>> 31 === 1,
    rewrite: becomes(kinds.enum),
  },
  { feature: 'enum64', fits: is(kinds.enum64), rewrite: enumToUnion, needsPlaceholder: true },
  {
    feature: 'optional sections',
    fits: (reading, at) => kindAt(reading, at) === kinds.section && reading.strings[wordAt(reading, at)] === question,
    rewrite: (edit, at) => void edit.strings.fill(underscore, wordAt(edit, at), wordAt(edit, at) + 1),
  },
]

const question = 0x3f
const underscore = 0x5f

/** `float` is no name for a struct, so it has none. */
function anonymous(kind: number): Rule['rewrite'] {
  return (edit, at) => {
    put(edit, at, 0)
    put(edit, at + 4, infoOf(kind))
  }
}

/** An integer of one byte, which is small enough for whatever a section says of its variable. */
function toByte(edit: Edit, at: number): void {
  put(edit, at + 4, infoOf(kinds.int))
  put(edit, at + 8, 1)
  put(edit, at + 12, 8)
}

/** Variables become members, under their names; the section's name must become that of a struct. */
function sectionToStruct(edit: Edit, at: number): void {
  const count = countAt(edit, at)
  put(edit, at + 4, infoOf(kinds.struct, count))
  for (let name = wordAt(edit, at); edit.strings[name]; name++) {
    if (edit.strings[name] === 0x2e || edit.strings[name] === question) edit.strings[name] = underscore
  }
  for (let index = 0; index < count; index++) {
    const member = at + 12 + index * 12
    const type = wordAt(edit, member)
    const offset = wordAt(edit, member + 4)
    put(edit, member, nameOf(edit, type))
    put(edit, member + 4, type)
    put(edit, member + 8, offset * 8)
  }
}

function nameOf(edit: Edit, id: number): number {
  const at = edit.offsets[id - 1]
  return at === undefined ? 0 : wordAt(edit, at)
}

/** Parameters become enumerators, whose value is the number of their type. */
function prototypeToEnum(edit: Edit, at: number): void {
  put(edit, at + 4, infoOf(kinds.enum, countAt(edit, at)))
  put(edit, at + 8, 4)
}

/** Enumerators become members of one byte. */
function enumToUnion(edit: Edit, at: number): void {
  const count = countAt(edit, at)
  put(edit, at + 4, infoOf(kinds.union, count))
  for (let index = 0; index < count; index++) {
    put(edit, at + 12 + index * 12 + 4, edit.placeholder)
    put(edit, at + 12 + index * 12 + 8, 0)
  }
}

/** Header, types, strings: the placeholder behind the types, its name behind the strings. */
function join({ types, strings, little }: Edit, needsPlaceholder: boolean): Uint8Array {
  const typeBytes = new Uint8Array(types.buffer)
  const name = Buffer.from(needsPlaceholder ? 'enum64_placeholder\0' : '')
  const placeholder = Buffer.alloc(needsPlaceholder ? 16 : 0)
  const header = Buffer.alloc(24)
  const words = [24, 0, typeBytes.length + placeholder.length, typeBytes.length + placeholder.length]
  const put32 = (bytes: Buffer, at: number, value: number): void =>
    void (little ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at))
  if (little) header.writeUInt16LE(magic, 0)
  else header.writeUInt16BE(magic, 0)
  header.writeUInt8(1, 2)
  for (const [index, word] of [...words, strings.length + name.length].entries()) put32(header, 4 + index * 4, word)
  if (needsPlaceholder) {
    for (const [index, word] of [strings.length, infoOf(kinds.int), 1, 8].entries()) put32(placeholder, index * 4, word)
  }
  return new Uint8Array(Buffer.concat([header, typeBytes, placeholder, strings, name]))
}
