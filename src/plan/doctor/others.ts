import type { Checkup } from '../../model/checkup.ts'
import { unconfirmedAt } from '../confirm.ts'
import { hasLostRecord } from '../foreign-pins.ts'
import { planRecovery } from '../recover.ts'
import { type Finding, finding } from './finding.ts'

/** Links that are pinned but attached to nothing. */
export function examineLinks({ links, pins, stacks }: Checkup): readonly Finding[] {
  return links
    .filter((link) => link.severed)
    .flatMap((link) => {
      const path = pins.find((pin) => pin.kind === 'link' && pin.id === link.id)?.path
      if (path === undefined) return []
      const owner = stacks.find(({ directory }) => path.startsWith(`${directory}/`))
      const hint = owner ? 'pinfold apply attaches it anew' : `detached for good: rm ${path}`
      const detail = `Link #${link.id} (${link.type}) at ${path} is attached to nothing any more.`
      return [finding('severedLink', 'error', { detail, hint, ...(owner ? { stack: owner.stack } : {}) })]
    })
}

/** Stacks whose live tree no record describes. */
export function examineRecords({ stacks }: Checkup): readonly Finding[] {
  return stacks.filter(hasLostRecord).map(({ stack, directory, trees }) => {
    const pins = trees.find(({ name }) => name === 'live')?.pins.length ?? 0
    const what = pins === 1 ? '1 pin' : `${pins} pins`
    return finding('lostRecord', 'error', {
      detail: `${directory}/live holds ${what} and no record, which would say whose they are: no apply and no destroy touches them.`,
      hint: `if they are the stack's own: pinfold apply -f MANIFEST --adopt goes on with them, pinfold destroy ${stack} --adopt removes them`,
      stack,
    })
  })
}

/** What killed commands left, and generations that nobody confirmed in time. */
export function examineCommands({ stacks, now }: Checkup): readonly Finding[] {
  // Without a record nobody can tell what was interrupted.
  const recorded = stacks.filter((stack) => !hasLostRecord(stack))
  return recorded.flatMap((stack) => {
    const overdue = unconfirmedAt(stack.record, now)?.left === 0
    const trees = planRecovery(stack)?.leftovers.map(({ tree, todo }) => `${tree} (${todo})`) ?? []
    const what = [
      ...(trees.length > 0 ? [`left ${trees.join(', ')}`] : []),
      ...(overdue ? ['awaits a confirmation in vain'] : []),
    ]
    if (what.length === 0) return []
    const detail = `A command on ${stack.stack} was interrupted and ${what.join(' and ')}.`
    return [finding('interrupted', 'error', { detail, stack: stack.stack, repair: { kind: 'recover' } })]
  })
}

/** Stacks on a bpffs that does not outlive this mount namespace. */
export function examineMounts({ stacks, fleeting }: Checkup): readonly Finding[] {
  return stacks.flatMap(({ stack, directory }) => {
    const mount = fleeting.find((mountPoint) => directory.startsWith(`${mountPoint}/`))
    if (mount === undefined) return []
    const detail = `${directory} is on a bpffs that is mounted at ${mount} in this mount namespace only: every pin goes with it.`
    return [finding('fleetingPins', 'warning', { detail, stack })]
  })
}

/** Links of others on the stacks' programs. */
export function examineTracers({ links, stacks }: Checkup): readonly Finding[] {
  return stacks.flatMap((stack) => {
    const own = stack.trees.flatMap((tree) => tree.pins)
    const links_ = links.filter(
      ({ onProgram, id }) => onProgram !== undefined && !own.some((pin) => pin.kind === 'link' && pin.id === id),
    )
    return links_.flatMap(({ onProgram, id, programId }) => {
      const ours = own.find((pin) => pin.kind === 'program' && pin.id === onProgram)
      if (ours?.kind !== 'program') return []
      const detail = `${ours.address} (#${onProgram}) is extended or traced by program #${programId} through link #${id}, which is not the stack's.`
      return [finding('onOurs', 'warning', { detail, stack: stack.stack, address: ours.address })]
    })
  })
}
