import type { Kernel, ObjectInfo } from '../kernel/kernel.ts'
import type { ProgramAddress } from '../model/address.ts'
import type { ProgramId } from '../model/ids.ts'
import type { StackRecord } from '../model/record.ts'
import type { Tree } from '../model/state.ts'
import type { TreeReading } from './read-trees.ts'

/** The live tree, indexed for the readers of its maps, programs and links. */
export interface LiveTree {
  readonly kernel: Kernel
  readonly directory: string
  readonly tree: Tree
  readonly record: StackRecord | undefined
  /** What the kernel said of each pin, by the pin's path. */
  readonly infos: ReadonlyMap<string, ObjectInfo>
  /** Every pin of one object, by `map#41`. */
  readonly pinsOf: ReadonlyMap<string, readonly string[]>
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
  const programs = new Map(tree.pins.flatMap((pin) => (pin.kind === 'program' ? [[pin.id, pin.address]] : [])))
  return { kernel, directory, tree, record: tree.record, infos, pinsOf: pinsByObject(tree), programs }
}

function pinsByObject(tree: Tree): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const pin of tree.pins) {
    if (pin.kind === 'foreign' || pin.kind === 'record' || pin.kind === 'snapshot') continue
    const key = `${pin.kind}#${pin.id}`
    const pins = found.get(key)
    if (pins) pins.push(pin.path)
    else found.set(key, [pin.path])
  }
  return found
}
