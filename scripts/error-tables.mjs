// What generate-errors.mjs needs of the sources.
export { usageCodes } from '../src/cli/usage-codes.ts'
export { errorCodes } from '../src/error-codes.ts'
export { lintRules } from '../src/model/lint-rules.ts'
