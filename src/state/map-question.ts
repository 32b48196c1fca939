import type { OwnMap } from '../manifest/manifest.ts'
import type { MapShape, MapSpec } from '../model/map-spec.ts'
import type { LinkedStructOps } from '../object/link/link-struct-ops.ts'
import type { MapFinding } from './desired-maps.ts'
import type { FoundMap, FoundProgram, LoadedObject } from './desired-reading.ts'

/** A map in its surroundings. */
export interface MapQuestion {
  readonly map: FoundMap
  readonly maps: MapFinding
  readonly programs: readonly FoundProgram[]
}

/** A map of the stack, as its object declares it and as the manifest wants it. */
export interface ContentsQuestion extends MapQuestion {
  readonly object: LoadedObject
  readonly spec: MapSpec
  /** With the manifest's size. */
  readonly shape: MapShape
  readonly declared: OwnMap | undefined
  /** Of a struct_ops map: as the kernel has it. */
  readonly linked: LinkedStructOps | undefined
}
