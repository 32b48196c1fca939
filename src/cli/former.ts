import { type CurrentState, type DesiredState, formerState, readCurrent } from '../index.ts'
import type { Session } from './command-session.ts'

/** What a rollback is planned from: the live state, and the former one as a wish. */
export interface Former {
  readonly current: CurrentState
  readonly desired: DesiredState
}

/** The live state as far as the former one asks for it: also the entries that only that one declared. */
export function readFormer({ kernel, bpffs }: Session, stack: string, generation: number | undefined): Former {
  const desired = formerState(readCurrent(kernel, { bpffs, stack }), generation)
  return { current: readCurrent(kernel, { bpffs, stack }, desired), desired }
}
