import type { MapId } from './ids.ts'

/** Why a bpffs may not last as long as what is pinned on it should. */
export interface VanishingRoot {
  readonly mountPoint: string
  /** `namespace`: process 1 does not have it mounted; `container`: nor does the host, as far as can be seen; `place`: by its path. */
  readonly why: 'namespace' | 'container' | 'place'
}

/** Slots of a program array that another stack of pinfold fills. */
export interface SlotClaim {
  readonly stack: string
  readonly map: MapId
  /** Sorted. */
  readonly slots: readonly number[]
  /** The array is that stack's own. */
  readonly isOwner: boolean
}
