import type { MapState } from '../../model/state.ts'
import { planCodes } from '../codes.ts'
import { describeDifferences } from '../describe-change.ts'
import { found, pairsOf, type Rule } from './scene.ts'

/** Maps that look the same to whoever opens their pin, but are not (P141). Data sections are read by their own object only. */
export const otherLayouts: Rule = (scene) =>
  pairsOf(scene, 'map')
    .filter(({ change, before, after }) => change.action === 'replace' && isMisread(before, after))
    .map(({ change, after: { address, shape } }) => {
      const sizes = `keys of ${shape.keySize} and values of ${shape.valueSize} bytes`
      const detail = `${address} keeps ${sizes} but lays them out anew (${describeDifferences(change)}): whoever reads its pin by the old layout gets wrong values and no error.`
      const hint = 'let those readers follow with this plan, or give the map another name'
      return found(scene, planCodes.otherLayout, { address, detail, hint })
    })

function isMisread(before: MapState, after: MapState): boolean {
  const sizes = ['type', 'keySize', 'valueSize'] as const
  const sides = ['key', 'value'] as const
  return (
    after.owner === 'stack' &&
    (after.contents.kind === 'runtime' || after.contents.kind === 'entries') &&
    sizes.every((field) => before.shape[field] === after.shape[field]) &&
    sides.some((side) => isOther(before.layout[side], after.layout[side]))
  )
}

const isOther = (before: string | undefined, after: string | undefined): boolean =>
  before !== undefined && after !== undefined && before !== after

/** Maps that stay although the manifest asks for another size, since the kernel rounds that (P150). */
export const roundedSizes: Rule = (scene) =>
  pairsOf(scene, 'map').flatMap(({ change: { action }, before, after: { address, owner, shape } }) => {
    const live = before.shape.maxEntries
    if (owner !== 'stack' || action === 'replace' || live === shape.maxEntries) return []
    const detail = `${address} has ${live} entries and ${shape.maxEntries} are asked for: the kernel rounds this kind of map up to a multiple of the CPUs, so it is kept.`
    const hint = `write "maxEntries: ${live}" under maps.${address.slice(4)} if that is what it shall have`
    return [found(scene, planCodes.rounded, { address, detail, hint })]
  })
