import { addressOf, liveRef, type MapAddress } from '../model/address.ts'
import type { WrittenEntry } from '../model/record.ts'
import type { CurrentState, Tree, TreePin } from '../model/state.ts'
import type { Operation, Step } from './step.ts'

/** The entries of live maps that these steps change, as the staged record names them before the first one is. */
export const writtenBy = (steps: readonly Step[]): readonly WrittenEntry[] =>
  steps.flatMap((step) => {
    if (step.kind !== 'set-entry') return []
    const { target, key, before, after } = step
    const row = { map: addressOf(target) as MapAddress, key }
    return [{ ...row, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }]
  })

/**
 * Takes back the entries that an apply had changed when it was killed: those that still are as it left them. What somebody has
 * written there since is left alone.
 */
export function settleEntries(
  current: CurrentState,
  { goes, stays }: { goes: Tree; stays: Tree | undefined },
): Operation[] {
  return (goes.record?.written ?? []).flatMap(({ map, key, before, after }): Operation[] => {
    const pin = mapPins(goes).find(({ address }) => address === map)
    const kept = stays && mapPins(stays).find(({ id }) => id === pin?.id)
    const entries = kept && entriesOf(current, kept.id)
    const found = entries?.find((entry) => entry.key === key)?.value
    if (!entries || found !== after) return []
    const back = { ...(found !== undefined && { before: found }), ...(before !== undefined && { after: before }) }
    return [{ kind: 'set-entry', target: liveRef(kept.address), key, ...back }]
  })
}

type MapPin = TreePin & { readonly kind: 'map' }

const mapPins = ({ pins }: Tree): MapPin[] => pins.filter((pin): pin is MapPin => pin.kind === 'map')

/** What was found at the keys that records name; undefined for a map of another kind. */
function entriesOf({ resources }: CurrentState, id: number) {
  for (const resource of resources.values()) {
    if (resource.kind !== 'map' || resource.live?.id !== id) continue
    return resource.contents.kind === 'entries' ? resource.contents.entries : undefined
  }
  return undefined
}
