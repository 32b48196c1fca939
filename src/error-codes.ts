import { applyCodes } from './apply/codes.ts'
import { kernelRows, manifestRows, objectRows } from './error-rows.ts'
import { manifestCodes } from './manifest/codes.ts'
import { planCodes } from './plan/codes.ts'
import { checkupCodes } from './plan/doctor/codes.ts'
import { stateCodes } from './state/codes.ts'
import { importCodes } from './state/import/codes.ts'

/** What a code of an error or diagnostic means. */
export interface ErrorCode {
  /** A constant phrase without names. */
  readonly summary: string
  /** Why, and what to do. */
  readonly explanation: string
}

/** What each code of an error or diagnostic means, as docs/errors.md has it; the command line adds its own (C...). */
export function errorCodes(): ReadonlyMap<string, ErrorCode> {
  const tables = [applyCodes, manifestCodes, planCodes, checkupCodes, stateCodes, importCodes]
  const rows = [manifestRows, objectRows, kernelRows].flatMap((table) => Object.entries(table))
  return new Map([
    ...tables.flatMap((table) => Object.entries<Row>(table).map(([key, row]) => [row.code ?? key, row] as const)),
    ...rows.map(([code, [summary, explanation]]) => [code, { summary, explanation }] as const),
  ])
}

/** A table has the code as key, or under a name with the code in the row. */
interface Row extends ErrorCode {
  readonly code?: string
}
