import { closeSync, fsyncSync, lstatSync, openSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { UsageError } from '../usage-error.ts'
import type { PlanDocument } from '../views/plan-document.ts'

/** Saves a plan in a file (mode 0600), which is there whole or not at all. Throws a UsageError (C134) where it cannot be written. */
export function writePlan(document: PlanDocument, file: string): void {
  try {
    refuseOthers(file)
    replaceFile(file, `${JSON.stringify(document)}\n`, document.envelope.nonce)
  } catch (cause) {
    throw new UsageError(`cannot save the plan as ${file}: ${(cause as Error).message}`, {
      code: 'C134',
      hint: 'name a file in a directory that exists and may be written to',
      cause,
    })
  }
}

/** A rename would put a file in the place of a device. */
function refuseOthers(file: string): void {
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (found && !found.isFile()) throw new Error('there is something else than a file')
}

function replaceFile(file: string, text: string, nonce: string): void {
  const temporary = `${file}.${nonce}`
  const fd = openSync(temporary, 'wx', 0o600)
  try {
    try {
      writeFileSync(fd, text)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, file)
  } catch (error) {
    unlinkSync(temporary)
    throw error
  }
}
