import { loadAddon } from './addon.ts'
import { errnoNumber, kernelError } from './errno.ts'
import type { Attr } from './layout.ts'
import { raiseMemlock } from './memlock.ts'

/** `enum bpf_cmd`, as far as pinfold uses it. */
export const commands = {
  BPF_MAP_CREATE: 0,
  BPF_MAP_LOOKUP_ELEM: 1,
  BPF_MAP_UPDATE_ELEM: 2,
  BPF_MAP_DELETE_ELEM: 3,
  BPF_MAP_GET_NEXT_KEY: 4,
  BPF_PROG_LOAD: 5,
  BPF_OBJ_PIN: 6,
  BPF_OBJ_GET: 7,
  BPF_PROG_TEST_RUN: 10,
  BPF_PROG_GET_NEXT_ID: 11,
  BPF_MAP_GET_NEXT_ID: 12,
  BPF_PROG_GET_FD_BY_ID: 13,
  BPF_MAP_GET_FD_BY_ID: 14,
  BPF_OBJ_GET_INFO_BY_FD: 15,
  BPF_PROG_QUERY: 16,
  BPF_RAW_TRACEPOINT_OPEN: 17,
  BPF_BTF_LOAD: 18,
  BPF_BTF_GET_FD_BY_ID: 19,
  BPF_MAP_FREEZE: 22,
  BPF_BTF_GET_NEXT_ID: 23,
  BPF_MAP_LOOKUP_BATCH: 24,
  BPF_MAP_UPDATE_BATCH: 26,
  BPF_LINK_CREATE: 28,
  BPF_LINK_UPDATE: 29,
  BPF_LINK_GET_FD_BY_ID: 30,
  BPF_LINK_GET_NEXT_ID: 31,
  BPF_PROG_BIND_MAP: 35,
} as const

export type Command = keyof typeof commands

/**
 * Makes the call; the result, or -errno. EINTR is repeated, EAGAIN a few times (a signal stopped the verifier), and EPERM
 * once where the limit on locked memory may be why.
 */
export function tryBpf(command: Command, attr: Attr): number {
  for (let attempt = 0; ; attempt++) {
    const result = loadAddon().bpf(commands[command], attr.bytes, attr.pointers)
    if (!isTransient(result, attempt) && !(attempt === 0 && wasMemlock(command, result))) return result
  }
}

/** `tryBpf` on the thread pool. */
export async function tryBpfAsync(command: Command, attr: Attr): Promise<number> {
  for (let attempt = 0; ; attempt++) {
    const result = await loadAddon().bpfAsync(commands[command], attr.bytes, attr.pointers)
    if (!isTransient(result, attempt) && !(attempt === 0 && wasMemlock(command, result))) return result
  }
}

/** Makes the call; throws a KernelError `cannot <doing>: ...` for an errno. */
export function bpf(command: Command, attr: Attr, doing: string): number {
  const result = tryBpf(command, attr)
  if (result < 0) throw kernelError({ command, errno: -result, doing })
  return result
}

/** Is this result the (negative) errno of that name? */
export const is = (result: number, errno: Named): boolean => result === -errnoNumber(errno)

type Named = 'ENOENT' | 'ENOSPC' | 'EPERM' | 'EAGAIN' | 'EEXIST' | 'EINVAL' | 'E2BIG'

const agains = 5
const EINTR = errnoNumber('EINTR')
const EAGAIN = errnoNumber('EAGAIN')
const isTransient = (result: number, attempt: number): boolean =>
  result === -EINTR || (result === -EAGAIN && attempt < agains)

const charged: readonly Command[] = ['BPF_MAP_CREATE', 'BPF_PROG_LOAD', 'BPF_BTF_LOAD']
const EPERM = errnoNumber('EPERM')

/** Before Linux 5.11 (80ee81e0403c) what these make is charged to RLIMIT_MEMLOCK, and EPERM says that it is used up. */
const wasMemlock = (command: Command, result: number): boolean =>
  result === -EPERM && charged.includes(command) && raiseMemlock()
