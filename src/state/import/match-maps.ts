import type { MapInfo, ProgramInfo } from '../../kernel/kernel.ts'
import type { MapAddress } from '../../model/address.ts'
import type { Diagnostic } from '../../model/diagnostic.ts'
import { indexKey, numberAt } from '../held.ts'
import { openOrGone } from '../open-or-gone.ts'
import { isOthers } from './candidates.ts'
import { finding } from './codes.ts'
import type { Drafted, DraftedMap, DraftedProgram } from './drafted.ts'
import type { Found } from './found.ts'

/** Which live map is which map of the objects. */
export interface MapMatches {
  /** Ids by address. */
  readonly matched: ReadonlyMap<MapAddress, number>
  readonly findings: readonly Diagnostic[]
}

/**
 * Matches live maps with those of the objects: first by the programs, whose maps the kernel lists in the order in which their code
 * first refers to each, then what else is pinned or lies in a map of maps by name and shape.
 */
export function matchMaps(found: Found, programs: ReadonlyMap<number, DraftedProgram>, drafted: Drafted): MapMatches {
  const matched = new Map<MapAddress, number>()
  const findings: Diagnostic[] = []
  for (const [id, program] of programs) {
    const info = found.program(id)
    for (const [address, map] of info ? boundMaps(info, program) : []) {
      const other = matched.get(address)
      if (other !== undefined && other !== map) findings.push(twice(address, { other, map }, { found, program }))
      else matched.set(address, map)
    }
  }
  matchInner(found, matched, drafted)
  for (const id of found.pinned('map')) {
    if ([...matched.values()].includes(id)) continue
    const info = found.map(id)
    const map = info && byName(info, { found, matched, drafted })
    if (map) matched.set(map.state.address, id)
    else if (info) findings.push(leftOut(info, found))
  }
  return { matched, findings }
}

/** What more than its code needs is bound to it (libbpf does that with .rodata) comes last, and is found by its name. */
const boundMaps = ({ mapIds }: ProgramInfo, { uses }: DraftedProgram): [MapAddress, number][] =>
  uses.flatMap((address, index): [MapAddress, number][] => {
    const id = mapIds[index]
    return id === undefined ? [] : [[address, id]]
  })

/** The maps that the object puts into a map of maps, by their indexes. */
function matchInner({ kernel }: Found, matched: Map<MapAddress, number>, { maps }: Drafted): void {
  for (const { state } of maps) {
    const id = matched.get(state.address)
    if (id === undefined || state.contents.kind !== 'inner') continue
    using outer = openOrGone(kernel, 'map', id)
    for (const [index, address] of outer ? state.contents.slots : []) {
      const value = outer && kernel.lookup(outer, indexKey(kernel, index))
      const inner = value && numberAt(kernel, value, 0)
      if (inner && address.startsWith('map.') && !matched.has(address as MapAddress))
        matched.set(address as MapAddress, inner)
    }
  }
}

interface NameQuestion {
  readonly found: Found
  readonly matched: ReadonlyMap<MapAddress, number>
  readonly drafted: Drafted
}

function byName(info: MapInfo, { found, matched, drafted }: NameQuestion): DraftedMap | undefined {
  const pins = found.pinsOf('map', info.id).map((path) => path.slice(path.lastIndexOf('/') + 1))
  const candidates = drafted.maps.filter(
    ({ state }) => !matched.has(state.address) && isKernelName(state.name, info.name) && isSameShape(state, info),
  )
  const pinned = candidates.filter(({ name, spec }) => pins.some((pin) => pin === name || pin === spec.name))
  return pinned.length === 1 ? pinned[0] : candidates.length === 1 ? candidates[0] : undefined
}

/** The kernel keeps 15 bytes. */
const isKernelName = (name: string, kernelName: string): boolean =>
  name.replace(/[^A-Za-z0-9_.]/g, '_').slice(0, 15) === kernelName

const isSameShape = ({ shape }: DraftedMap['state'], info: MapInfo): boolean =>
  shape.type === info.type && shape.keySize === info.shape.keySize && shape.valueSize === info.shape.valueSize

interface Twice {
  readonly other: number
  readonly map: number
}

function twice(
  address: MapAddress,
  { other, map }: Twice,
  { found, program }: { readonly found: Found; readonly program: DraftedProgram },
): Diagnostic {
  const detail = `${describeMap(found, other)} and ${describeMap(found, map)}, which ${program.name} uses, are both ${address} of the objects.`
  const hint =
    'two loads of one object are two stacks: name the directory of one of them, or leave its programs out with --except'
  return finding('P182', 'error', { detail, hint })
}

function describeMap(found: Found, id: number): string {
  const [path] = found.pinsOf('map', id)
  return `map #${id}${path === undefined ? '' : ` at ${path}`}`
}

function leftOut(info: MapInfo, found: Found): Diagnostic {
  const detail = `${describeMap(found, info.id)} (${info.name}) is used by none of the programs and declared by none of the objects.`
  return finding('P185', 'warning', { detail, hint: 'it stays where it is' })
}

/** Path at which its owner pins a map that is used but not imported. */
export const ownersPin = (found: Found, id: number): string | undefined =>
  isOthers(found, id) ? found.pinsElsewhere('map', id)[0] : undefined
