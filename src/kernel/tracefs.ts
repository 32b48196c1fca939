import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { kernelError, withErrno } from './errno.ts'
import { parseMountinfo } from './mountinfo.ts'

/** True when the tracepoint exists; undefined where no tracefs is mounted to tell. */
export function hasTracepoint(category: string, name: string): boolean | undefined {
  const root = tracefsRoot()
  return root === undefined ? undefined : existsSync(join(root, 'events', category, name, 'id'))
}

/** The number that perf_event_open wants. Throws a KernelError: K103 without tracefs, ENOENT for an unknown tracepoint. */
export function tracepointId(category: string, name: string): number {
  const doing = `attach to tracepoint ${category}/${name}`
  const root = tracefsRoot()
  if (root === undefined) {
    throw kernelError({
      command: 'open',
      errno: 'ENOENT',
      doing,
      what: 'no tracefs is mounted, which numbers the tracepoints',
      hint: 'mount it: mount -t tracefs tracefs /sys/kernel/tracing',
      code: 'K103',
    })
  }
  return Number(
    withErrno(doing, `${category}/${name}`, () => readFileSync(join(root, 'events', category, name, 'id'), 'latin1')),
  )
}

/** Where tracefs is mounted; undefined where it is not, or may not be looked at. */
export function tracefsRoot(): string | undefined {
  const usual = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'].find((path) => existsSync(join(path, 'events')))
  if (usual) return usual
  const mounts = parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'))
  return mounts.find((mount) => mount.type === 'tracefs' && existsSync(join(mount.mountPoint, 'events')))?.mountPoint
}
