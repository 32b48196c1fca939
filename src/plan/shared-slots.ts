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
 * still holds a program that goes, it gets the program back that the staying tree's record names, or else is emptied; a slot
 * that somebody else has filled since is left alone.
 */
export function settleSlots(current: CurrentState, { goes, stays }: SlotSettling): readonly Operation[] {
  const staying = new Set(stays ? programsOf(stays).map(({ id }) => id) : [])
  const leaving = new Set(goes.flatMap(programsOf).flatMap(({ id }) => (staying.has(id) ? [] : [id])))
  const arrays = new Map(goes.flatMap((tree) => sharedArrays(tree, stays)).map((array) => [array.id, array]))
  return [...arrays.values()].flatMap((array) =>
    [...(current.graph.maps.get(array.id)?.programs ?? [])].flatMap(([index, program]): Operation[] => {
      if (!leaving.has(program)) return []
      const after = stays && recordedAt(stays, array, index)
      const ref = `${array.side}:${array.address}` as const
      const back = after === undefined ? {} : { after: `#${after}` as const }
      return [{ kind: 'replace-slot', array: ref, index, before: `#${program}`, ...back }]
    }),
  )
}

type MapPin = TreePin & { readonly kind: 'map' }
type SharedArray = MapPin & { readonly side: 'live' | 'next' }

const programsOf = (tree: Tree): (TreePin & { readonly kind: 'program' })[] =>
  tree.pins.filter((pin) => pin.kind === 'program')

function sharedArrays(tree: Tree, stays: Tree | undefined): SharedArray[] {
  return tree.pins.flatMap((pin): SharedArray[] => {
    if (pin.kind !== 'map' || pin.shape.type !== 'prog_array') return []
    const kept = stays?.pins.find((other): other is MapPin => other.kind === 'map' && other.id === pin.id)
    if (kept) return [{ ...kept, side: 'live' }]
    const isForeign = tree.record?.maps[nameOf(pin.address)]?.owner === 'foreign'
    return isForeign ? [{ ...pin, side: tree.name === 'live' ? 'live' : 'next' }] : []
  })
}

/** The program that a tree's record has in a slot. */
function recordedAt(tree: Tree, { address }: { readonly address: MapAddress }, index: number): number | undefined {
  const program: ProgramAddress | undefined = tree.record?.maps[nameOf(address)]?.slots?.[index]
  return programsOf(tree).find((pin) => pin.address === program)?.id
}
