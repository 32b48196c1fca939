import { KernelError } from '../model/errors.ts'
import type { MapShape } from '../model/map-spec.ts'
import { fromHex, type Hex, toHex } from '../util/hex.ts'
import type { Fd, Kernel, ObjectInfo } from './kernel.ts'

/** A saved plan by what makes it one of its kind. */
export interface PlanStamp {
  /** 32 hexadecimal digits. */
  readonly nonce: string
  /** When it was made: milliseconds since 1970. */
  readonly time: number
}

/** The map's name in the kernel; with its shape it tells the record of used plans from other maps. */
const usedMapName = 'pinfold_used'

/** So many used plans are remembered one by one; of older ones only how old the newest was. */
export const rememberedPlans = 1024

// Nonce to time. One entry more than there are plans: under a key of zeros, the time up to which all count as used.
const shape: MapShape = {
  type: 'hash',
  keySize: 16,
  valueSize: 8,
  maxEntries: rememberedPlans + 1,
  // BPF_F_NO_PREALLOC: most stacks use a few.
  flags: 1,
  mapExtra: 0,
}
const horizonKey = new Uint8Array(shape.keySize)

/** True for a map that has the name and the shape of a record of used plans. */
export function isUsedMap(info: ObjectInfo): boolean {
  if (info.kind !== 'map' || info.type !== shape.type || info.name !== usedMapName) return false
  const { keySize, valueSize, maxEntries } = info.shape
  return keySize === shape.keySize && valueSize === shape.valueSize && maxEntries === shape.maxEntries
}

/** What is known of a saved plan: `forgotten` is one so old that nothing tells, which counts as used. */
export type PlanUse = 'unused' | 'used' | 'forgotten'

/** Whether a saved plan was used, by the record pinned at `path` (absolute). Throws KernelError. */
export function planUseOf(kernel: Kernel, path: string, stamp: PlanStamp): PlanUse {
  using map = openUsed(kernel, path)
  return map ? lookUp(kernel, map, stamp) : 'unused'
}

/**
 * Marks a saved plan as used in the record pinned at `path`, which is made where it is missing; `unused` says that nobody had
 * before. Of two at once the kernel lets one insert the nonce. Throws KernelError, EEXIST where something else is pinned there.
 */
export function usePlan(kernel: Kernel, path: string, stamp: PlanStamp): PlanUse {
  using map = openUsed(kernel, path)
  return map ? useIn(kernel, map, stamp) : begin(kernel, path, stamp)
}

function useIn(kernel: Kernel, map: Fd<'map'>, stamp: PlanStamp): PlanUse {
  const known = lookUp(kernel, map, stamp)
  return known === 'unused' ? insert(kernel, map, stamp) : known
}

/** The first one is in the map before that has a name. */
function begin(kernel: Kernel, path: string, stamp: PlanStamp): PlanUse {
  using map = kernel.createMap({ name: usedMapName, shape })
  // It has its place from the start: a full map takes nothing new.
  kernel.update(map, horizonKey, encodeTime(0))
  kernel.update(map, keyOf(stamp), encodeTime(stamp.time), 'create')
  try {
    kernel.pin(map, path)
    return 'unused'
  } catch (error) {
    // Somebody else began meanwhile, or has something else there.
    using other = openUsed(kernel, path)
    if (!other) throw error
    return useIn(kernel, other, stamp)
  }
}

function openUsed(kernel: Kernel, path: string): Fd<'map'> | undefined {
  if (kernel.bpffs.stat(path) === undefined || !isUsedMap(kernel.describePin(path))) return undefined
  return kernel.openPin(path) as Fd<'map'>
}

function lookUp(kernel: Kernel, map: Fd<'map'>, stamp: PlanStamp): PlanUse {
  if (kernel.lookup(map, keyOf(stamp))) return 'used'
  const horizon = kernel.lookup(map, horizonKey)
  return horizon && stamp.time <= decodeTime(horizon) ? 'forgotten' : 'unused'
}

function insert(kernel: Kernel, map: Fd<'map'>, stamp: PlanStamp): PlanUse {
  for (;;) {
    try {
      kernel.update(map, keyOf(stamp), encodeTime(stamp.time), 'create')
      return 'unused'
    } catch (error) {
      if (!(error instanceof KernelError)) throw error
      if (error.errno === 'EEXIST') return 'used'
      if (error.errno !== 'E2BIG' || forgetOlder(kernel, map) === 0) throw error
      // A plan that is as old as those that were forgotten just now is not remembered, either.
      if (lookUp(kernel, map, stamp) === 'forgotten') return 'forgotten'
    }
  }
}

/** Forgets the older half, and says how many: first that all up to their time count as used, so that a crash forgets nothing. */
function forgetOlder(kernel: Kernel, map: Fd<'map'>): number {
  const known: (readonly [key: Hex, time: number])[] = []
  for (const key of [...kernel.keys(map)]) {
    const value = kernel.lookup(map, key)
    if (value && toHex(key) !== toHex(horizonKey)) known.push([toHex(key), decodeTime(value)])
  }
  const older = known.sort(([, a], [, b]) => a - b).slice(0, Math.ceil(known.length / 2))
  const last = older.at(-1)
  if (!last) return 0
  const horizon = kernel.lookup(map, horizonKey)
  kernel.update(map, horizonKey, encodeTime(Math.max(last[1], horizon ? decodeTime(horizon) : 0)))
  for (const [key] of older) kernel.remove(map, fromHex(key))
  return older.length
}

const keyOf = ({ nonce }: PlanStamp): Uint8Array => fromHex(nonce as Hex)

function encodeTime(time: number): Uint8Array {
  const value = new Uint8Array(shape.valueSize)
  new DataView(value.buffer).setBigUint64(0, BigInt(time), true)
  return value
}

const decodeTime = (value: Uint8Array): number =>
  Number(new DataView(value.buffer, value.byteOffset, value.length).getBigUint64(0, true))
