import { type CurrentState, type DesiredState, formerState, readCurrent } from '../index.ts'
import type { Session } from './command-session.ts'

/** What a rollback is planned from: the live state, and the former one as a wish. */
export interface Former {
  readonly current: CurrentState
  readonly desired: DesiredState
}

/** The live state as far as the former one asks for it: also the entries that only that one declared. */
export function readFormer({ kernel, bpffs }: Session, stack: string, generation: number | undefined): Former {
  const live = readCurrent(kernel, { bpffs, stack })
  const desired = formerState(live, generation)
  return { current: readCurrent(kernel, { bpffs, stack, graph: live.graph }, desired), desired }
}
