// Every table of codes in the sources, for generate-errors.mjs.
export { applyCodes } from '../src/apply/codes.ts'
export { usageCodes } from '../src/cli/usage-codes.ts'
export { manifestCodes } from '../src/manifest/codes.ts'
export { lintRules } from '../src/model/lint-rules.ts'
export { planCodes } from '../src/plan/codes.ts'
export { checkupCodes } from '../src/plan/doctor/codes.ts'
export { stateCodes } from '../src/state/codes.ts'
