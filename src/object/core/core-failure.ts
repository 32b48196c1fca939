/** A relocation that cannot be decided: libbpf refuses the object. Thrown and caught within this folder. */
export class CoreFailure extends Error {
  /** `ambiguous` where the kernel offers several answers. */
  readonly kind: 'failed' | 'ambiguous'

  constructor(what: string, kind: 'failed' | 'ambiguous' = 'failed') {
    super(what)
    this.kind = kind
  }
}

/** Visits that one relocation may take; task_struct against itself takes some ten thousand. */
const mostSteps = 2_000_000

/** Counts the steps of one relocation, so that types that are nested without end do not keep it busy. */
export class Budget {
  #left = mostSteps

  spend(): void {
    this.#left--
    if (this.#left < 0) throw new CoreFailure('its types are nested without end')
  }
}
