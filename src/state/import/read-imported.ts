import type { Kernel, LinkInfo, MapInfo, ProgramInfo } from '../../kernel/kernel.ts'
import type { Address, MapAddress, ProgramAddress } from '../../model/address.ts'
import type { MapId, ProgramId } from '../../model/ids.ts'
import type { CurrentState, DesiredState, LinkState, MapState, ProgramState, Resource } from '../../model/state.ts'
import { programTags } from '../../util/program-tags.ts'
import { readContents } from '../current-contents.ts'
import { foreignId } from '../current-programs.ts'
import { countEntries } from '../held.ts'
import { openOrGone } from '../open-or-gone.ts'
import { type Place, readCurrent } from '../read-current.ts'
import { readTarget } from '../read-target.ts'

/**
 * What an import starts from: the state of the place, where there is no stack yet, with the objects that it takes in as if they
 * were the live ones. Each is read from the kernel, so that what differs from the manifest shows.
 */
export function readImported(kernel: Kernel, place: Place, desired: DesiredState): CurrentState {
  const current = readCurrent(kernel, place, desired)
  const names = namesOf(desired)
  const pins = pinsOf(desired)
  const resources = new Map<Address, Resource>()
  for (const [address, { id }] of desired.imports ?? []) {
    const wanted = desired.resources.get(address)
    using fd = wanted && openOrGone(kernel, wanted.kind, id)
    const info = fd && kernel.describe(fd)
    if (!wanted || !info) continue
    const reading = { kernel, names, pins: pins.get(address) ?? [] }
    const found = readResource(reading, wanted, info)
    if (found) resources.set(address, found)
  }
  return { ...current, resources }
}

interface Reading {
  readonly kernel: Kernel
  readonly names: Names
  readonly pins: readonly string[]
}

interface Names {
  readonly maps: ReadonlyMap<MapId, MapAddress>
  readonly programs: ReadonlyMap<ProgramId, ProgramAddress>
}

/** Maps of others, too: programs use them. */
function namesOf({ imports, resources }: DesiredState): Names {
  const used = [...resources.values()].flatMap(({ kind, address, live }) =>
    kind === 'map' && live ? [[live.id, address as MapAddress] as const] : [],
  )
  const entries = [...(imports ?? [])]
  const maps = entries.flatMap(([address, { id }]) => (isMap(address) ? [[id as MapId, address] as const] : []))
  const programs = entries.flatMap(([address, { id }]) =>
    isProgram(address) ? [[id as ProgramId, address] as const] : [],
  )
  return { maps: new Map([...maps, ...used]), programs: new Map(programs) }
}

const isMap = (address: Address): address is MapAddress => address.startsWith('map.')
const isProgram = (address: Address): address is ProgramAddress => address.startsWith('program.')

function pinsOf({ pins }: DesiredState): ReadonlyMap<Address, readonly string[]> {
  const found = new Map<Address, string[]>()
  for (const [path, { address }] of pins ?? []) found.set(address, [...(found.get(address) ?? []), path])
  return found
}

function readResource(
  reading: Reading,
  wanted: Resource,
  info: MapInfo | ProgramInfo | LinkInfo,
): Resource | undefined {
  if (wanted.kind === 'map' && info.kind === 'map') return readMap(reading, wanted, info)
  if (wanted.kind === 'program' && info.kind === 'program') return readProgram(reading, wanted, info)
  if (wanted.kind === 'link' && info.kind === 'link') return readLink(reading, wanted, info)
  return undefined
}

function readMap({ kernel, names, pins }: Reading, wanted: MapState, info: MapInfo): MapState | undefined {
  using map = openOrGone(kernel, 'map', info.id)
  if (!map || !info.type) return undefined
  const { inner } = wanted.shape
  const shape = { ...info.shape, type: info.type, ...(inner && { inner }) }
  const live = { kernel, programs: names.programs }
  const contents = readContents({ live, names: names.maps, map, shape, recorded: undefined, wish: wanted })
  const entries = countEntries(kernel, map, { type: info.type, exactly: false })
  const { at: _, btf: __, ...rest } = wanted
  return { ...rest, shape, contents, live: { id: info.id, pins, ...(entries !== undefined && { entries }) } }
}

/** The kernel forgets how it was loaded; its tag says that the code is that of the object. */
function readProgram({ names, pins }: Reading, wanted: ProgramState, info: ProgramInfo): ProgramState {
  const asRecorded = wanted.code !== undefined && programTags(wanted.code.instructions).includes(info.tag)
  const maps = info.mapIds.map((id) => names.maps.get(id) ?? foreignId(id))
  const { kind, address, name, load, code } = wanted
  const isOther = load !== undefined && info.type !== undefined && load.type !== info.type
  const loaded = isOther && load ? { ...load, type: info.type ?? load.type } : load
  return { kind, address, name, load: loaded, code, maps, live: { id: info.id, pins, tag: info.tag, asRecorded } }
}

function readLink({ kernel, names, pins }: Reading, wanted: LinkState, info: LinkInfo): LinkState {
  const { kind, address, onReplace } = wanted
  const target = readTarget({ kernel, maps: names.maps }, info, wanted.target) ?? wanted.target
  const isStruct = info.target?.kind === 'struct_ops'
  const map = info.target?.kind === 'struct_ops' ? names.maps.get(info.target.mapId) : undefined
  const program = isStruct ? (map ?? wanted.program) : (names.programs.get(info.programId) ?? foreignId(info.programId))
  return { kind, address, program, target, onReplace, live: { id: info.id, pins, severed: info.severed } }
}
