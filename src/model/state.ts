import type { Hex } from '../util/hex.ts'
import type { Address, LinkAddress, MapAddress, ProgramAddress } from './address.ts'
import type { Position } from './diagnostic.ts'
import type { SystemGraph } from './graph.ts'
import type { LinkId, MapId, ProgramId } from './ids.ts'
import type { LinkTarget } from './link-spec.ts'
import type { LintPolicy, Silence } from './lint-rules.ts'
import type { Entry, MapLayout, MapShape } from './map-spec.ts'
import type { OuterPin, WantedPin } from './outer-pin.ts'
import type { Code, DebugInfo, ExternUse, FunctionPlace, LoadAttributes, PoisonedInstruction } from './program-spec.ts'
import type { ProgramType } from './program-types.ts'
import type { ImportedObject, Misowned, Ownership, StackRecord } from './record.ts'
import type { SlotClaim, VanishingRoot } from './surroundings.ts'

/**
 * What a stack holds (read from the kernel) or should hold (read from a manifest), in one shape. On the desired side no
 * resource has `live`; on the current side each has.
 */
export interface State {
  /** The stack's name: its directory below the bpffs root. */
  readonly stack: string
  /** The live generation; 0 where there is none. */
  readonly generation: number
  /** Maps, programs and links by address, in the order of the manifest where one is behind them. */
  readonly resources: ReadonlyMap<Address, Resource>
}

/** What readCurrent found: the live tree as a State, and everything else that a plan has to respect. */
export interface CurrentState extends State {
  /** Absolute path of the stack's directory. */
  readonly directory: string
  /** The record of the live tree; undefined where there is none, or none that can be read. */
  readonly record: StackRecord | undefined
  /** Every tree in the stack's directory: live, next, gen-N. */
  readonly trees: readonly Tree[]
  /** What somebody else put beside the trees; absent: nothing. */
  readonly strays?: readonly Stray[]
  /** The map of used saved plans, pinned as `used` beside the trees; absent: none was used. */
  readonly used?: MapId
  /** Pins elsewhere, recorded or wanted; absent: none. */
  readonly outerPins?: readonly OuterPin[]
  /** Directories of the live tree that have not the owner or mode that the record says; absent: none. */
  readonly misowned?: readonly Misowned[]
  /** Objects of the live tree that were read under another address than the one they have there; absent: none. */
  readonly moved?: readonly Move[]
  /** Where something was moved: the live tree under the addresses that it has there. */
  readonly unmoved?: Tree
  /** Why the bpffs may not last; absent: nothing speaks for that, or nobody looked. */
  readonly root?: VanishingRoot
  /** Slots that other stacks fill in arrays of this one, or in which it has slots; absent: none, or nobody looked. */
  readonly claims?: readonly SlotClaim[]
  /** Who runs, uses and holds what in the whole system; emptyGraph where it was not asked for. */
  readonly graph: SystemGraph
}

/** What a manifest asks for. */
export interface DesiredState extends State {
  /** Owner and mode of the stack's directories and pins; undefined keeps 0700/0600 and root. */
  readonly ownership?: Ownership
  /** Whether the stack may not be destroyed; undefined: as it was. */
  readonly protect?: boolean
  /** Warnings of the plan that the manifest accepts; absent: none. */
  readonly silences?: readonly Silence[]
  /** What the user said about codes; absent: nothing. */
  readonly policy?: LintPolicy
  /** Former generations to keep for a rollback; absent: none. */
  readonly history?: number
  /** Further pins by their absolute path outside of the stack's directory; absent: none. */
  readonly pins?: ReadonlyMap<string, WantedPin>
  /** Objects that are known by another address from now on; absent: none. */
  readonly moved?: readonly Move[]
  /** Where the objects are that an import takes in, by their new addresses; absent: this is none. */
  readonly imports?: ReadonlyMap<Address, ImportedObject>
  /** Milliseconds to wait for sleepable programs of this state when it goes; absent: the default. */
  readonly drain?: number
  /** Milliseconds in which the new generation has to be confirmed; absent: it stays. */
  readonly confirmWithin?: number
  /** The former generation that this state is: a rollback to it. */
  readonly restores?: number
  /** SHA-256 of the manifest's text after interpolation. */
  readonly digest: () => string
  /** BTF of each object, to upload with its maps and programs; keyed by the object's name in the manifest. */
  readonly btf: ReadonlyMap<string, Uint8Array>
}

export type { Misowned, Ownership } from './record.ts'

