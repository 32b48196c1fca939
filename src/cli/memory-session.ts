import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { checkSnapshot, isSnapshot, openMemoryMachine } from '../index.ts'
import type { Session } from './command-session.ts'
import { whyUnwritable } from './file-reason.ts'
import { UsageError } from './usage-error.ts'

/**
 * A process on a machine in memory: an empty one, the one that a file holds and keeps, or a copy of the host whose snapshot the
 * file is: what becomes of that is not kept, since it is no state of the host.
 */
export function openMemorySession(file: string | undefined): Pick<Session, 'kernel' | typeof Symbol.dispose> {
  const before = file === undefined ? undefined : readState(file)
  const state = before === undefined ? undefined : parse(before, file)
  const machine = openMachine(state, file)
  const kernel = machine.open()
  return {
    kernel,
    [Symbol.dispose]() {
      kernel.close()
      if (file !== undefined && !isSnapshot(state)) writeState(file, JSON.stringify(machine.snapshot()), before)
    },
  }
}

function parse(text: string, file: string | undefined): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw noState(file, cause)
  }
}

function openMachine(state: unknown, file: string | undefined): ReturnType<typeof openMemoryMachine> {
  if (isSnapshot(state)) return openMemoryMachine(checkSnapshot(state, file))
  try {
    return openMemoryMachine(state)
  } catch (cause) {
    throw noState(file, cause)
  }
}

const noState = (file: string | undefined, cause: unknown): UsageError =>
  new UsageError(`cannot read ${file}: it is not the state of a kernel in memory`, {
    code: 'C112',
    hint: 'name another file, or remove it to start with an empty kernel',
    cause,
  })

/** Undefined where there is no such file yet. */
function readState(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    // Known at once, and not only after everything was done.
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT' && existsSync(dirname(file))) return undefined
    throw unusable(file, cause)
  }
}

function writeState(file: string, text: string, before: string | undefined): void {
  if (text === before) return
  try {
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  } catch (cause) {
    throw unusable(file, cause)
  }
}

const unusable = (file: string, cause: unknown): UsageError =>
  new UsageError(`cannot use ${file}: ${whyUnwritable(cause)}`, {
    code: 'C112',
    hint: 'name a file in a directory that exists and may be written to',
    cause,
  })
