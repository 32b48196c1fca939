import { basename } from 'node:path'
import type { LoadedManifest } from '../manifest/load.ts'
import type { ManifestProgram } from '../manifest/manifest.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import type { MapSpec } from '../model/map-spec.ts'
import type { ObjectFile } from '../object/object-file.ts'
import { stateCodes } from './codes.ts'
import { usualSizes } from './map-size.ts'
import { unwrittenManifest, unwrittenMap } from './unwritten-manifest.ts'

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
    maps: new Map(unsized(object).map((map) => [map.name, unwrittenMap(map.name, map)])),
    programs: new Map(loaded(object).map((program) => [program.name, declare(program.name)])),
  })
}

/** Warnings (M218) of the maps to which `manifestOfObject` gives a size: an apply wants it written in a manifest. */
export const madeUpSizes = (object: ObjectFile): readonly Diagnostic[] =>
  unsized(object).flatMap((map) =>
    Object.entries(usualSizes(map)).map(([key, size]) => ({
      severity: 'warning' as const,
      code: 'M218',
      summary: stateCodes.M218.summary,
      detail: `map.${map.name} has no ${key === 'maxEntries' ? 'max_entries' : 'value_size'}: it is verified with ${size}.`,
      hint: `in a manifest, write \`${key}:\` under maps.${map.name}`,
    })),
  )

const loaded = ({ programs }: ObjectFile): ObjectFile['programs'] => programs.filter(({ autoload }) => autoload)

const declare = (name: string): ManifestProgram => ({ name, function: name })

function unsized(object: ObjectFile): readonly MapSpec[] {
  const used = new Set(loaded(object).flatMap(({ code }) => code.references.map(({ map }) => map)))
  return object.maps.filter((map) => used.has(map.name) && Object.keys(usualSizes(map)).length > 0)
}
