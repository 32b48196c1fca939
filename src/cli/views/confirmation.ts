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

/** The same as a document. */
export const unconfirmedDocument = (stack: string, unconfirmed: Unconfirmed): object => ({
  type: unconfirmed.left > 0 ? 'awaiting-confirmation' : 'unconfirmed',
  stack,
  ...unconfirmed,
})
