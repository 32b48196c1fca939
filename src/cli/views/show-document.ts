import {
  type Address,
  type AttachType,
  type Awaited,
  type CurrentState,
  instructionCount,
  type LinkState,
  type LinkTarget,
  type MapState,
  type MapType,
  nameOf,
  type ProgramState,
  type ProgramType,
  type StackRecord,
} from '../../index.ts'
import { idOf, pinsElsewhere, pinsOfMaps, protectedIn, strangersIn } from './held.ts'

/** The live stacks of a bpffs. Fields that bpftool has too bear its names and hold what it prints. */
export interface StacksDocument {
  readonly type: 'stacks'
  readonly version: 1
  /** By name. */
  readonly stacks: readonly StackDocument[]
}

/** One live stack. */
export interface StackDocument {
  /** The stack's name: its directory below the bpffs root. */
  readonly name: string
  /** Absolute path of the stack's directory. */
  readonly directory: string
  /** The live generation; 0 where there is none. */
  readonly generation: number
  /** Null where there is no record. */
  readonly phase: StackRecord['phase'] | null
  /** Taken back unless somebody confirms it; absent where it stays. */
  readonly awaits?: Awaited
  /** What may not be lost (`protect: true`): `the whole stack`, and addresses of objects; absent: nothing. */
  readonly protected?: readonly string[]
  readonly maps: readonly LiveMapDocument[]
  readonly programs: readonly LiveProgramDocument[]
  readonly links: readonly LiveLinkDocument[]
  /** Every tree in the stack's directory: live, next, gen-N. */
  readonly trees: readonly TreeDocument[]
  /** The pins elsewhere of the live generation. */
  readonly pins_elsewhere: readonly OuterPinDocument[]
  /** What lies in the stack's directory that pinfold did not make. */
  readonly foreign: readonly ForeignDocument[]
}

/** A map of a live stack. */
export interface LiveMapDocument extends Pick<MapState, 'address' | 'owner'> {
  readonly id?: number | undefined
  /** Name given to the kernel before it is cut to 15 bytes. */
  readonly name: string
  readonly type: MapType
  /** BPF_F_* flags of BPF_MAP_CREATE. */
  readonly flags: number
  /** Size of a key. */
  readonly bytes_key: number
  /** Size of a value (of one CPU's value in per-CPU maps). */
  readonly bytes_value: number
  readonly max_entries: number
  /** Where a foreign map is pinned by its owner; absolute. */
  readonly foreign_path?: string
  /** Its pins in the live tree; absolute. */
  readonly pinned: readonly string[]
  /** Every pin that holds it, in any tree of the stack and elsewhere; absolute. */
  readonly held_by: readonly string[]
  /** Of a program array or map of maps: what it holds; an empty slot is absent. */
  readonly slots?: readonly SlotDocument[]
}

/** What a slot of a map holds. */
export interface SlotDocument {
  readonly index: number
  /** A program or map of the stack, or somebody else's by id. */
  readonly target: string
  readonly id: number | null
}

/** A program of a live stack. */
export interface LiveProgramDocument {
  readonly id?: number | undefined
  readonly address: ProgramState['address']
  readonly name: string
  /** Null where no record tells. */
  readonly type: ProgramType | null
  readonly attach_type?: AttachType
  /** 16 hexadecimal digits. */
  readonly tag?: string | undefined
  /** 8-byte slots; null where no record tells. */
  readonly instructions: number | null
  /** In the order of first use, like `maps`. */
  readonly map_ids: readonly (number | null)[]
  /** Maps that it uses; a foreign one as `#id`. */
  readonly maps: ProgramState['maps']
  /** False: its tag is not that of the record, so somebody replaced the pin. Null: no record. */
  readonly as_recorded: boolean | null
  /** Its pins in the live tree; absolute. */
  readonly pinned: readonly string[]
}

/** A link of a live stack. */
export interface LiveLinkDocument {
  readonly id?: number | undefined
  readonly address: LinkState['address']
  /** As bpftool names it. */
  readonly type: Exclude<LinkTarget['kind'], 'tracepoint'> | 'perf_event'
  readonly prog_id: number | null
  /** What it runs: a program, or of struct_ops a map of them. */
  readonly program: LinkState['program']
  /** Where it is attached. */
  readonly target: LinkTarget
  /** The device, cgroup or namespace is gone: the link is pinned but attached to nothing. */
  readonly severed: boolean
  /** Its pins in the live tree; absolute. */
  readonly pinned: readonly string[]
}

