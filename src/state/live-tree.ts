import type { Kernel, ObjectInfo, ObjectKind } from '../kernel/kernel.ts'
import type { ProgramAddress } from '../model/address.ts'
import type { ProgramId } from '../model/ids.ts'
import type { StackRecord } from '../model/record.ts'
import type { Tree } from '../model/state.ts'
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
  return { kernel, directory, tree, record, rows: rowsOf(record), infos, pinsOf: pinsByObject(tree), programs }
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
