import { basename } from 'node:path'
import type { LoadedManifest } from '../manifest/load.ts'
import type { ManifestProgram, OwnMap } from '../manifest/manifest.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import type { MapSpec } from '../model/map-spec.ts'
import type { ObjectFile } from '../object/object-file.ts'
import { stateCodes } from './codes.ts'
import { lacksSize } from './map-size.ts'
import { unwrittenManifest } from './unwritten-manifest.ts'

/**
 * The manifest that declares every program of one object that is loaded without being named; `file` is its absolute path. Maps whose size
 * the object leaves to whoever loads it get one (see `madeUpSizes`).
 */
export function manifestOfObject(object: ObjectFile, file: string): LoadedManifest {
  const name = basename(file).replace(/(\.bpf)?\.o$/, '')
  return unwrittenManifest({
    file: object.name,
    name,
    objects: new Map([[name, { name, file, globals: new Map() }]]),
    maps: new Map(unsized(object).map((map) => [map.name, sized(map)])),
    programs: new Map(loaded(object).map((program) => [program.name, declare(program.name)])),
  })
}

/** Warnings (M218) of the maps to which `manifestOfObject` gives a size: an apply wants it written in a manifest. */
export const madeUpSizes = (object: ObjectFile): readonly Diagnostic[] =>
  unsized(object).map((map) => ({
    severity: 'warning',
    code: 'M218',
    summary: stateCodes.M218.summary,
    detail: `map.${map.name} has no max_entries: it is verified with ${sizeOf(map)}.`,
    hint: `in a manifest, write \`maxEntries:\` under maps.${map.name}`,
  }))

const loaded = ({ programs }: ObjectFile): ObjectFile['programs'] => programs.filter(({ autoload }) => autoload)

const declare = (name: string): ManifestProgram => ({ name, function: name })

function unsized(object: ObjectFile): readonly MapSpec[] {
  const used = new Set(loaded(object).flatMap(({ code }) => code.references.map(({ map }) => map)))
  return object.maps.filter((map) => used.has(map.name) && lacksSize(map.shape))
}

const sized = (map: MapSpec): OwnMap => ({
  owner: 'stack',
  name: map.name,
  onChange: 'refuse',
  onSlotChange: 'replace',
  pin: true,
  maxEntries: sizeOf(map),
})

/** Enough for a page of a ring on any machine; of other maps the verifier looks at the indexes of arrays only. */
const sizeOf = ({ shape }: MapSpec): number =>
  shape.type === 'ringbuf' || shape.type === 'user_ringbuf' ? 65_536 : 128