/** A new address for an object that stays what it is; both of one kind. */
export interface Move {
  readonly from: Address
  readonly to: Address
  /** Where the manifest says so. */
  readonly at?: Position
}

/** What a stack consists of, told apart by `kind`. */
export type Resource = MapState | ProgramState | LinkState

/** A program of this stack by address, or somebody else's by id. */
export type ProgramTarget = ProgramAddress | ForeignProgram
/** Somebody else's program, by its kernel id. */
export type ForeignProgram = `#${number}`
/** Somebody else's map, by its kernel id. */
export type ForeignMap = `map#${number}`
/** What a link runs: a program, or, of struct_ops, the map whose programs it runs. */
export type LinkedTarget = ProgramTarget | MapAddress | ForeignMap

/** A map as it is or as it should be. */
export interface MapState {
  readonly kind: 'map'
  readonly address: MapAddress
  /** Name given to the kernel before it is cut to 15 bytes. */
  readonly name: string
  /** `foreign`: someone else's map that is used, held and checked, and of which nothing is changed but declared slots. */
  readonly owner: 'stack' | 'foreign'
  /** Where a foreign map is pinned by its owner; absolute. */
  readonly foreignPath?: string
  readonly shape: MapShape
  /** The BTF layout of key and value as text, to compare; empty where nothing tells. */
  readonly layout: MapLayout
  /** False where the manifest says `pin: false`. */
  readonly pinned: boolean
  readonly contents: MapContents
  /** What happens to its entries when its shape changes. */
  readonly onChange: 'refuse' | 'replace' | 'migrate'
  /** Desired side: a destroy of the stack leaves it; absent: removes it. The current side has it in the record. */
  readonly onDestroy?: 'keep'
  /** Of a migration: what was written on both sides; absent: keep-new. */
  readonly merge?: 'keep-new' | 'sum'
  /** Of a migration: values that do not fit; absent: refuse. */
  readonly onLossy?: 'refuse' | 'truncate'
  /** Of a writable data section: what its variables become when it is made anew; absent: reset. */
  readonly globals?: 'reset' | 'carry'
  /** Whether a changed slot makes a new array (one instant for all callers), or is exchanged in the live one. */
  readonly onSlotChange: 'replace' | 'in-place'
  /** Desired side: which object's BTF describes it, and the type ids in there. */
  readonly btf?: { readonly object: string; readonly keyTypeId: number; readonly valueTypeId: number }
  /** Desired side, of a struct_ops map: the kernel's struct, `tcp_congestion_ops`. */
  readonly structOps?: string
  /** Desired side: whether the manifest protects it; undefined: as it was. The current side has it in the record. */
  readonly protect?: boolean
  /** Desired side: where the manifest mentions it. */
  readonly at?: Position
  readonly live?: LiveMap
}

/** What only the kernel knows of a map. */
export interface LiveMap {
  readonly id: MapId
  /** Every pin of it inside the stack's live tree, relative to the stack's directory: `live/maps/flows`. Of what an import takes in, absolute. */
  readonly pins: readonly string[]
  /** What a program array takes, where somebody else decided that. */
  readonly ownerType?: ProgramType
  /** Entries counted, where that is cheap to know. */
  readonly entries?: number
}

/** What a map must hold. */
export type MapContents =
  /** Nothing is declared: whatever is in it stays. */
  | { readonly kind: 'runtime' }
  /** These entries; others are left alone. Current side: the values found at the keys that are or were declared. */
  | { readonly kind: 'entries'; readonly entries: readonly Entry[] }
  /** The whole program array, or of someone else's the slots that are or were declared. Current side: `undefined` never appears, an empty slot is absent. */
  | { readonly kind: 'slots'; readonly slots: ReadonlyMap<number, ProgramTarget> }
  /** The declared inner maps of an array_of_maps or hash_of_maps, by index. */
  | { readonly kind: 'inner'; readonly slots: ReadonlyMap<number, MapAddress | `#${number}`> }
  /**
   * A data section. `initial` is what the object starts with (after `globals:`); on the current side, what the record says
   * it started with. `frozen` (.rodata): the kernel's bytes are compared themselves.
   */
  | { readonly kind: 'data'; readonly initial: Hex | undefined; readonly frozen: boolean }
  /**
   * A struct of functions (struct_ops): programs by byte offset in the value, which has zeros there. `value` is undefined
   * where no record tells.
   */
  | { readonly kind: 'members'; readonly value: Hex | undefined; readonly slots: ReadonlyMap<number, ProgramTarget> }

