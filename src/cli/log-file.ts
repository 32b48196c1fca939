import { closeSync, openSync, writeSync } from 'node:fs'
import type { ApplyOptions, VerifierLog } from '../index.ts'
import { whyUnwritable } from './file-reason.ts'
import type { OptionValues } from './option-table.ts'
import type { Speaker } from './say.ts'

/** The whole log is asked of the kernel only where somebody wants to have it. */
export const logExtent = (options: OptionValues): NonNullable<ApplyOptions['verifierLog']> =>
  options['verifier-log'] === undefined ? 'end' : 'whole'

/** The file that --verifier-log names, and nothing where there is none. */
export class LogFile {
  readonly #speaker: Speaker
  #logs = 0

  constructor(speaker: Speaker) {
    this.#speaker = speaker
  }

  /** Writes a log straight from its buffer, behind a headline where it is not the only one; one that cannot be kept is no reason to end otherwise. */
  add(log: VerifierLog, title: string): void {
    const { options, terminal } = this.#speaker
    const file = options['verifier-log']
    if (file === undefined) return
    try {
      write(file, this.#logs++ === 0 ? [log.bytes] : [Buffer.from(`\n${title}:\n`), log.bytes], this.#logs > 1)
      if (this.#logs === 1) terminal.warn(`The verifier's whole log is in ${file}.\n`)
    } catch (error) {
      terminal.warn(`The verifier's log cannot be written to ${file}: ${whyUnwritable(error)}\n`)
    }
  }
}

function write(file: string, parts: readonly Uint8Array[], more: boolean): void {
  const fd = openSync(file, more ? 'a' : 'w')
  try {
    for (const part of parts) for (let at = 0; at < part.length; ) at += writeSync(fd, part, at)
  } finally {
    closeSync(fd)
  }
}
