import { spawnSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { kernelError } from './errno.ts'

/** The CPUs that this thread may run on, as Linux lists them: `0-3,8`. */
export const allowedCpus = (): string =>
  /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/thread-self/status', 'latin1'))?.[1] ?? '0'

/** This thread runs on these CPUs only, from now on. By taskset(1) of util-linux. Throws a KernelError. */
export function runOn(cpus: string): void {
  const thread = basename(readlinkSync('/proc/thread-self'))
  const { status, error } = spawnSync('taskset', ['-p', '-c', cpus, thread], { stdio: 'ignore' })
  if (status === 0) return
  const errno = (error as NodeJS.ErrnoException | undefined)?.code ?? 'EINVAL'
  const hint = errno === 'ENOENT' ? 'install taskset (util-linux)' : undefined
  throw kernelError({ command: 'taskset', errno, doing: `run on CPU ${cpus}`, hint })
}
