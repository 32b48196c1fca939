/** Finds positions by a hash; several positions may have the same one. */
export class NameTable {
  readonly #positions: Uint32Array
  /** The first place of each chain, and the one behind each place. Places count from 1 in `positions`; 0 ends a chain. */
  readonly #heads: Uint32Array
  readonly #next: Uint32Array

  constructor(positions: Uint32Array, hashOf: (position: number) => number) {
    const heads = new Uint32Array(2 ** Math.ceil(Math.log2(positions.length + 1)))
    const next = new Uint32Array(positions.length + 1)
    const mask = heads.length - 1
    // Backwards, so that each chain ascends.
    for (let place = positions.length; place > 0; place--) {
      const slot = hashOf(positions[place - 1] ?? 0) & mask
      next[place] = heads[slot] ?? 0
      heads[slot] = place
    }
    this.#positions = positions
    this.#heads = heads
    this.#next = next
  }

  /** Positions whose hash may be that one, ascending. */
  *find(hash: number): Generator<number, void> {
    const first = this.#heads[hash & (this.#heads.length - 1)] ?? 0
    for (let place = first; place > 0; place = this.#next[place] ?? 0) yield this.#positions[place - 1] ?? 0
  }
}
