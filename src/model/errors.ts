import type { Diagnostic } from './diagnostic.ts'
import type { VerifierLog, VerifierReport } from './verifier.ts'

/** What every error of pinfold carries beside its sentence. */
export interface ErrorFields {
  /** A stable code with a row in docs/errors.md, e.g. `K013`. */
  readonly code: string
  /** What the reader can do about it. */
  readonly hint?: string
  readonly cause?: unknown
}

/** The base of pinfold's errors; sentence: `cannot <verb> <address>: <what is wrong>`, lower case, no full stop. */
export abstract class PinfoldError extends Error {
  readonly code: string
  readonly hint: string | undefined

  constructor(message: string, fields: ErrorFields) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause })
    this.code = fields.code
    this.hint = fields.hint
  }
}

/** A manifest (or what it asks of its objects and of this machine) is wrong; holds every complaint at once. */
export class ManifestError extends PinfoldError {
  override readonly name: string = 'ManifestError'
  readonly diagnostics: readonly Diagnostic[]

  constructor(message: string, diagnostics: readonly Diagnostic[]) {
    super(message, { code: diagnostics[0]?.code ?? 'M000' })
    this.diagnostics = diagnostics
  }
}

/** Where in an object file the mistake is, as far as it is known. */
export interface ObjectErrorFields extends ErrorFields {
  /** The section in which it was found; empty for the file's own header and its table of sections. */
  readonly section?: string
  /** Byte offset within the file. */
  readonly offset?: number
}

/** An object file cannot be read, or holds something that pinfold does not support (named in the sentence). */
export class ObjectError extends PinfoldError {
  override readonly name: string = 'ObjectError'
  readonly section: string | undefined
  readonly offset: number | undefined

  constructor(message: string, fields: ObjectErrorFields) {
    super(message, fields)
    this.section = fields.section
    this.offset = fields.offset
  }
}

/** Which call the kernel refused, and about what. */
export interface KernelErrorFields extends ErrorFields {
  /** The command or system call: `BPF_MAP_CREATE`, `renameat2`. */
  readonly command: string
  /** The errno's name, `EPERM`. */
  readonly errno: string
  /** The object or path it was about. */
  readonly target?: string
  /** The verifier's log, where it refused a program. */
  readonly log?: VerifierLog
  /** What the log says, in short. */
  readonly verifier?: VerifierReport
}

/** The kernel refused something. */
export class KernelError extends PinfoldError {
  override readonly name: string = 'KernelError'
  readonly command: string
  readonly errno: string
  readonly target: string | undefined
  readonly log: VerifierLog | undefined
  readonly verifier: VerifierReport | undefined

  constructor(message: string, fields: KernelErrorFields) {
    super(message, fields)
    this.command = fields.command
    this.errno = fields.errno
    this.target = fields.target
    this.log = fields.log
    this.verifier = fields.verifier
  }
}

/** A plan cannot be made or trusted: the ledger refused it, it is blocked, or it went stale. */
export class PlanError extends PinfoldError {
  override readonly name: string = 'PlanError'
  readonly diagnostics: readonly Diagnostic[]

  constructor(message: string, fields: ErrorFields, diagnostics: readonly Diagnostic[] = []) {
    super(message, fields)
    this.diagnostics = diagnostics
  }
}
