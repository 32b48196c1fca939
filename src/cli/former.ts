import { type CurrentState, type DesiredState, formerState, readCurrent } from '../index.ts'
import type { Session } from './command-session.ts'
import { UsageError } from './usage-error.ts'

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

/** The number of a generation as a user gave it; undefined for the latest that is kept. UsageError (C114). */
export function generationOf(text: string): number | undefined {
  if (text === 'latest') return undefined
  if (/^[1-9][0-9]*$/.test(text)) return Number(text)
  throw new UsageError(`cannot roll back to ${text}: it is not the number of a generation`, {
    code: 'C114',
    hint: 'pinfold show lists the generations that are kept; pinfold rollback takes the name of a stack as --stack NAME',
  })
}
