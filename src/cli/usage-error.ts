import { type ErrorFields, PinfoldError } from '../index.ts'
import type { UsageCode } from './usage-codes.ts'

/** The command line is wrong, or what it asks for cannot be done from here; codes in usage-codes.ts. */
export class UsageError extends PinfoldError {
  override readonly name: string = 'UsageError'
  constructor(message: string, fields: ErrorFields & { readonly code: UsageCode }) {
    super(message, fields)
  }
}
