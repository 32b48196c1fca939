import { kindOf, type MapAddress, type ProgramAddress } from '../../model/address.ts'
import type { MapState } from '../../model/state.ts'
import { planCodes } from '../codes.ts'
import { mapsReachedFrom } from '../reach.ts'
import { found, pairsOf, type Rule, type Scene } from './scene.ts'

/**
 * Maps of scratch space that old and new programs use while both run (P149). In one chain of tail calls that is switched in one
 * instant they cannot meet: a packet stays on its CPU, and in its chain.
 */
export const sharedScratch: Rule = (scene) =>
  pairsOf(scene, 'map')
    .filter(({ change, after }) => change.action !== 'replace' && isScratch(after))
    .flatMap(({ after: { address } }) => {
      const users = usersOf(scene, address)
      const renewed = users.filter((user) => isRenewed(scene, user))
      const why = users.length > 1 && renewed.length > 0 ? sideBySide(scene, address, users) : undefined
      if (why === undefined) return []
      const detail = `${address} is kept, and of the programs that use it (${users.join(', ')}) ${renewed.join(', ')} ${renewed.length === 1 ? 'is' : 'are'} loaded anew. ${why}, so one version may read what the other wrote.`
      const hint = 'where its fields change their meaning, give it another name: then each version has its own'
      return [found(scene, planCodes.scratch, { address, detail, hint })]
    })

/** One value for each CPU that is more than a number: what programs hand to one another, rather than a count. */
const isScratch = ({ owner, shape, layout }: MapState): boolean =>
  owner === 'stack' && shape.type === 'percpu_array' && !/^(enum)?[us]\d+$/.test(layout.value ?? '')

const usersOf = ({ desired }: Scene, map: MapAddress): readonly ProgramAddress[] =>
  [...desired.resources.values()].flatMap((it) => (it.kind === 'program' && it.maps.includes(map) ? [it.address] : []))

const isRenewed = ({ changes }: Scene, program: ProgramAddress): boolean =>
  changes.some(({ address, action }) => address === program && action === 'update')

function sideBySide(scene: Scene, map: MapAddress, users: readonly ProgramAddress[]): string | undefined {
  const { changes, desired, steps } = scene
  const switched = changes.filter(({ address, action }) => {
    const link = desired.resources.get(address)
    const isSwitched = kindOf(address) === 'link' && (action === 'update' || action === 'replace')
    return isSwitched && link?.kind === 'link' && mapsReachedFrom(desired, link.program).has(map)
  })
  const overlap = switched.find(({ verdict }) => verdict === 'overlap')
  if (overlap) return `While ${overlap.address} is replaced both versions run`
  if (switched.length > 1)
    return `${switched.map(({ address }) => address).join(' and ')} are switched one after the other`
  const exchanged = steps.find((step) => step.kind === 'replace-slot' && isAround(scene, step.array, users))
  return exchanged?.kind === 'replace-slot'
    ? `Slot ${exchanged.index} of ${exchanged.array.replace(/^(live|next):/, '')} is exchanged in place`
    : undefined
}

/** An array through which the users call one another. */
function isAround({ desired }: Scene, ref: string, users: readonly ProgramAddress[]): boolean {
  const array = desired.resources.get(ref.replace(/^(live|next):/, '') as MapAddress)
  if (array?.kind !== 'map' || array.contents.kind !== 'slots') return false
  const members = new Set<string>(array.contents.slots.values())
  const isCaller = (user: ProgramAddress): boolean => {
    const program = desired.resources.get(user)
    return program?.kind === 'program' && program.maps.includes(array.address)
  }
  return users.some((user) => members.has(user)) && users.some(isCaller)
}
