import type { Address } from '../../model/address.ts'
import type { Diagnostic } from '../../model/diagnostic.ts'
import type { CurrentState, DesiredState, LinkState, MapState, ProgramState } from '../../model/state.ts'
import type { Change } from '../change.ts'
import { named, type PlanCode } from '../codes.ts'
import type { Step } from '../step.ts'

/** What a rule looks at: both sides, their difference, and what is done about it. */
export interface Scene {
  readonly current: CurrentState
  readonly desired: DesiredState
  readonly changes: readonly Change[]
  /** None where nothing is to be done. */
  readonly steps: readonly Step[]
}

/** Looks for one kind of risk. */
export type Rule = (scene: Scene) => readonly Diagnostic[]

/** What a rule says. */
export interface Finding {
  readonly detail: string
  readonly hint?: string
  readonly address?: Address
}

/** The diagnostic of a finding, at its place in the manifest: a warning unless the code's rule says otherwise. */
export function found(
  { desired }: Scene,
  code: PlanCode,
  { address, ...text }: Finding,
  severity: Diagnostic['severity'] = 'warning',
): Diagnostic {
  const at = address && desired.resources.get(address)?.at
  return { severity, ...named(code), ...text, ...(address && { address }), ...(at && { at }) }
}

/** A changed object on both sides, where both have it. */
export interface Pair<R> {
  readonly change: Change
  readonly before: R
  readonly after: R
}

/** The objects of one kind that are live and wanted, with what happens to each. */
export function pairsOf<K extends 'map' | 'program' | 'link'>(scene: Scene, kind: K): readonly Pair<KindState[K]>[] {
  return scene.changes.flatMap((change) => {
    const [before, after] = [scene.current, scene.desired].map(({ resources }) => resources.get(change.address))
    if (before?.kind !== kind || after?.kind !== kind) return []
    return [{ change, before: before as KindState[K], after: after as KindState[K] }]
  })
}

interface KindState {
  readonly map: MapState
  readonly program: ProgramState
  readonly link: LinkState
}
