import type { MapAddress } from '../model/address.ts'
import type { LoadAttributes } from '../model/program-spec.ts'
import type { MapState, ProgramState, State } from '../model/state.ts'
import type { Reason } from './change.ts'
import { differing } from './diff-map.ts'

/**
 * What a program array takes is decided by its first program, for good: when its members and callers are to be of another type,
 * attach type or kind of loading, the live array cannot stay. Somebody else's array is not ours to replace.
 */
export function diffOwner(current: State, desired: State, after: MapState): Reason[] {
  if (after.shape.type !== 'prog_array' || after.owner === 'foreign') return []
  const [live, wanted] = [ownerIn(current, after.address), ownerIn(desired, after.address)]
  return live === undefined || wanted === undefined ? [] : differing('owner', live, wanted)
}

/** What a state's members and callers of an array are, which agree; undefined where nothing is known of any. */
function ownerIn({ resources }: State, address: MapAddress): string | undefined {
  const array = resources.get(address)
  const members = array?.kind === 'map' && array.contents.kind === 'slots' ? [...array.contents.slots.values()] : []
  const programs = [...resources.values()].filter((it): it is ProgramState => it.kind === 'program')
  const known = programs.find((it) => it.load && (members.includes(it.address) || it.maps.includes(address)))
  return known?.load && describeOwner(known.load)
}

const flagNames = [
  { flag: 1 << 4, name: 'sleepable' },
  { flag: 1 << 5, name: 'multi-buffer' },
]

function describeOwner({ type, attachType, attachTo, flags }: LoadAttributes): string {
  const set = flagNames.filter(({ flag }) => flags & flag).map(({ name }) => name)
  return [type, attachType ?? '', attachTo ?? '', ...set].filter((part) => part !== '').join(' ')
}
