import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** A machine by what stays the same from boot to boot. */
export interface HostIdentity {
  /** The host name. */
  readonly name: string
  /** SHA-256 of the text of /etc/machine-id, of the host name where there is none: the machine-id itself is confidential. */
  readonly id: string
}

/** The machine that this process runs on. */
export function readHost(machineIdFile = '/etc/machine-id'): HostIdentity {
  const name = hostname()
  return identify(name, readMachineId(machineIdFile) ?? name)
}

/** A machine of that name which is known by that text. */
export const identify = (name: string, text: string): HostIdentity => ({
  name,
  id: createHash('sha256').update(text).digest('hex'),
})

/** Undefined in a container without one, and where systemd has yet to make one (`uninitialized`). */
function readMachineId(file: string): string | undefined {
  try {
    const text = readFileSync(file, 'latin1').trim()
    return /^[0-9a-f]{32}$/.test(text) ? text : undefined
  } catch {
    return undefined
  }
}
