import type { LinkId, MapId, ProgramId } from './ids.ts'
import type { MapType } from './map-types.ts'

/**
 * Who keeps whom alive in the whole system, as ids: roots run programs, programs use maps, program arrays and devmaps
 * hold programs, outer maps hold maps.
 */
export interface SystemGraph {
  readonly roots: readonly Root[]
  readonly programs: ReadonlyMap<ProgramId, GraphProgram>
  readonly maps: ReadonlyMap<MapId, GraphMap>
}

/** Something that keeps a program running whatever happens to the stack's pins; a severed link only keeps it. */
export interface Root {
  readonly program: ProgramId
  /** For people: `link #89 (xdp eth0)`, `a netlink attachment`. */
  readonly via: string
  /** Where it is attached without a link: the targetKey. */
  readonly hook?: string
  /** The link, if it is one. */
  readonly link?: LinkId
  /** The link is attached to nothing: it runs nothing, but holds its program until its last name and descriptor go. */
  readonly severed?: true
  /** Of a struct_ops link: the map that the program is in. */
  readonly map?: MapId
}

/** A program of the system and the maps that it uses. */
export interface GraphProgram {
  readonly id: ProgramId
  readonly name: string
  readonly maps: readonly MapId[]
}

/** A map of the system and what it holds. */
export interface GraphMap {
  readonly id: MapId
  readonly name: string
  /** Undefined for a type newer than pinfold's table. */
  readonly type: MapType | undefined
  /** Filled slots of a program array; programs in devmap and cpumap values by their position. */
  readonly programs: ReadonlyMap<number, ProgramId>
  readonly inner: readonly MapId[]
}
