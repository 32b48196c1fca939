import type { Address } from '../model/address.ts'

/** What differs in detail of one resource that a plan changes. */
export interface Difference {
  /** The resource. */
  readonly address: Address
  /** At least one. */
  readonly parts: readonly DifferencePart[]
}

/** What differs of one kind: code, or values such as entries and variables. */
export type DifferencePart = CodeDifference | ValuesDifference

/** Values that differ, by name. */
export interface ValuesDifference {
  /**
   * `attributes`: what the kernel fixes (type, sizes, fields of the layout, where a link is attached, ...); `variables`: of a data
   * section; `members`: programs of a struct of functions, by byte offset.
   */
  readonly kind: 'attributes' | 'entries' | 'variables' | 'slots' | 'inner-maps' | 'members'
  /** At least one, unless all are left out. */
  readonly values: readonly ValueDifference[]
  /** How many more there are; absent: none. */
  readonly omitted?: number
}

/** One value before and after; a side that does not have it is absent. */
export interface ValueDifference {
  /** An attribute, a key as its layout tells it, a variable, an index. */
  readonly name: string
  /** As its layout tells it, or `0x...`. */
  readonly before?: string
  /** The same of what it will be. */
  readonly after?: string
}

/** How the instructions of a program differ. */
export interface CodeDifference {
  /** Instructions. */
  readonly kind: 'code'
  /** How many instructions there are; a pair that loads 64 bits is one. */
  readonly instructions: CodeSize
  /** Lines that go and come; absent where so much differs that it was not compared. */
  readonly lines?: ChangedLines
  /** In the order of the code, each with up to three lines that stay around what differs. */
  readonly hunks: readonly Hunk[]
  /** How many more hunks there are; absent: none. */
  readonly omitted?: number
}

/** Instructions of both sides. */
export interface CodeSize {
  /** Until now. */
  readonly before: number
  /** Afterwards. */
  readonly after: number
}

/** Lines of code that differ. */
export interface ChangedLines {
  /** Those that go. */
  readonly removed: number
  /** Those that come. */
  readonly added: number
}

/** A place where instructions differ. */
export interface Hunk {
  /** Its place in the code until now. */
  readonly before: HunkRange
  /** Its place in the code afterwards. */
  readonly after: HunkRange
  /** The function that it begins in, of the code afterwards. */
  readonly function?: string
  /** Where the code afterwards was compiled from: `edge.bpf.c:12`. */
  readonly source?: string
  /**
   * Each begins with its mark: ` ` stays, `-` goes, `+` comes; `;` is a line of source, as `;return x; @ edge.bpf.c:12`, that what
   * follows was compiled to. The record keeps no source, so it is that of the code afterwards.
   */
  readonly lines: readonly string[]
}

/** Where some lines of code begin, and how many they are. */
export interface HunkRange {
  /** Index of the 8-byte slot of the first instruction, as in the verifier's log. */
  readonly instruction: number
  /** Lines, those of functions' names included. */
  readonly count: number
}
