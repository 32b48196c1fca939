import { type ErrorFields, PinfoldError } from '../index.ts'

/** The command line is wrong, or what it asks for cannot be done from here; codes C1xx. */
export class UsageError extends PinfoldError {
  constructor(message: string, fields: ErrorFields & { readonly code: UsageCode }) {
    super(message, fields)
  }
}

/** Every code of the command line with its constant phrase; docs/errors.md is generated from it. */
export const usageCodes = {
  C101: 'Unknown command',
  C102: 'Unknown option',
  C103: 'Option of another command',
  C104: 'Option without its value, or with one it does not take',
  C105: 'Missing or superfluous argument',
  C106: 'Malformed variable',
  C107: 'Unreadable variable file',
  C108: 'Nobody to ask for approval',
  C111: 'No such stack',
  C112: 'Unreadable state file of the memory kernel',
  C113: 'Unreadable file',
} as const

export type UsageCode = keyof typeof usageCodes
