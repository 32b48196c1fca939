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
  const users = [...alive, ...members]
  const links = linksThatRun(run.kernel, { programs: new Set(users), alive: new Set(alive) })
  const byLink = new Set<number>(links.filter((link) => !link.severed).map((link) => link.programId))
  const elsewhere = users.length > 0 ? onInterfaces(run.kernel, users).filter((id) => !byLink.has(id)) : []
  if (alive.length + links.length + elsewhere.length > 0) throw kept(operation, alive, { links, elsewhere })
  // An id goes before the last packet leaves its program, and a link may have been detached only after the last drain.
  if (programs.length + members.length > 0) await run.kernel.waitForReaders()
}

/** Those that netlink attached, as `ip link set xdp pinned` and `tc filter add` do. */
function onInterfaces(kernel: Kernel, programs: readonly number[]): number[] {
  const running = new Set<number>(kernel.programsOnInterfaces())
  return programs.filter((id) => running.has(id))
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

/** Links that run one of the programs, and those that extend, trace or, severed, keep one which is alive. */
function linksThatRun(
  kernel: Kernel,
  { programs, alive }: { readonly programs: ReadonlySet<number>; readonly alive: ReadonlySet<number> },
): LinkInfo[] {
  if (programs.size === 0) return []
  return kernel.ids('link').flatMap((id) => {
    const info = describeLink(kernel, id)
    if (!info) return []
    const held = info.severed ? alive : programs
    return held.has(info.programId) || (!info.severed && alive.has(info.tracedId ?? 0)) ? [info] : []
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

interface Found {
  readonly links: readonly LinkInfo[]
  /** Programs that an interface runs without a link. */
  readonly elsewhere: readonly number[]
}

function kept({ target, path }: AwaitUnused, alive: readonly number[], { links, elsewhere }: Found): PlanError {
  const users = [...alive, ...elsewhere, ...links.flatMap((link) => (link.tracedId ? [] : [link.programId]))]
  const programs = [...new Set(users)].map((id) => `#${id}`).join(', ')
  const attachments = [
    ...links.map((link) => `link #${link.id} (${link.type}${roleOf(link)})`),
    ...(elsewhere.length > 0 ? ['netlink on an interface (see bpftool net show)'] : []),
  ]
  const by = attachments.join(', ') || 'nothing that runs it; perhaps by a pin, or by a process that has it open'
  return new PlanError(
    `cannot remove ${nameFor(target)} at ${path}: still used by program ${programs}, kept by ${by}`,
    { code: applyCodes.kept.code, hint: `${hintFor({ links, elsewhere })}; then apply again` },
  )
}

function hintFor({ links, elsewhere }: Found): string {
  if (links.some((link) => !link.severed) || elsewhere.length > 0) return 'detach it there'
  return links.length > 0 ? 'remove its pins' : 'bpftool -f prog show lists pins and processes'
}

function roleOf({ severed, tracedId }: LinkInfo): string {
  if (severed) return ', severed'
  return tracedId ? ', which extends or traces it' : ''
}
