import { type MapAddress, nameOf } from '../../model/address.ts'
import type { Diagnostic } from '../../model/diagnostic.ts'
import type { MapState } from '../../model/state.ts'
import { planCodes } from '../codes.ts'
import { found, type Pair, pairsOf, type Rule, type Scene } from './scene.ts'

/** Arrays that get other programs while others run through them (P142). */
export const inPlace: Rule = (scene) =>
  [...slotsWritten(scene, ({ after }) => after !== undefined)].map(([address, indexes]) => {
    const written = `${slotsOf(indexes)} of ${address} ${indexes.length === 1 ? 'is' : 'are'} written while it is live`
    if (isForeign(scene, address)) {
      const detail = `${written}: the programs of others that use the array call the new one at once.`
      return found(scene, planCodes.inPlace, { address, detail })
    }
    const detail = `${written}: packets on their way meet the new program after old ones.`
    const hint = 'without "onSlotChange: in-place" a new array is switched to with its callers'
    return found(scene, planCodes.inPlace, { address, detail, hint })
  })

/** Slots of live arrays that are empty now, or will be (P143). */
export const emptySlots: Rule = (scene) => [
  ...pairsOf(scene, 'map').flatMap((pair) => [...emptyNow(scene, pair), ...emptied(scene, pair)]),
  ...[...slotsWritten(scene, ({ after }) => after === undefined)]
    .filter(([address]) => isForeign(scene, address))
    .map(([address, indexes]) => willBeEmpty(scene, address, indexes)),
]

/** Declared and filled by the last apply, and emptied by somebody since. */
function emptyNow(scene: Scene, { before, after }: Pair<MapState>): readonly Diagnostic[] {
  if (before.contents.kind !== 'slots' || after.contents.kind !== 'slots') return []
  const { slots } = before.contents
  const recorded = scene.current.record?.maps[nameOf(after.address)]?.slots ?? {}
  const lost = [...after.contents.slots.keys()].filter((index) => index in recorded && !slots.has(index))
  if (lost.length === 0) return []
  const detail = `${slotsOf(lost)} of the live ${after.address} ${lost.length === 1 ? 'is' : 'are'} empty, though declared: somebody cleared ${lost.length === 1 ? 'it' : 'them'}, and until this is applied tail calls fall through.`
  return [found(scene, planCodes.emptySlot, { address: after.address, detail })]
}

/** Filled now and not declared any more. Foreign arrays keep what is not the stack's. */
function emptied(scene: Scene, { before, after }: Pair<MapState>): readonly Diagnostic[] {
  if (after.owner !== 'stack' || before.contents.kind !== 'slots' || after.contents.kind !== 'slots') return []
  const { slots } = after.contents
  const gone = [...before.contents.slots.keys()].filter((index) => !slots.has(index))
  const isCalled = [...scene.desired.resources.values()].some(
    (it) => it.kind === 'program' && it.maps.includes(after.address),
  )
  return gone.length > 0 && isCalled ? [willBeEmpty(scene, after.address, gone)] : []
}

function willBeEmpty(scene: Scene, address: MapAddress, indexes: readonly number[]): Diagnostic {
  const held = scene.current.resources.get(address)
  const slots = held?.kind === 'map' && held.contents.kind === 'slots' ? held.contents.slots : new Map<number, string>()
  const programs = indexes.map((index) => slots.get(index) ?? 'nothing').join(', ')
  const detail = `${slotsOf(indexes)} of ${address}, with ${programs} now, will be empty: a tail call to ${indexes.length === 1 ? 'it' : 'them'} falls through.`
  const hint = 'make sure that no program calls it any more, or declare what it holds'
  return found(scene, planCodes.emptySlot, { address, detail, hint })
}

type SlotStep = Scene['steps'][number] & { readonly kind: 'replace-slot' }

function slotsWritten(
  { steps }: Scene,
  which: (step: SlotStep) => boolean,
): ReadonlyMap<MapAddress, readonly number[]> {
  const arrays = new Map<MapAddress, number[]>()
  for (const step of steps) {
    if (step.kind !== 'replace-slot' || !which(step)) continue
    const address = step.array.slice(step.array.indexOf(':') + 1) as MapAddress
    arrays.set(address, [...(arrays.get(address) ?? []), step.index])
  }
  return arrays
}

function isForeign({ current, desired }: Scene, address: MapAddress): boolean {
  const array = desired.resources.get(address) ?? current.resources.get(address)
  return array?.kind === 'map' && array.owner === 'foreign'
}

const slotsOf = (indexes: readonly number[]): string =>
  indexes.length === 1 ? `Slot ${indexes[0]}` : `Slots ${[...indexes].sort((a, b) => a - b).join(', ')}`