/** A program as it is or as it should be. */
export interface ProgramState {
  readonly kind: 'program'
  readonly address: ProgramAddress
  /** Name given to the kernel before it is cut to 15 bytes; the function's in the object. */
  readonly name: string
  /** Undefined where no record tells (a stack that pinfold did not make, a lost record): "unknown", never "changed". */
  readonly load: LoadAttributes | undefined
  /** Relocated instructions with symbolic map references; undefined like `load`. */
  readonly code: Code<MapAddress> | undefined
  /** Desired side: where it uses what this kernel does not have; explains what the verifier may say. */
  readonly poisoned?: readonly PoisonedInstruction[]
  /** Desired side: functions and variables of the kernel in its code, by name; for people. Absent: none. */
  readonly externs?: readonly ExternUse[]
  /** Maps that it uses, in the order of first use. Current side: from the kernel's map_ids; a foreign one as `#id`. */
  readonly maps: readonly (MapAddress | `#${number}`)[]
  /** Desired side: whose BTF to upload, and the debug information. */
  readonly object?: string
  readonly debug?: DebugInfo
  readonly functions?: readonly FunctionPlace[]
  /** Desired side: whether the manifest protects it; undefined: as it was. */
  readonly protect?: boolean
  readonly at?: Position
  readonly live?: LiveProgram
}

/** What only the kernel knows of a program. */
export interface LiveProgram {
  readonly id: ProgramId
  readonly pins: readonly string[]
  readonly tag: string
  /** False: the tag is not that of the record's code, so somebody replaced the pin. Undefined: no record. */
  readonly asRecorded?: boolean
}

/** A link as it is or as it should be. */
export interface LinkState {
  readonly kind: 'link'
  readonly address: LinkAddress
  /** The program (of struct_ops: the map of programs) that it runs, or shall run. */
  readonly program: LinkedTarget
  /** Where it is attached, or shall be. */
  readonly target: LinkTarget
  /** How a link that the kernel cannot switch is replaced: both run for a moment, or neither. */
  readonly onReplace: 'overlap' | 'gap'
  /** Desired side: a destroy of the stack leaves it, and what it runs; absent: removes it. */
  readonly onDestroy?: 'keep'
  /** Desired side: whether the manifest protects it; undefined: as it was. */
  readonly protect?: boolean
  readonly at?: Position
  readonly live?: LiveLink
}

/** What only the kernel knows of a link. */
export interface LiveLink {
  readonly id: LinkId
  readonly pins: readonly string[]
  /** The device, cgroup or namespace is gone: the link is pinned but attached to nothing. */
  readonly severed: boolean
}

/** One tree of pins in the stack's directory. What it is follows from its record and the links, never from its name. */
export interface Tree {
  /** `live`, `next`, `gen-7`. */
  readonly name: string
  /** Undefined where it has none, or none that can be read: then nothing in it is known to be pinfold’s. */
  readonly record: StackRecord | undefined
  /** Every pin in it, foreign ones too. */
  readonly pins: readonly TreePin[]
  /** Directories inside it, relative to the stack's directory, parents first; includes the tree itself. */
  readonly directories: readonly string[]
  /** Paths of the pins that its record does not know and that were taken for the stack's own (`--adopt`); absent: none. */
  readonly adopted?: readonly string[]
}

/** Something in a stack's directory that pinfold did not make. */
export interface Stray {
  /** Relative to the stack's directory. */
  readonly path: string
  /** For people: `map #41 (flows)`, `a directory`. */
  readonly what: string
}

/** A pin and what the kernel says it is. */
export type TreePin = { readonly path: string } & (
  | {
      readonly kind: 'map'
      readonly id: MapId
      readonly address: MapAddress
      readonly shape: MapShape
      /** Absolute path of its owner's pin, where the map is somebody else's and still pinned there. */
      readonly ownerPin?: string
    }
  | { readonly kind: 'program'; readonly id: ProgramId; readonly address: ProgramAddress }
  | {
      readonly kind: 'link'
      readonly id: LinkId
      readonly programId: ProgramId
      /** Of struct_ops: the map that it runs; then `programId` is 0. */
      readonly mapId?: MapId
      readonly address: LinkAddress
      readonly target: LinkTarget | undefined
      readonly severed: boolean
    }
  /** What was copied of a map that is being migrated, or came later. */
  | { readonly kind: 'snapshot'; readonly id: MapId }
  /** The tree's own record map. */
  | { readonly kind: 'record'; readonly id: MapId }
  /** A pin that the tree's record does not know, or that is not where pinfold puts one of its kind. */
  | ({ readonly kind: 'foreign' } & Pick<Stray, 'what'>)
)
