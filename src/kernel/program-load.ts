import type { DebugInfo, LoadAttributes, PoisonedInstruction } from '../model/program-spec.ts'
import type { SourcePlace } from '../model/verifier.ts'
import type { Fd } from './kernel.ts'

/** What BPF_PROG_LOAD is asked for. */
export interface ProgramLoad {
  readonly name: string
  readonly load: LoadAttributes
  /** The program that it extends or traces: `attachTo` is a function of it. Linux 5.5. */
  readonly attachProgram?: Fd<'program'>
  /** 8 bytes each, native byte order; references zeroed. */
  readonly instructions: Uint8Array
  readonly references: readonly FdReference[]
  /** Maps that it keeps without its code's naming them; left out before Linux 5.10, which has no such command. */
  readonly bound?: readonly Fd<'map'>[]
  readonly btf?: { readonly fd: Fd<'btf'>; readonly debug: DebugInfo }
  /** Instructions that stand for what this kernel does not have; for the message where the verifier comes to one. */
  readonly poisoned?: readonly PoisonedInstruction[]
  /** How much of the verifier's log is kept of a refused program: `end` (default) is enough for its message. */
  readonly log?: 'end' | 'whole'
  /** Where an instruction comes from; asked when the program is refused. */
  readonly locate?: (instruction: number) => SourcePlace
}

/** An instruction into which a map's descriptor is written before the load; `offset` in bytes into the map's value. */
export interface FdReference {
  readonly instruction: number
  readonly kind: 'map' | 'value'
  readonly map: Fd<'map'>
  readonly offset: number
}
