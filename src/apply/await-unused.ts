import type { Kernel, LinkInfo } from '../kernel/kernel.ts'
import { KernelError, PlanError } from '../model/errors.ts'
import type { Operation } from '../plan/step.ts'
import { applyCodes } from './codes.ts'
import type { Execution } from './execution.ts'
import { poll } from './poll.ts'
import { isErrno, nameFor } from './problem.ts'

type AwaitUnused = Operation & { readonly kind: 'await-unused' }

/**
 * Waits until no program that uses an array is alive, and makes sure that no link and no interface runs one of its members,
 * which the array itself keeps alive. Somebody else's array only has to be pinned by its owner. Throws PlanError P307 that names the
 * users when the time is up.
 */
export async function awaitUnused(run: Execution, operation: AwaitUnused): Promise<void> {
  const { programs, members, owner } = operation
  if (owner && isPinned(run.kernel, owner)) return
  const waited = programs.filter((id) => !run.lingering.has(id))
  await poll(() => !waited.some((id) => isAlive(run.kernel, id)), run.patience)
  const alive = programs.filter((id) => isAlive(run.kernel, id))
  for (const id of alive) run.lingering.add(id)
  const links = linksThatRun(run.kernel, new Set([...alive, ...members]))
  const elsewhere = members.length > 0 ? onInterfaces(run.kernel, members) : []
  if (alive.length + links.length + elsewhere.length > 0) throw kept(operation, [...alive, ...elsewhere], links)
  // An id goes before the last packet leaves its program, and a link may have been detached only after the last drain.
  if (programs.length + members.length > 0) await run.kernel.waitForReaders()
}

/** Those that netlink attached, as `ip link set xdp pinned` and `tc filter add` do. */
function onInterfaces(kernel: Kernel, members: readonly number[]): number[] {
  const running = new Set<number>(kernel.programsOnInterfaces())
  return members.filter((id) => running.has(id))
}

function isPinned(kernel: Kernel, { path, id }: NonNullable<AwaitUnused['owner']>): boolean {
  try {
    const info = kernel.describePin(path)
    return info.kind === 'map' && info.id === id
  } catch (error) {
    if (error instanceof KernelError) return false
    throw error
  }
}

function isAlive(kernel: Kernel, id: number): boolean {
  try {
    kernel.openById('program', id)[Symbol.dispose]()
    return true
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false
    throw error
  }
}

function linksThatRun(kernel: Kernel, programs: ReadonlySet<number>): LinkInfo[] {
  if (programs.size === 0) return []
  return kernel.ids('link').flatMap((id) => {
    const info = describeLink(kernel, id)
    return info && !info.severed && programs.has(info.programId) ? [info] : []
  })
}

function describeLink(kernel: Kernel, id: number): LinkInfo | undefined {
  try {
    using fd = kernel.openById('link', id)
    const info = kernel.describe(fd)
    return info.kind === 'link' ? info : undefined
  } catch (error) {
    // Gone between the walk and the look; EAGAIN: another process is just making it.
    if (isErrno(error, 'ENOENT') || isErrno(error, 'EAGAIN')) return undefined
    throw error
  }
}

function kept({ target, path }: AwaitUnused, alive: readonly number[], links: readonly LinkInfo[]): PlanError {
  const users = [...alive, ...links.map((link) => link.programId)]
  const programs = [...new Set(users)].map((id) => `#${id}`).join(', ')
  const by =
    links.map((link) => `link #${link.id} (${link.type})`).join(', ') || 'no link; perhaps netlink or a process'
  return new PlanError(
    `cannot remove ${nameFor(target)} at ${path}: still used by program ${programs}, kept by ${by}`,
    { code: applyCodes.kept.code, hint: 'detach it there, then apply again' },
  )
}
