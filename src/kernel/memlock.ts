import { loadAddon } from './addon.ts'

const RLIMIT_MEMLOCK = 8
const RLIM_INFINITY = -1

let raised: boolean | undefined

/**
 * Takes this process's limit on locked memory away; false where it may not (no CAP_SYS_RESOURCE). It matters before Linux
 * 5.11 only, where bpf memory is charged to it and the usual 64 KiB are soon used up.
 */
export function raiseMemlock(): boolean {
  raised ??= loadAddon().setrlimit(RLIMIT_MEMLOCK, RLIM_INFINITY) === 0
  return raised
}
