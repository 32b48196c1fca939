import type { Kernel, LinkInfo, ObjectInfo } from '../kernel/kernel.ts'
import { type Plan, type Precondition, verbOf } from '../plan/plan.ts'
import { unreachable } from '../util/unreachable.ts'
import { applyCodes } from './codes.ts'
import type { Problem } from './event.ts'
import { absolute } from './execution.ts'
import { isErrno } from './problem.ts'

/** The first thing that is no longer as the plan found it; undefined when all is. Changes nothing. */
export function precheck(kernel: Kernel, plan: Plan): Problem | undefined {
  for (const precondition of plan.preconditions) {
    const difference = differenceOf(kernel, plan, precondition)
    if (difference === undefined) continue
    const message = `cannot ${verbOf(plan)} ${plan.stack}: ${difference}`
    return { code: applyCodes.stale.code, message, hint: 'the plan is stale: plan again' }
  }
  return undefined
}

function differenceOf(kernel: Kernel, plan: Plan, wanted: Precondition): string | undefined {
  switch (wanted.kind) {
    case 'pin': {
      const found = orUndefined(() => kernel.describePin(absolute(plan, wanted.path)))
      if (found?.kind === wanted.object && found.id === wanted.id) return undefined
      return `${wanted.path} was ${wanted.object} #${wanted.id} and is ${nameOf(found)}`
    }
    case 'absent':
      if (kernel.bpffs.stat(absolute(plan, wanted.path)) === undefined) return undefined
      return `${wanted.path} was not there and is now`
    case 'link-runs': {
      const found = orUndefined(() => describeLink(kernel, wanted.link))
      const planned = wanted.map === undefined ? `program #${wanted.program}` : `map #${wanted.map}`
      const running = found?.kind === 'link' ? runningText(found) : undefined
      if (running === planned) return undefined
      return `link #${wanted.link} ran ${planned} and ${running ? `runs ${running}` : 'is gone'}`
    }
    default:
      return unreachable(wanted)
  }
}

function describeLink(kernel: Kernel, id: number): ObjectInfo {
  using link = kernel.openById('link', id)
  return kernel.describe(link)
}

const runningText = ({ programId, target }: LinkInfo): string =>
  target?.kind === 'struct_ops' ? `map #${target.mapId}` : `program #${programId}`

const nameOf = (found: ObjectInfo | undefined): string => (found ? `${found.kind} #${found.id}` : 'gone')

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    // No pin any more, or something that is none.
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EINVAL')) return undefined
    throw error
  }
}
