import { KernelError } from '../../model/errors.ts'

/** What a copy of another machine does not have: `read` is verb and object, `why` says what is missing. */
interface Unknown {
  readonly read: string
  readonly why: string
}

/**
 * Throws the KernelError of a question that only the machine itself could answer. ENODATA is none of the errnos that readers
 * take for an answer: nothing may be guessed.
 */
export function unknown(code: keyof typeof hints, { read, why }: Unknown): never {
  throw new KernelError(`cannot ${read}: ${why}`, { code, command: 'snapshot', errno: 'ENODATA', hint: hints[code] })
}

const hints = {
  K110: 'plan on the host itself',
  K111: 'take the snapshot with --with-btf, or name a copy of its /sys/kernel/btf/vmlinux by --btf',
  K112: 'take the snapshot with --with-btf, as root',
  K113: 'plan on the host itself',
  K114: 'take the snapshot as root',
} as const
