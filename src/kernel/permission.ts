import { readFileSync } from 'node:fs'
import { release } from 'node:os'

/**
 * Why the kernel may have said EPERM to this process, or undefined when nothing obvious is missing. `status` is the text of
 * its /proc/PID/status, `kernel` the release of the kernel, `locked` the text of /sys/kernel/security/lockdown.
 */
export function permissionHint(
  status: string = ownStatus(),
  kernel: string = release(),
  locked: string = readText('/sys/kernel/security/lockdown'),
): string | undefined {
  const effective = capabilities(status)
  if (!effective.has('sys_admin') && !effective.has('bpf')) {
    return process.geteuid?.() === 0
      ? 'this root has neither CAP_BPF nor CAP_SYS_ADMIN (a container?): give it what docs/permissions.md lists'
      : 'run it as root, or with CAP_SYS_ADMIN, CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON'
  }
  if (!effective.has('sys_admin')) {
    return 'run it as root, or add CAP_SYS_ADMIN: without it the kernel opens no object by its id'
  }
  const lockdown = lockdownOf(locked)
  if (lockdown !== 'none') return `the kernel is locked down (${lockdown}): it refuses some programs even to root`
  if (!effective.has('sys_resource') && chargesMemlock(kernel)) {
    return 'before Linux 5.11 the memory of maps counts against ulimit -l; raising that needs CAP_SYS_RESOURCE'
  }
  return undefined
}

/** Names of the effective capabilities that matter to bpf(2), from the text of /proc/PID/status. */
export function capabilities(status: string = ownStatus()): ReadonlySet<Capability> {
  const mask = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`)
  const found = Object.entries(capabilityBits).filter(([, bit]) => (mask >> BigInt(bit)) & 1n)
  return new Set(found.map(([name]) => name as Capability))
}

/** A capability that pinfold asks about, as capabilities(7) has it without its prefix. */
export type Capability = keyof typeof capabilityBits

/** include/uapi/linux/capability.h */
const capabilityBits = { net_admin: 12, sys_admin: 21, sys_resource: 24, perfmon: 38, bpf: 39 } as const

const ownStatus = (): string => readText('/proc/self/status')

/** Since 80ee81e0403c (Linux 5.11) the memory of bpf counts in the cgroup only. */
function chargesMemlock(kernel: string): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map(Number.parseFloat)
  return major < 5 || (major === 5 && minor < 11)
}

/** The word in brackets: `none [integrity] confidentiality`. */
const lockdownOf = (text: string): string => /\[(\w+)\]/.exec(text)?.[1] ?? 'none'

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
