import type { BtfFile } from '../index.ts'
import { whyUnreadable } from './file-reason.ts'
import type { OptionValues } from './option-table.ts'
import { readBytes } from './read-bytes.ts'
import { UsageError } from './usage-error.ts'

/** The file of --btf; undefined without one. Throws a UsageError (C113) where it cannot be read. */
export function readBtfFile({ btf: file }: OptionValues): BtfFile | undefined {
  if (file === undefined) return undefined
  try {
    return { name: file, bytes: readBytes(file) }
  } catch (cause) {
    throw new UsageError(`cannot read ${file}: ${whyUnreadable(cause)}`, {
      code: 'C113',
      hint: 'name a copy of /sys/kernel/btf/vmlinux, or a vmlinux with a section .BTF',
      cause,
    })
  }
}
