import { targetKey } from '../../model/link-spec.ts'
import { planCodes } from '../codes.ts'
import { found, pairsOf, type Rule } from './scene.ts'

/** Links that are attached anew before the old one goes, at the same place (P145). */
export const overlaps: Rule = (scene) =>
  pairsOf(scene, 'link')
    .filter(({ change, before, after }) => {
      const isSamePlace = targetKey(before.target) === targetKey(after.target)
      return change.action === 'replace' && change.verdict === 'overlap' && isSamePlace
    })
    .map(({ after: { address } }) => {
      const detail = `${address} cannot be switched and is attached anew before the old one goes: for a moment both programs run, and what they count or send is there twice.`
      const hint = 'with "onReplace: gap" the old one goes first, and for a moment none runs'
      return found(scene, planCodes.overlap, { address, detail, hint })
    })
