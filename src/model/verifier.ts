/** Where in the source an instruction comes from. */
export interface SourcePlace {
  /** The function, a subprogram's where it is in one. */
  readonly function?: string
  /** As the compiler's line information has it; undefined where there is none. */
  readonly line?: SourceLine
}

/** A line of source, as the line information of the object names it. */
export interface SourceLine {
  readonly file: string
  readonly number: number
  readonly column: number
  /** Its text, without the space around it. */
  readonly text: string
}

/** What a reader needs of a verifier's log of maybe megabytes. */
export interface VerifierReport {
  /** The verifier's complaint: its last sentence, or the last two. */
  readonly reason: string
  /** The instruction that it came to last. */
  readonly instruction?: { readonly index: number; readonly text: string }
  /** What it knew of the registers that this instruction uses, one text each: `R1=pkt(r=0)`. */
  readonly registers: readonly string[]
  readonly place?: SourcePlace
  /** The last line of source that the log shows, as it shows it: `return *(int *)0; @ a.bpf.c:12`. */
  readonly source?: string
  /** The last useful lines, the complaint last. */
  readonly lines: readonly string[]
  /** What of the log comes before `lines`: lines, or bytes where they were not counted. */
  readonly omitted: Omitted
}

/** An amount of text that is not shown. */
export interface Omitted {
  readonly count: number
  readonly unit: 'lines' | 'bytes'
}

/** A log as the kernel wrote it: maybe hundreds of megabytes, so it is kept once, as bytes, and left out of JSON. */
export class VerifierLog {
  /** UTF-8, without the final NUL. */
  readonly bytes: Uint8Array
  /** Bytes at its beginning that the kernel had no room for; 0: it is whole. */
  readonly missing: number

  constructor(bytes: Uint8Array, missing = 0) {
    this.bytes = bytes
    this.missing = missing
  }

  toJSON(): undefined {
    return undefined
  }

  toString(): string {
    return new TextDecoder().decode(this.bytes)
  }
}
