import type { MapSpec } from '../model/map-spec.ts'
import type { CoreRelocation, ProgramSpec } from '../model/program-spec.ts'
import type { BtfTypes } from './btf/btf-types.ts'
import type { Externs } from './externs/extern.ts'

/** What an object file declares: a pure function of its bytes. Maps and programs stand in the file's order. */
export interface ObjectFile {
  /** For messages: the file's path as the user wrote it. */
  readonly name: string
  /** Of the code and of every value in it; the kernel takes only its own. */
  readonly byteOrder: 'little' | 'big'
  /** Empty where there is no `license` section. */
  readonly license: string
  /** From a `version` section. */
  readonly kernelVersion?: number
  readonly maps: readonly MapSpec[]
  readonly programs: readonly ProgramSpec[]
  /** CO-RE relocations of all functions, in the file's order. */
  readonly relocations: readonly CoreRelocation[]
  /** What it leaves to the kernel: configuration, variables and functions. */
  readonly externs: Externs
  /** Decoded BTF, and its bytes ready for BPF_BTF_LOAD (data section sizes and offsets filled in). */
  readonly btf?: { readonly types: BtfTypes; readonly bytes: Uint8Array }
  /** Remarks that do not stop a load: legacy map definitions, sections that name no program type. */
  readonly notes: readonly string[]
}
