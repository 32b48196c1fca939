/** Finds positions by a hash; several positions may have the same one. Open, so that a loop can fill it without a call for each. */
export interface NameTable {
  /** The last place of each chain: as many chains as a power of two. Places are positions counted from 1; 0 ends a chain. */
  readonly last: Uint32Array
  /** The place before each place in its chain. */
  readonly former: Uint32Array
}

/** For positions below `count`. */
export const nameTable = (count: number): NameTable => ({
  last: new Uint32Array(2 ** Math.ceil(Math.log2(count / 8 + 1))),
  former: new Uint32Array(count + 1),
})

/** Positions whose hash may be that one, ascending. */
export function findHash({ last, former }: NameTable, hash: number): readonly number[] {
  const found: number[] = []
  for (let place = last[hash & (last.length - 1)] ?? 0; place > 0; place = former[place] ?? 0) found.push(place - 1)
  return found.reverse()
}
