import { basename } from 'node:path'
import type { LoadedManifest } from '../manifest/load.ts'
import type { ManifestProgram } from '../manifest/manifest.ts'
import type { ObjectFile } from '../object/object-file.ts'
import { unwrittenManifest } from './unwritten-manifest.ts'

/** The manifest that declares every program of one object that is loaded without being named; `file` is its absolute path. */
export function manifestOfObject(object: ObjectFile, file: string): LoadedManifest {
  const name = basename(file).replace(/(\.bpf)?\.o$/, '')
  const programs = object.programs.filter(({ autoload }) => autoload)
  return unwrittenManifest({
    file: object.name,
    name,
    objects: new Map([[name, { name, file, globals: new Map() }]]),
    programs: new Map(programs.map((program) => [program.name, declare(program.name)])),
  })
}

const declare = (name: string): ManifestProgram => ({ name, function: name })
