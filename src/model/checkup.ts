import type { ProgramAddress } from './address.ts'
import type { SystemGraph } from './graph.ts'
import type { LinkId, ProgramId } from './ids.ts'
import type { LinkTarget } from './link-spec.ts'
import type { CurrentState } from './state.ts'

/** Everything that a look at a system for what is wrong with it needs; read at one moment, holding nothing. */
export interface Checkup {
  /** The stacks of the bpffs. */
  readonly stacks: readonly CurrentState[]
  readonly graph: SystemGraph
  readonly links: readonly CheckedLink[]
  /** Pins on every bpffs that can be seen from here; paths are absolute. */
  readonly pins: readonly SystemPin[]
  /** Ids of the processes that have a descriptor of a map, where the kernel tells. */
  readonly descriptors: ReadonlyMap<number, readonly number[]>
  /** Mount points of the bpffs that end with a mount namespace, and their pins with them. */
  readonly fleeting: readonly string[]
  /** Programs that live now and have the name and code of a manifest's, by its address. */
  readonly known: ReadonlyMap<ProgramAddress, readonly ProgramId[]>
  /** Where rescued arrays that are no stack's are pinned. */
  readonly rescued: { readonly directory: string; readonly exists: boolean }
  /** Milliseconds since boot. */
  readonly now: number
}

/** A link of anybody. */
export interface CheckedLink {
  readonly id: LinkId
  readonly programId: ProgramId
  readonly type: string
  readonly target: LinkTarget | undefined
  readonly severed: boolean
  /** The program that it extends or traces. */
  readonly onProgram?: ProgramId
}

/** A pin anywhere. */
export interface SystemPin {
  readonly path: string
  readonly kind: 'map' | 'program' | 'link'
  readonly id: number
}
