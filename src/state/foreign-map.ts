import type { Fd, MapInfo } from '../kernel/kernel.ts'
import type { ForeignMap } from '../manifest/manifest.ts'
import { KernelError } from '../model/errors.ts'
import type { MapShape } from '../model/map-spec.ts'
import { mapTypeRule } from '../model/map-types.ts'
import type { MapState } from '../model/state.ts'
import { complain, type FoundMap, type Reading } from './desired-reading.ts'

/**
 * Opens somebody else's map and checks that it is what the programs were compiled for. Unlike the stack's own, it is there
 * already: `live` has its id.
 */
export function readForeignMap(reading: Reading, map: FoundMap, { pinned }: ForeignMap): MapState[] {
  const problem = placeProblem(reading, pinned)
  const info = problem ?? describeMap(reading, pinned)
  const path = ['maps', map.name, 'pinned']
  if (typeof info === 'string') {
    complain(reading, 'M220', { detail: `cannot use ${map.address}: ${info}`, address: map.address, path })
    return []
  }
  if (!info.type) {
    const detail = `cannot use ${map.address}: ${pinned} is of a type (${info.typeNumber}) that pinfold does not know`
    complain(reading, 'M220', { detail, address: map.address, path })
    return []
  }
  const inner = map.spec?.shape.inner
  const shape: MapShape = { ...info.shape, type: info.type, ...(inner ? { inner } : {}) }
  checkShape(reading, map, { pinned, shape })
  const at = reading.loaded.at(['maps', map.name])
  return [
    {
      kind: 'map',
      address: map.address,
      name: info.name,
      owner: 'foreign',
      foreignPath: pinned,
      shape,
      layout: {},
      pinned: true,
      contents: { kind: 'runtime' },
      onChange: 'refuse',
      onSlotChange: 'replace',
      at,
      live: { id: info.id, pins: [] },
    },
  ]
}

function placeProblem({ loaded, world }: Reading, pinned: string): string | undefined {
  const own = `${world.bpffs}/${loaded.manifest.name}/`
  if (pinned.startsWith(own)) return `${pinned} lies in this stack's own directory`
  const mount = world.kernel.bpffs.mountOf(pinned)
  if (!mount) return `${pinned} is not on a bpffs`
  return mount.problem === undefined ? undefined : `${pinned}: ${mount.problem}`
}

function describeMap({ world: { kernel } }: Reading, pinned: string): MapInfo | string {
  try {
    using fd = kernel.openPin(pinned)
    if (fd.kind !== 'map') return `${pinned} is the pin of a ${fd.kind}, not of a map`
    const info = kernel.describe(fd as Fd<'map'>)
    return info.kind === 'map' ? info : `${pinned} is not a map`
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    return error.errno === 'ENOENT' ? `nothing is pinned at ${pinned}` : error.message
  }
}

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
  // A size of 0 in the object is filled in by whoever makes the map.
  const counted = differing.filter((field) => field !== 'maxEntries' || wanted.maxEntries !== 0)
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
