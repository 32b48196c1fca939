/** What an address can name. */
export type Kind = 'map' | 'program' | 'link'

/** The address of a map: `map.flows`. */
export type MapAddress = `map.${string}`
/** The address of a program: `program.ingress`. */
export type ProgramAddress = `program.${string}`
/** The address of a link: `link.eth0`. */
export type LinkAddress = `link.${string}`

/** An object's name in the manifest, unique within a stack: `map.flows`, `program.ingress`, `link.eth0`. */
export type Address = MapAddress | ProgramAddress | LinkAddress

/** The address of the map that the manifest calls so. */
export const mapAddress = (name: string): MapAddress => `map.${name}`
/** The address of the program that the manifest calls so. */
export const programAddress = (name: string): ProgramAddress => `program.${name}`
/** The address of the link that the manifest calls so. */
export const linkAddress = (name: string): LinkAddress => `link.${name}`

/** The kind that an address starts with. */
export const kindOf = (address: Address): Kind => address.slice(0, address.indexOf('.')) as Kind

/** The name after the kind. */
export const nameOf = (address: Address): string => address.slice(address.indexOf('.') + 1)

/**
 * One kernel object during an apply. `live:` is the object that runs now, `next:` the one that this apply makes;
 * an object that is kept is `live:` on both sides.
 */
export type Ref = `live:${Address}` | `next:${Address}`

/** The object of the running generation. */
export const liveRef = <A extends Address>(address: A): `live:${A}` => `live:${address}`
/** The object that the apply makes. */
export const nextRef = <A extends Address>(address: A): `next:${A}` => `next:${address}`

/** The address within a reference. */
export const addressOf = (ref: Ref): Address => ref.slice(5) as Address
