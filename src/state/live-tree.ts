import type { Kernel, ObjectInfo, ObjectKind } from '../kernel/kernel.ts'
import type { ProgramAddress } from '../model/address.ts'
import type { ProgramId } from '../model/ids.ts'
import type { StackRecord } from '../model/record.ts'
import type { Tree } from '../model/state.ts'
import type { Hex } from '../util/hex.ts'
import type { TreeReading } from './read-trees.ts'
import { type RecordRows, rowsOf } from './record-rows.ts'

/** The live tree, indexed for the readers of its maps, programs and links. */
export interface LiveTree {
  readonly kernel: Kernel
  readonly directory: string
  readonly tree: Tree
  readonly record: StackRecord | undefined
  readonly rows: RecordRows
  /** What the kernel said of each pin, in the order of the tree's pins. */
  readonly infos: readonly (ObjectInfo | undefined)[]
  /** Every pin of one object, by its id. */
  readonly pinsOf: Readonly<Record<ObjectKind, ReadonlyMap<number, readonly string[]>>>
  /** Keys at which an apply that was not published has written, by the id of the map. */
  readonly written: ReadonlyMap<number, readonly Hex[]>
  /** The stack's own programs. */
  readonly programs: ReadonlyMap<ProgramId, ProgramAddress>
}

/** Finds the tree named `live` among those read; undefined where there is none. */
export function openLiveTree(
  kernel: Kernel,
  directory: string,
  readings: readonly TreeReading[],
): LiveTree | undefined {
  const reading = readings.find(({ tree }) => tree.name === 'live')
  if (!reading) return undefined
  const { tree, infos } = reading
  const programs = new Map<ProgramId, ProgramAddress>()
  for (const pin of tree.pins) if (pin.kind === 'program') programs.set(pin.id, pin.address)
  const { record } = tree
  const next = readings.find((it) => it.tree.name === 'next')?.tree
  const isStaged = (next?.record?.generation ?? 0) > (record?.generation ?? 0)
  const written = isStaged && next ? writtenKeys(next) : new Map()
  return { kernel, directory, tree, record, rows: rowsOf(record), infos, pinsOf: pinsByObject(tree), written, programs }
}

function writtenKeys({ record, pins }: Tree): Map<number, Hex[]> {
  const keys = new Map<number, Hex[]>()
  for (const { map, key } of record?.written ?? []) {
    const pin = pins.find((it) => it.kind === 'map' && it.address === map)
    if (pin?.kind === 'map') keys.set(pin.id, [...(keys.get(pin.id) ?? []), key])
  }
  return keys
}

function pinsByObject(tree: Tree): Record<ObjectKind, Map<number, string[]>> {
  const found = { map: new Map(), program: new Map(), link: new Map() } as Record<ObjectKind, Map<number, string[]>>
  for (const pin of tree.pins) {
    if (pin.kind === 'foreign' || pin.kind === 'record' || pin.kind === 'snapshot') continue
    const pins = found[pin.kind].get(pin.id)
    if (pins) pins.push(pin.path)
    else found[pin.kind].set(pin.id, [pin.path])
  }
  return found
}
