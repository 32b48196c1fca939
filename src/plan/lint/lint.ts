import type { Diagnostic } from '../../model/diagnostic.ts'
import { emptySlots, inPlace } from './arrays.ts'
import { overlaps } from './links.ts'
import { otherLayouts, roundedSizes } from './maps.ts'
import { adoptedPins, sharedSlots, vanishingRoot } from './neighbours.ts'
import { renames } from './renames.ts'
import type { Rule, Scene } from './scene.ts'
import { sharedScratch } from './scratch.ts'

/** The rules about what a plan does, in the order of their codes; guards (see guard.ts) look for what they refuse or lose. */
const rules: readonly Rule[] = [
  otherLayouts,
  inPlace,
  emptySlots,
  overlaps,
  adoptedPins,
  vanishingRoot,
  renames,
  sharedScratch,
  roundedSizes,
  sharedSlots,
]

/** Those about what is as it shall be: a plan without changes is made often. */
const standing: readonly Rule[] = [roundedSizes]

/** What may hurt in a plan although it is allowed. */
export const lint = (scene: Scene): readonly Diagnostic[] =>
  (scene.steps.length > 0 ? rules : standing).flatMap((rule) => rule(scene))
