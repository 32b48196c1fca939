import type { Unconfirmed } from '../../index.ts'

/** What a waiting apply says; ends without a line break. */
export function renderAwaiting(stack: string, { generation, left }: Unconfirmed): string {
  const seconds = Math.ceil(left / 1000)
  return `Generation ${generation} awaits confirmation, ${seconds} s left. Keep it: pinfold confirm ${stack}. Take it back: Ctrl-C.`
}

/** Says that the time is up, or how long it is, to those who did not apply; ends in a line break. */
export function renderUnconfirmed(stack: string, { generation, former, left }: Unconfirmed): string {
  const back = former === 0 ? `remove ${stack}, which was not there before` : `take it back to generation ${former}`
  const seconds = Math.ceil(left / 1000)
  return left > 0
    ? `Generation ${generation} awaits confirmation for ${seconds} s more: pinfold confirm ${stack} keeps it; otherwise the time will ${back}.\n`
    : `Generation ${generation} was not confirmed in time: pinfold apply will first ${back}; pinfold recover ${stack} does nothing else.\n`
}

/** A generation that was applied with --confirm. */
export interface UnconfirmedDocument extends Unconfirmed {
  /** It waits to be confirmed, or (`unconfirmed`) has waited for too long and is taken back. */
  readonly type: 'awaiting-confirmation' | 'unconfirmed'
  readonly version: 1
  /** The stack that it is about. */
  readonly stack: string
}

/** How waiting for a confirmation ended. */
export type ConfirmationDocument =
  /** Somebody confirmed it. */
  | { readonly type: 'confirmed'; readonly version: 1; readonly stack: string }
  /** The applying process takes it back. */
  | {
      readonly type: 'taking-back'
      readonly version: 1
      readonly stack: string
      /** A signal came, or the time was over. */
      readonly because: 'interrupted' | 'over'
    }
  /** Another command took the generation back. */
  | { readonly type: 'replaced'; readonly version: 1; readonly stack: string; readonly generation: number }

/** The same as a document. */
export const unconfirmedDocument = (stack: string, unconfirmed: Unconfirmed): UnconfirmedDocument => ({
  type: unconfirmed.left > 0 ? 'awaiting-confirmation' : 'unconfirmed',
  version: 1,
  stack,
  ...unconfirmed,
})
