import { whyUnwritable } from '../file-reason.ts'
import { replaceFile } from '../replace-file.ts'
import { UsageError } from '../usage-error.ts'
import type { PlanDocument } from '../views/plan-document.ts'

/** Saves a plan in a file (mode 0600), which is there whole or not at all. Throws a UsageError (C134) where it cannot be written. */
export function writePlan(document: PlanDocument, file: string): void {
  try {
    replaceFile(file, `${JSON.stringify(document)}\n`)
  } catch (cause) {
    throw new UsageError(`cannot save the plan as ${file}: ${whyUnwritable(cause)}`, {
      code: 'C134',
      hint: 'name a file in a directory that exists and may be written to',
      cause,
    })
  }
}
