import { PlanError } from '../model/errors.ts'
import { isSameObject, type PinnedObject } from '../model/outer-pin.ts'
import type { Ownership } from '../model/state.ts'
import type { Operation } from '../plan/step.ts'
import { applyCodes } from './codes.ts'
import { exchangePaths } from './exchange.ts'
import { absolute, type Execution } from './execution.ts'
import { isErrno } from './problem.ts'

type Of<K extends Operation['kind']> = Operation & { readonly kind: K }

/** Gives a kept object a second name. */
export const linkPin = ({ kernel, plan }: Execution, { from, to }: Of<'link-pin'>): void =>
  kernel.bpffs.link(absolute(plan, from), absolute(plan, to))

/** Removes a pin; one that is not there is gone already, and somebody else's (stale, P303) stays. */
export function unpin(run: Execution, { path, holds }: Pick<Of<'unpin'>, 'path' | 'holds'>): void {
  const pin = absolute(run.plan, path)
  unlessGone(() => {
    if (holds) expectPinned(run, pin, holds)
    run.kernel.bpffs.unpin(pin)
  })
}

/** Removes an empty directory; one that is not there is gone already, and one elsewhere that others use too stays. */
export function removeDirectory({ kernel, plan }: Execution, path: string): void {
  const directory = absolute(plan, path)
  unlessGone(() => {
    const isShared = path.startsWith('/') && kernel.bpffs.list(directory).length > 0
    if (!isShared) kernel.bpffs.removeDirectory(directory)
  })
}

/** Exchanges two trees or pins; stale (P303) where they no longer are what they hold. */
export function exchange(run: Execution, { a, b, holds }: Of<'exchange'>): void {
  const { kernel, plan } = run
  if (holds?.a) expectPinned(run, absolute(plan, a), holds.a)
  if (holds?.b) expectPinned(run, absolute(plan, b), holds.b)
  exchangePaths(kernel.bpffs, absolute(plan, a), absolute(plan, b))
}

function expectPinned({ kernel }: Execution, path: string, wanted: PinnedObject): void {
  const found = kernel.describePin(path)
  if (isSameObject(found, wanted)) return
  throw new PlanError(
    `cannot change ${path}: it is ${found.kind} #${found.id} and not ${wanted.kind} #${wanted.id}, so somebody else changed it`,
    { code: applyCodes.swapped.code, hint: 'plan again' },
  )
}

/** Sets owner and mode of one pin or directory elsewhere, or of a directory and all below it; pins get the mode without its execute bits. */
export function setOwnership({ kernel, plan }: Execution, { path, ownership }: Of<'set-ownership'>): void {
  if (path === '') return kernel.bpffs.setOwnership(plan.directory, ownership)
  const isPin = path.startsWith('/') && kernel.bpffs.stat(path)?.kind === 'pin'
  if (path.startsWith('/')) return kernel.bpffs.setOwnership(path, isPin ? forPin(ownership) : ownership)
  own(kernel, absolute(plan, path), ownership)
}

function own(kernel: Execution['kernel'], directory: string, ownership: Ownership): void {
  for (const entry of kernel.bpffs.list(directory)) {
    const path = `${directory}/${entry.name}`
    if (entry.directory) own(kernel, path, ownership)
    else kernel.bpffs.setOwnership(path, forPin(ownership))
  }
  kernel.bpffs.setOwnership(directory, ownership)
}

/** What a pin gets of a tree's ownership. */
export const forPin = ({ mode, ...owner }: Ownership): Ownership =>
  mode === undefined ? owner : { ...owner, mode: mode & 0o666 }

function unlessGone(remove: () => void): void {
  try {
    remove()
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
  }
}
