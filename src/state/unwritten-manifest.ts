import type { LoadedManifest } from '../manifest/load.ts'
import type { Manifest, OwnMap } from '../manifest/manifest.ts'
import type { MapSpec } from '../model/map-spec.ts'
import { usualSizes } from './map-size.ts'

/** What a manifest declares that nobody wrote, and where its mistakes are said to be. */
export interface Unwritten extends Pick<Manifest, 'name' | 'objects' | 'programs'> {
  readonly maps?: Manifest['maps']
  /** For messages, which have no line to point at. */
  readonly file: string
}

/** A manifest made up for objects, to be read like one that somebody wrote. Paths in it are absolute. */
export function unwrittenManifest({ file, name, objects, programs, maps = new Map() }: Unwritten): LoadedManifest {
  return {
    file,
    directory: '/',
    manifest: {
      version: 1,
      name,
      history: 0,
      drainSeconds: 0,
      objects,
      maps,
      programs,
      links: new Map(),
      pins: new Map(),
      moved: [],
      silence: [],
    },
    digest: () => '',
    variables: [],
    at: () => ({ file, line: 1, column: 1 }),
  }
}

/** A map of an unwritten manifest; one whose size its loader decides gets a usual one. */
export const unwrittenMap = (name: string, spec: MapSpec): OwnMap => ({
  owner: 'stack',
  name,
  onChange: 'refuse',
  onSlotChange: 'replace',
  pin: true,
  ...usualSizes(spec),
})
