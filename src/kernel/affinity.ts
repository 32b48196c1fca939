import { spawnSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'

/** The CPUs that this thread may run on, as Linux lists them: `0-3,8`. */
export const allowedCpus = (): string =>
  /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/thread-self/status', 'latin1'))?.[1] ?? '0'

/** This thread runs on these CPUs only from now on, if it may: by taskset(1) of util-linux. */
export function tryRunOn(cpus: string): void {
  const thread = basename(readlinkSync('/proc/thread-self'))
  spawnSync('taskset', ['-p', '-c', cpus, thread], { stdio: 'ignore' })
}
