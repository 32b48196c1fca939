import type { Kernel } from '../kernel/kernel.ts'
import type { LoadedManifest } from '../manifest/load.ts'
import type { ManifestMap, ManifestProgram, Path } from '../manifest/manifest.ts'
import type { MapAddress, ProgramAddress } from '../model/address.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import type { BtfFile } from '../model/machine.ts'
import type { MapSpec } from '../model/map-spec.ts'
import type { LoadAttributes, ProgramSpec } from '../model/program-spec.ts'
import type { LinkedProgram } from '../object/link/link-program.ts'
import type { LinkTarget } from '../object/link/link-target.ts'
import type { ObjectFile } from '../object/object-file.ts'
import type { Measure } from '../util/measure.ts'
import { type Complaint, complaint, type StateCodeName } from './codes.ts'

/** What a manifest is read against: the kernel, the file system and the place of the pins. */
export interface DesiredWorld {
  readonly kernel: Kernel
  /** Reads a file by its absolute path; throws as node:fs does. */
  readonly readFile: (path: string) => Uint8Array
  /** Absolute path of the bpffs root. */
  readonly bpffs: string
  /** Foreign maps are taken to be what the objects declare, without looking at their pins; default: opened and checked. */
  readonly trustsForeign?: boolean
  /** BTF that CO-RE is to take in the place of the kernel's own. */
  readonly btf?: BtfFile | undefined
  /** Takes the time of the parts of a reading. */
  readonly measure?: Measure | undefined
}

/** One reading of a manifest; complaints are collected, and the reading goes on with what is right. */
export interface Reading {
  readonly loaded: LoadedManifest
  readonly world: DesiredWorld
  readonly complaints: Diagnostic[]
  /** What programs are linked to. */
  readonly linkTarget: LinkTarget
}

/** An object of the manifest with its globals set. */
export interface LoadedObject {
  /** Its name in the manifest. */
  readonly name: string
  readonly file: ObjectFile
  /** Bytes of the data sections that `globals:` changes, by the map's name in the object. */
  readonly data: ReadonlyMap<string, Uint8Array>
}

/** A declared program and where it was found. */
export interface FoundProgram {
  readonly address: ProgramAddress
  readonly declared: ManifestProgram
  readonly object: LoadedObject
  readonly spec: ProgramSpec
  readonly load: LoadAttributes
  /** Its code as the kernel gets it. */
  readonly linked: LinkedProgram
}

/** A map that the stack has or uses, and the object that declares it; a foreign map may be in none. */
export interface FoundMap {
  readonly address: MapAddress
  readonly name: string
  readonly declared?: ManifestMap
  readonly object?: LoadedObject
  readonly spec?: MapSpec
}

/** A complaint that knows its place by its path in the manifest. */
export type PlacedComplaint = Omit<Complaint, 'at'> & Place

/** A place in the manifest; `part` where the key or the value itself is meant. */
export interface Place {
  readonly path?: Path
  readonly part?: 'key' | 'value'
}

/** Adds an error to the reading's complaints. */
export function complain({ loaded, complaints }: Reading, code: StateCodeName, placed: PlacedComplaint): void {
  const { path, part, ...rest } = placed
  complaints.push(complaint(code, { ...rest, at: path && loaded.at(path, part) }))
}

/** The error's own sentence, whatever was thrown. */
export const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
