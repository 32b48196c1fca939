import type { Fd, Kernel } from '../kernel/kernel.ts'
import { PlanError } from '../model/errors.ts'
import type { ForeignMap } from '../model/state.ts'
import type { HeldProgram, MapRef, Operation } from '../plan/step.ts'
import { applyCodes } from './codes.ts'
import { describeMap } from './execute-map.ts'
import type { Execution } from './execution.ts'
import { nameFor } from './problem.ts'

type Of<K extends Operation['kind']> = Operation & { readonly kind: K }

/** Puts a program into a slot of a new array. */
export function fillSlot({ kernel, handles }: Execution, { array, index, program }: Of<'fill-slot'>): void {
  kernel.update(handles.map(array), wordOf(kernel, index), handles.program(program))
}

/** Reads every slot back. Throws PlanError P304 when one holds another program than declared, or one too many. */
export function checkSlots({ kernel, handles }: Execution, { array, slots }: Of<'check-slots'>): void {
  const map = handles.map(array)
  const { maxEntries } = describeMap(kernel, map).shape
  for (let index = 0; index < maxEntries; index++) {
    const wanted = slots[index]
    const found = idAt(kernel, map, index)
    if (found === (wanted === undefined ? undefined : handles.idOf(wanted))) continue
    throw new PlanError(
      `cannot trust ${nameFor(array)}: slot ${index} holds ${idText(found)} instead of ${wanted ? nameFor(wanted) : 'nothing'}`,
      { code: applyCodes.slots.code },
    )
  }
}

/** Compare-and-set of one slot of a live array; the kernel exchanges a slot atomically. */
export function replaceSlot(run: Execution, { array, index, before, after }: Of<'replace-slot'>): void {
  setSlot(run, { map: array, index, before, after, open: (held: HeldProgram) => run.handles.program(held) })
}

/** Compare-and-set of one map of an outer map. */
export function setInner(run: Execution, { outer, index, before, after }: Of<'set-inner'>): void {
  setSlot(run, { map: outer, index, before, after, open: (held: MapRef | ForeignMap) => run.handles.map(held) })
}

type Held = HeldProgram | MapRef | ForeignMap

interface SlotChange<H extends Held> {
  readonly map: MapRef
  readonly index: number
  readonly before: H | undefined
  readonly after: H | undefined
  readonly open: (held: H) => Fd<'program'> | Fd<'map'>
}

function setSlot<H extends Held>({ kernel, handles }: Execution, change: SlotChange<H>): void {
  const { before, after, index } = change
  const map = handles.map(change.map)
  const found = idAt(kernel, map, index)
  if (found === idOf(handles, after)) return
  if (found !== idOf(handles, before)) throw swapped(change.map, index, found)
  // Perhaps nothing but this slot keeps somebody else's program or map: open, it can be put back.
  if (before && /^(map)?#/.test(before)) change.open(before)
  if (after === undefined) kernel.remove(map, wordOf(kernel, index))
  else kernel.update(map, wordOf(kernel, index), change.open(after))
}

const idOf = (handles: Execution['handles'], held: Held | undefined): number | undefined =>
  held === undefined ? undefined : handles.idOf(held)

/** The id of the program or map in a slot. */
export function idAt(kernel: Kernel, map: Fd<'map'>, index: number): number | undefined {
  const value = kernel.lookup(map, wordOf(kernel, index))
  return value && new DataView(value.buffer, value.byteOffset).getUint32(0, isLittle(kernel))
}

/** A number as the key of an array. */
export function wordOf(kernel: Kernel, number: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, number, isLittle(kernel))
  return bytes
}

const isLittle = (kernel: Kernel): boolean => kernel.identity.byteOrder === 'little'

const idText = (id: number | undefined): string => (id === undefined ? 'nothing' : `#${id}`)

const swapped = (map: MapRef, index: number, found: number | undefined): PlanError =>
  new PlanError(
    `cannot replace slot ${index} of ${nameFor(map)}: it holds ${idText(found)}, so somebody else changed it`,
    { code: applyCodes.swapped.code, hint: 'plan again' },
  )
