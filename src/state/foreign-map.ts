import type { Fd, MapInfo } from '../kernel/kernel.ts'
import type { ForeignMap } from '../manifest/manifest.ts'
import { KernelError } from '../model/errors.ts'
import type { MapShape } from '../model/map-spec.ts'
import { isRoundedSize, mapTypeRule } from '../model/map-types.ts'
import type { MapContents, MapState } from '../model/state.ts'
import { type ArrayQuestion, readSlots } from './desired-contents.ts'
import { complain, type FoundMap, type Reading } from './desired-reading.ts'

/**
 * Opens somebody else's map and checks that it is what the programs were compiled for. Unlike the stack's own, it is there
 * already: `live` has its id. Where the world trusts foreign maps, nothing is opened, and one in no object is left out.
 */
export function readForeignMap(reading: Reading, map: FoundMap, { pinned, slots }: ForeignMap): MapState[] {
  const found = reading.world.trustsForeign ? trustMap(reading, map, pinned) : openMap(reading, map, pinned)
  if (typeof found === 'string') {
    const path = ['maps', map.name, 'pinned']
    const hint = found.startsWith(noPin)
      ? `apply what pins it there first; \`find /sys/fs/bpf\` lists the pins`
      : undefined
    complain(reading, 'M220', { detail: `cannot use ${map.address}: ${found}`, hint, address: map.address, path })
    return []
  }
  if (!found) return []
  return [
    {
      kind: 'map',
      address: map.address,
      owner: 'foreign',
      foreignPath: pinned,
      layout: {},
      pinned: true,
      contents: readForeignSlots(reading, { map, shape: found.shape }, slots),
      onChange: 'refuse',
      onSlotChange: 'in-place',
      at: reading.loaded.at(['maps', map.name]),
      ...found,
    },
  ]
}

/** Only the declared ones; `null` is as good as nothing, since the slot is its owner's then. Without any the stack has none in it. */
function readForeignSlots(reading: Reading, array: ArrayQuestion, slots: ForeignMap['slots']): MapContents {
  const { map, shape } = array
  if (shape.type === 'prog_array') return { kind: 'slots', slots: slots ? readSlots(reading, array, slots) : new Map() }
  if (!slots) return { kind: 'runtime' }
  const detail = `cannot fill ${map.address}: it is of type ${shape.type}, and slots belong to program arrays`
  const path = ['maps', map.name, 'slots']
  complain(reading, 'M212', { detail, hint: 'leave `slots:` out', address: map.address, path })
  return { kind: 'runtime' }
}

type Known = Pick<MapState, 'name' | 'shape' | 'live'>

function trustMap(reading: Reading, { spec }: FoundMap, pinned: string): Known | string | undefined {
  return ownTreeProblem(reading, pinned) ?? (spec && { name: spec.name, shape: spec.shape })
}

/** What lies at the pin, or why it cannot be used. */
function openMap(reading: Reading, map: FoundMap, pinned: string): Known | string {
  const info = placeProblem(reading, pinned) ?? describeMap(reading, pinned)
  if (typeof info === 'string') return info
  if (!info.type) return `${pinned} is of a type (${info.typeNumber}) that pinfold does not know`
  const inner = map.spec?.shape.inner
  const shape: MapShape = { ...info.shape, type: info.type, ...(inner ? { inner } : {}) }
  checkShape(reading, map, { pinned, shape })
  const ownerType = info.ownerType && { ownerType: info.ownerType }
  return { name: info.name, shape, live: { id: info.id, pins: [], ...ownerType } }
}

function placeProblem(reading: Reading, pinned: string): string | undefined {
  const own = ownTreeProblem(reading, pinned)
  if (own !== undefined) return own
  const mount = reading.world.kernel.bpffs.mountOf(pinned)
  if (!mount) return `${pinned} is not on a bpffs`
  return mount.problem === undefined ? undefined : `${pinned}: ${mount.problem}`
}

const ownTreeProblem = ({ loaded, world }: Reading, pinned: string): string | undefined =>
  pinned.startsWith(`${world.bpffs}/${loaded.manifest.name}/`)
    ? `${pinned} lies in this stack's own directory`
    : undefined

function describeMap({ world: { kernel } }: Reading, pinned: string): MapInfo | string {
  try {
    using fd = kernel.openPin(pinned)
    if (fd.kind !== 'map') return `${pinned} is the pin of a ${fd.kind}, not of a map`
    const info = kernel.describe(fd as Fd<'map'>)
    return info.kind === 'map' ? info : `${pinned} is not a map`
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    return error.errno === 'ENOENT' ? `${noPin} ${pinned}` : error.message
  }
}

const noPin = 'nothing is pinned at'

interface OpenedMap {
  readonly pinned: string
  readonly shape: MapShape
}

const BPF_F_RDONLY_PROG = 1 << 7

function checkShape(reading: Reading, { address, name, spec }: FoundMap, { pinned, shape }: OpenedMap): void {
  if (!spec) return
  const wanted = spec.shape
  const fields = ['type', 'keySize', 'valueSize', 'maxEntries', 'flags', 'mapExtra'] as const
  const differing = fields.filter((field) => comparable(shape, field) !== comparable(wanted, field))
  // A size of 0 in the object is filled in by whoever makes the map, and the kernel may round one up.
  const isSize = wanted.maxEntries === 0 || isRoundedSize(shape.maxEntries, wanted)
  const counted = differing.filter((field) => field !== 'maxEntries' || !isSize)
  if (counted.length === 0) return
  const list = counted.map((field) => `${field} is ${shape[field]} instead of ${wanted[field]}`).join(', ')
  complain(reading, 'M221', {
    detail: `cannot use ${address}: ${pinned} is not the map that the programs were compiled for: ${list}`,
    hint: 'compile the programs against the definition of its owner',
    address,
    path: ['maps', name, 'pinned'],
  })
}

/** Since 0cdbb4b09a06 the kernel sets RDONLY_PROG on every devmap. */
const comparable = (shape: MapShape, field: Exclude<keyof MapShape, 'inner'>): number | string =>
  field === 'flags' && mapTypeRule(shape.type).adjusted === 'sets-rdonly-prog'
    ? shape.flags & ~BPF_F_RDONLY_PROG
    : shape[field]
