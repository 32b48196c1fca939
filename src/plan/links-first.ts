import type { Kind } from '../model/address.ts'

/** A link may run programs, and those use maps. */
const rank: Readonly<Record<Kind, number>> = { link: 0, program: 1, map: 2 }

/** Sorted so that nothing goes before what may need it. */
export const linksFirst = <T>(list: readonly T[], kindOf: (item: T) => Kind): T[] =>
  list.toSorted((a, b) => rank[kindOf(a)] - rank[kindOf(b)])
