import type { Diagnostic } from '../../model/diagnostic.ts'
import type { MapId, ProgramId } from '../../model/ids.ts'
import { type CheckupCode, checkupCodes } from './codes.ts'

/** Something that is wrong with a system, or soon may be, and what can be done about it. */
export interface Finding extends Diagnostic {
  /** The stack that it is about; absent where pinfold made nothing of it. */
  readonly stack?: string
  /** Absent where it takes a person, or a manifest. */
  readonly repair?: Repair
}

/** What `doctor --repair` does. */
export type Repair = Rescue | { readonly kind: 'recover' }

/** An array is held by a pin first, then filled, and read again until the kernel's pending clear cannot come any more. */
export interface Rescue {
  readonly kind: 'rescue'
  readonly array: MapId
  /** The map's name. */
  readonly name: string
  /** Absolute path of the pin that holds it, there already or to be made. */
  readonly path: string
  readonly slots: Readonly<Record<string, ProgramId>>
}

/** A finding of a kind, with the words of its code. */
export const finding = (
  code: CheckupCode,
  severity: Diagnostic['severity'],
  rest: Omit<Finding, 'code' | 'severity' | 'summary'>,
): Finding => ({ severity, code: checkupCodes[code].code, summary: checkupCodes[code].summary, ...rest })