/** A tree of pins in the stack's directory. */
export interface TreeDocument {
  /** `live`, `next`, `gen-7`. */
  readonly name: string
  /** Null where it has no record. */
  readonly generation: number | null
  /** How many pins are in it. */
  readonly pins: number
}

/** A pin outside of the stack's directory. */
export interface OuterPinDocument {
  /** Absolute. */
  readonly path: string
  /** What it was made for. */
  readonly target: Address
  /** The kernel id of what is there; null where nothing is. */
  readonly id: number | null
  /** It still leads to what it was made for. */
  readonly as_recorded: boolean
}

/** Something in the stack's directory that pinfold did not make. */
export interface ForeignDocument {
  /** Absolute. */
  readonly path: string
  /** For people: `map #41 (flows)`, `a directory`. */
  readonly what: string
}

/** A live stack as a document. */
export function stackDocument(stack: CurrentState): StackDocument {
  const all = [...stack.resources.values()]
  const holders = pinsOfMaps(stack)
  const kept = protectedIn(stack)
  return {
    name: stack.stack,
    directory: stack.directory,
    generation: stack.generation,
    phase: stack.record?.phase ?? null,
    ...(stack.record?.awaits ? { awaits: stack.record.awaits } : {}),
    ...(kept.length > 0 && { protected: kept }),
    maps: all.filter((it) => it.kind === 'map').map((it) => mapDocument(it, stack, holders)),
    programs: all.filter((it) => it.kind === 'program').map((it) => programDocument(it, stack)),
    links: all.filter((it) => it.kind === 'link').map((it) => linkDocument(it, stack)),
    trees: stack.trees.map(({ name, record, pins }) => ({
      name,
      generation: record?.generation ?? null,
      pins: pins.length,
    })),
    pins_elsewhere: pinsElsewhere(stack).map(({ path, address, id, isOwn }) => ({
      path,
      target: address,
      id: id ?? null,
      as_recorded: isOwn,
    })),
    foreign: strangersIn(stack).map(({ path, what }) => ({ path: `${stack.directory}/${path}`, what })),
  }
}

function mapDocument(map: MapState, stack: CurrentState, holders: ReturnType<typeof pinsOfMaps>): LiveMapDocument {
  const { shape, live, contents } = map
  return {
    id: live?.id,
    address: map.address,
    name: map.name,
    type: shape.type,
    flags: shape.flags,
    bytes_key: shape.keySize,
    bytes_value: shape.valueSize,
    max_entries: shape.maxEntries,
    owner: map.owner,
    ...(map.foreignPath === undefined ? {} : { foreign_path: map.foreignPath }),
    pinned: absolute(stack, live?.pins ?? []),
    held_by: absolute(stack, holders.get(live?.id ?? 0) ?? []),
    ...(contents.kind === 'slots' || contents.kind === 'inner' ? { slots: slotDocuments(contents.slots, stack) } : {}),
  }
}

const slotDocuments = (slots: ReadonlyMap<number, string>, stack: CurrentState): SlotDocument[] =>
  [...slots].map(([index, target]) => ({ index, target, id: idOf(stack, target) ?? null }))

function programDocument(program: ProgramState, stack: CurrentState): LiveProgramDocument {
  const { live, load, code } = program
  return {
    id: live?.id,
    address: program.address,
    name: nameOf(program.address),
    type: load?.type ?? null,
    ...(load?.attachType === undefined ? {} : { attach_type: load.attachType }),
    tag: live?.tag,
    instructions: code ? instructionCount(code) : null,
    map_ids: program.maps.map((map) => idOf(stack, map) ?? null),
    maps: program.maps,
    as_recorded: live?.asRecorded ?? null,
    pinned: absolute(stack, live?.pins ?? []),
  }
}

function linkDocument(link: LinkState, stack: CurrentState): LiveLinkDocument {
  const { live, target } = link
  return {
    id: live?.id,
    address: link.address,
    // The kernel makes a perf event link of a tracepoint.
    type: target.kind === 'tracepoint' ? 'perf_event' : target.kind,
    prog_id: idOf(stack, link.program) ?? null,
    program: link.program,
    target,
    severed: live?.severed ?? false,
    pinned: absolute(stack, live?.pins ?? []),
  }
}

const absolute = ({ directory }: CurrentState, paths: readonly string[]): string[] =>
  paths.map((path) => (path.startsWith('/') ? path : `${directory}/${path}`))
