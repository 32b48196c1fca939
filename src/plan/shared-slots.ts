import { type MapAddress, nameOf, type ProgramAddress } from '../model/address.ts'
import type { CurrentState, Tree, TreePin } from '../model/state.ts'
import type { Operation } from './step.ts'

/** Trees that go, and the one that stays. */
export interface SlotSettling {
  readonly goes: readonly Tree[]
  readonly stays: Tree | undefined
}

/**
 * Arrays that outlive a tree: somebody else's, and the stack's own of which one slot was replaced in place. Where a slot of one
 * still holds a program that goes, or is as the going tree's record has it and the staying one's has not, it gets the program
 * back that the staying tree's record names, or else is emptied; a slot that somebody else has filled since is left alone.
 */
export function settleSlots(current: CurrentState, { goes, stays }: SlotSettling): readonly Operation[] {
  const staying = new Set<number>(stays ? programsOf(stays).map(({ id }) => id) : [])
  const leaving = new Set<number>(goes.flatMap(programsOf).flatMap(({ id }) => (staying.has(id) ? [] : [id])))
  const arrays = new Map(goes.flatMap((tree) => sharedArrays(tree, stays)).map((array) => [array.id, array]))
  return [...arrays.values()].flatMap((array) => {
    const found: ReadonlyMap<number, number> = current.graph.maps.get(array.id)?.programs ?? new Map()
    return indexesOf(array, found).flatMap((index): Operation[] => {
      const [program, after] = [found.get(index), stays && recordedAt(stays, array.address, index)]
      const isLeft = program !== undefined && leaving.has(program)
      const isWritten =
        array.former !== undefined && program === recordedAt(array.former.tree, array.former.address, index)
      if (program === after || !(isLeft || isWritten)) return []
      const was = program === undefined ? {} : { before: `#${program}` as const }
      const back = after === undefined ? {} : { after: `#${after}` as const }
      return [{ kind: 'replace-slot', array: `${array.side}:${array.address}`, index, ...was, ...back }]
    })
  })
}

/** What is filled, and what the tree that goes may have emptied. */
function indexesOf({ former, declared }: SharedArray, found: ReadonlyMap<number, number>): readonly number[] {
  const more = former ? [...Object.keys(slotsIn(former.tree, former.address)), ...Object.keys(declared)] : []
  return [...new Set([...found.keys(), ...more.map(Number)])].sort((a, b) => a - b)
}

type MapPin = TreePin & { readonly kind: 'map' }

interface SharedArray extends Pick<MapPin, 'id' | 'address'> {
  readonly side: 'live' | 'next'
  /** The tree that goes and its name for the array, where the one that stays has it, too. */
  readonly former?: { readonly tree: Tree; readonly address: MapAddress }
  /** The slots that the staying tree's record has. */
  readonly declared: Slots
}

type Slots = Readonly<Record<string, ProgramAddress>>

const programsOf = (tree: Tree): (TreePin & { readonly kind: 'program' })[] =>
  tree.pins.filter((pin) => pin.kind === 'program')

function sharedArrays(tree: Tree, stays: Tree | undefined): SharedArray[] {
  return tree.pins.flatMap((pin): SharedArray[] => {
    if (pin.kind !== 'map' || pin.shape.type !== 'prog_array') return []
    const kept = stays?.pins.find((other): other is MapPin => other.kind === 'map' && other.id === pin.id)
    const { id } = pin
    if (stays && kept) {
      const { address } = kept
      return [{ id, address, side: 'live', former: { tree, address: pin.address }, declared: slotsIn(stays, address) }]
    }
    const isForeign = tree.record?.maps[nameOf(pin.address)]?.owner === 'foreign'
    const side = tree.name === 'live' ? 'live' : 'next'
    return isForeign ? [{ id, address: pin.address, side, declared: {} }] : []
  })
}

/** The program that a tree's record has in a slot. */
function recordedAt(tree: Tree, address: MapAddress, index: number): number | undefined {
  const program: ProgramAddress | undefined = slotsIn(tree, address)[index]
  return programsOf(tree).find((pin) => pin.address === program)?.id
}

const slotsIn = ({ record }: Tree, address: MapAddress): Slots => record?.maps[nameOf(address)]?.slots ?? {}
