import { type ErrorCode, errorCodes } from '../index.ts'
import { usageCodes } from './usage-codes.ts'

/** Every code with what it means, in order, as docs/errors.md has it. */
export const allCodes = (): ReadonlyMap<string, ErrorCode> =>
  new Map([...errorCodes(), ...Object.entries(usageCodes)].sort(([a], [b]) => (a < b ? -1 : 1)))
