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
