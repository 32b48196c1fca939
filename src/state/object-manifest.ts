import { basename } from 'node:path'
import type { LoadedManifest } from '../manifest/load.ts'
import type { ManifestProgram } from '../manifest/manifest.ts'
import type { ObjectFile } from '../object/object-file.ts'

/** The manifest that declares every program of one object that is loaded without being named; `file` is its absolute path. */
export function manifestOfObject(object: ObjectFile, file: string): LoadedManifest {
  const name = basename(file).replace(/(\.bpf)?\.o$/, '')
  const programs = object.programs.filter(({ autoload }) => autoload)
  return {
    file: object.name,
    directory: '/',
    manifest: {
      version: 1,
      name,
      history: 0,
      drainSeconds: 0,
      objects: new Map([[name, { name, file, globals: new Map() }]]),
      maps: new Map(),
      programs: new Map(programs.map((program) => [program.name, declare(program.name)])),
      links: new Map(),
      pins: new Map(),
      moved: [],
      silence: [],
    },
    digest: '',
    variables: [],
    at: () => ({ file: object.name, line: 1, column: 1 }),
  }
}

const declare = (name: string): ManifestProgram => ({ name, function: name })
