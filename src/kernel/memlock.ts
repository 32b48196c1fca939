import { spawnSync } from 'node:child_process'

let raised: boolean | undefined

/**
 * Takes this process's limit on locked memory away, by prlimit(1) of util-linux; false where it may not (no CAP_SYS_RESOURCE). It matters before Linux
 * 5.11 only, where bpf memory is charged to it and the usual 64 KiB are soon used up.
 */
export function raiseMemlock(): boolean {
  raised ??=
    spawnSync('prlimit', ['--pid', String(process.pid), '--memlock=unlimited'], { stdio: 'ignore' }).status === 0
  return raised
}
