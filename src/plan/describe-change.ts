import type { Change, Reason } from './change.ts'

/** What differs about a resource, for diagnostics: `value.packets: live u32, wanted u64; maxEntries: live 8, wanted 16`. */
export const describeDifferences = ({ because }: Change): string => because.map(describeReason).join('; ')

const describeReason = ({ attribute, before, after }: Reason): string =>
  `${attribute.replace(/^layout\./, '')}: live ${before ?? 'none'}, wanted ${after ?? 'none'}`

/** What goes with a map. */
export const lossOf = ({ entries }: Change): string =>
  entries === undefined ? 'what it holds' : `its ${entries} ${entries === 1 ? 'entry' : 'entries'}`
