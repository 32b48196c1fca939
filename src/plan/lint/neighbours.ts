import type { Diagnostic } from '../../model/diagnostic.ts'
import type { MapState } from '../../model/state.ts'
import type { SlotClaim, VanishingRoot } from '../../model/surroundings.ts'
import { named, planCodes } from '../codes.ts'
import { found, type Rule, type Scene } from './scene.ts'

/** Pins that --adopt took for the stack's own (P146), in one warning: they go with the trees that they are in. */
export function adoptedPins({ current: { directory, trees } }: Pick<Scene, 'current'>): readonly Diagnostic[] {
  const [first, ...others] = trees.flatMap(({ adopted = [] }) => adopted)
  if (first === undefined) return []
  const isOne = others.length === 0
  const what = isOne ? `${directory}/${first} is` : `In ${directory} ${[first, ...others].join(', ')} are`
  const detail = `${what} in no record, and taken for the stack's own: this plan moves or removes ${isOne ? 'it' : 'them'}.`
  const hint = `leave --adopt out where somebody else put ${isOne ? 'it' : 'one of them'} there`
  return [{ severity: 'warning', ...named(planCodes.adopted), detail, hint }]
}

const vanishing: Readonly<Record<VanishingRoot['why'], { readonly detail: string; readonly hint: string }>> = {
  namespace: {
    detail: 'is not mounted in the mount namespace of process 1: when this namespace ends, its pins go',
    hint: 'apply in the namespace of the host, or bind-mount the /sys/fs/bpf of the host there',
  },
  container: {
    detail: 'belongs to a container, as far as can be seen from inside: when that ends, its pins may go',
    hint: 'mount the /sys/fs/bpf of the host there, or silence this where it is that one',
  },
  place: {
    detail: 'lies where things of a session, a service or a test are put, and removed with them',
    hint: 'use /sys/fs/bpf',
  },
}

/** A bpffs that will not be there as long as the stack should (P147). */
export const vanishingRoot: Rule = (scene) => {
  const { root } = scene.current
  if (!root) return []
  const { detail, hint } = vanishing[root.why]
  return [found(scene, planCodes.vanishing, { detail: `The bpffs ${root.mountPoint} ${detail}.`, hint })]
}

/** Arrays in which another stack has slots, too (P151), or the same ones (P152). */
export const sharedSlots: Rule = (scene) => {
  const { current, desired } = scene
  return (current.claims ?? []).flatMap((claim) =>
    [...desired.resources.values()].flatMap((map) => {
      if (map.kind !== 'map' || map.contents.kind !== 'slots') return []
      const id = map.owner === 'foreign' ? map.live?.id : current.resources.get(map.address)?.live?.id
      return id === claim.map ? [judge(scene, map, claim)] : []
    }),
  )
}

function judge(scene: Scene, map: MapState, { stack, slots, isOwner }: SlotClaim): Diagnostic {
  const { address, contents } = map
  const both = slots.filter((index) => contents.kind === 'slots' && contents.slots.has(index))
  if (both.length > 0) {
    const detail = `The stack ${stack} fills slot ${both.join(', ')} of ${address}, too: each apply puts its own program there, and the other's is gone.`
    return found(scene, planCodes.sameSlot, { address, detail, hint: 'let one of the stacks declare it' }, 'error')
  }
  const other = `The stack ${stack} fills slot ${slots.join(', ')} of ${address}`
  const detail = isOwner
    ? `The stack ${stack} owns ${address} and declares all of its slots: its next new array will not have those of this stack.`
    : map.owner === 'stack'
      ? `${other}: a new array in its place does not have that, and an apply of this stack empties it.`
      : `${other}, too, and neither stack knows what the other needs there.`
  return found(scene, planCodes.sharedArray, { address, detail })
}
