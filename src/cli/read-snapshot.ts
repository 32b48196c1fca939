import { readFileSync } from 'node:fs'
import { checkSnapshot, type HostSnapshot } from '../index.ts'
import { whyUnreadable } from './file-reason.ts'
import { UsageError } from './usage-error.ts'

/** Reads a snapshot of a host. Throws a UsageError (C150) for a file that is none, KernelError (K115, K116) for one that is damaged or of another version. */
export function readSnapshot(file: string): HostSnapshot {
  return checkSnapshot(parse(file, read(file)), file)
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw unusable(file, whyUnreadable(cause), cause)
  }
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw unusable(file, 'it is no snapshot of a host, or was cut', cause)
  }
}

const unusable = (file: string, what: string, cause: unknown): UsageError =>
  new UsageError(`cannot read ${file}: ${what}`, {
    code: 'C150',
    hint: 'make one on the host: pinfold snapshot --out host.json',
    cause,
  })
