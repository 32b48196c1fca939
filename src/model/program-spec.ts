import type { ProgramAddress } from './address.ts'
import type { AttachType, ProgramType } from './program-types.ts'

/** An instruction pair (ldimm64) whose immediate names a map, or a place inside a data map's value. */
export interface MapReference<M = string> {
  /** Index of the first 8-byte instruction slot. */
  readonly instruction: number
  /** `map`: the map's address; `value`: the address of byte `offset` of its only value. */
  readonly kind: 'map' | 'value'
  readonly map: M
  /** Bytes; 0 for `map`. In an arena from where its variables begin. */
  readonly offset: number
  /** Of a place in an arena: bytes that all variables of its object take there. */
  readonly variables?: number
}

/** Relocated instructions, the references to maps still symbolic. */
export interface Code<M = string> {
  /** 8 bytes each, in the object's byte order, entry function first, then its subprograms; calls already resolved. */
  readonly instructions: Uint8Array
  readonly references: readonly MapReference<M>[]
  /** Bytes of the instructions, where they are decoded only when somebody looks at them. */
  readonly size?: number
}

/** How many instructions code has. */
export const instructionCount = (code: Code): number => (code.size ?? code.instructions.length) / 8

/** A CO-RE relocation of an object: an instruction that depends on how the kernel lays out a type. */
export interface CoreRelocation {
  /** The section of the instruction, and its byte offset in there. */
  readonly section: string
  readonly offset: number
  /** Number in `enum bpf_core_relo_kind`. */
  readonly kind: number
  /** Type of the object's BTF that the access starts from. */
  readonly typeId: number
  /** `0:1:2`: indices of members and elements, or of an enumerator. */
  readonly access: string
}

/** A CO-RE relocation of a program. Programs that share a function share its relocations. */
export interface PlacedRelocation {
  /** Index of the 8-byte instruction slot in the program's flattened code. */
  readonly instruction: number
  readonly relocation: CoreRelocation
}

/** An instruction that uses what the kernel does not have: the verifier refuses the program if it can come there. */
export interface PoisonedInstruction {
  /** Index of the 8-byte instruction slot. */
  readonly instruction: number
  /** `struct task_struct has no field state`. */
  readonly missing: string
  /** Where it was compiled from, as far as line information tells: `state.bpf.c:12`. */
  readonly source?: string
}

/** The helper number (0xbad2310, as libbpf has it) of the call that takes the place of a poisoned instruction. */
export const poisonedCall = 0x0bad2310

/** An instruction that names a variable or function of the kernel. */
export interface ExternUse {
  /** Index of the first 8-byte instruction slot. */
  readonly instruction: number
  /** `load`: its address is loaded; `call`: the function is called. */
  readonly use: 'load' | 'call'
  readonly name: string
}

/** func_info and line_info of BPF_PROG_LOAD, offsets already those of the flattened code. */
export interface DebugInfo {
  /** `struct bpf_func_info` records and the size of one. */
  readonly functions: Uint8Array
  readonly functionSize: number
  /** `struct bpf_line_info` records and the size of one. */
  readonly lines: Uint8Array
  readonly lineSize: number
}

/** What makes one load of the same code differ from another; compared from the record, since prog_info has none of it. */
export interface LoadAttributes {
  readonly type: ProgramType
  readonly attachType?: AttachType
  /** BPF_F_* flags of BPF_PROG_LOAD: sleepable, frags, ... */
  readonly flags: number
  readonly license: string
  /** `kern_version`, only where the object sets it. */
  readonly kernelVersion?: number
  /** BTF function of the kernel that `attach_btf_id` names: `bpf_iter_task`. */
  readonly attachTo?: string
  /** The program whose function it replaces or traces: one of the stack, or the absolute path of a pin. Linux 5.5. */
  readonly attachProgram?: ProgramAddress | `/${string}`
  /**
   * Kernel modules whose functions and variables it uses: `fd_array` without its first entry. A call names one by its place from 1
   * on in its offset, a load of an address in its second immediate. Linux 5.17.
   */
  readonly modules?: readonly string[]
}

/** Where a function begins in flattened code. */
export interface FunctionPlace {
  readonly name: string
  /** Index of its first 8-byte slot. */
  readonly start: number
}

/** A program as an object file declares it. */
export interface ProgramSpec {
  readonly kind: 'program'
  /** Name of the function in the object. */
  readonly name: string
  readonly section: string
  /** `btf_decl_tag`s on its function; absent: none. */
  readonly declTags?: readonly string[]
  /** From the section's name; undefined where that names no program type. */
  readonly type?: ProgramType
  readonly attachType?: AttachType
  /** What follows the slash in the section's name: `sched/sched_switch`. */
  readonly attachTarget?: string
  readonly flags: number
  /** False for a `?` section: loaded only when the manifest names it. */
  readonly autoload: boolean
  readonly code: Code
  /** What the code consists of, the entry first. */
  readonly functions: readonly FunctionPlace[]
  readonly debug?: DebugInfo
  /** What is to be adapted to the kernel, in the order of the code; `code` is as compiled. */
  readonly relocations: readonly PlacedRelocation[]
  /** What its code leaves to the kernel, in the order of the instructions. */
  readonly externs: readonly ExternUse[]
  /** Names in its code that nothing defines: it cannot be loaded. */
  readonly undefined: readonly string[]
  /** Features in its code that pinfold does not support yet, each a phrase such as `map events of type 99`. */
  readonly unsupported: readonly string[]
}
