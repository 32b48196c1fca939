import type { MapSpec } from '../../model/map-spec.ts'

/** A map and where in the object it stands, to find what a relocation means. */
export interface ObjectMap {
  readonly name: string
  /** Index of its section. */
  readonly section: number
  /** Byte offset within its section. */
  readonly offset: number
  /** Data sections: any offset in the section means this map. */
  readonly kind: 'map' | 'data'
  /** Of variables in an arena: bytes that all of them take. */
  readonly variables?: number
  /** Undefined for one that pinfold cannot make; then `unsupported` says why. */
  readonly spec?: MapSpec
  /** A phrase for the programs that use it: `map events of type 99`. */
  readonly unsupported?: string
}

/** Finds maps by their place: by section and offset, of data sections by the section alone. Of two in one place the first counts. */
export function placeMaps(maps: readonly ObjectMap[]): (section: number, offset: number) => ObjectMap | undefined {
  const places = new Map<string, ObjectMap>()
  for (const map of maps.toReversed())
    places.set(map.kind === 'data' ? `${map.section}` : `${map.section}:${map.offset}`, map)
  return (section, offset) => places.get(`${section}:${offset}`) ?? places.get(`${section}`)
}
