import { type Address, linkAddress, mapAddress, programAddress } from '../model/address.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import { nearest } from '../util/nearest.ts'
import { complaint, type ManifestCode } from './codes.ts'
import type { Path } from './manifest.ts'
import type { Locate, Part, SourceNode } from './source-tree.ts'

/** A complaint about a place in the manifest. */
export interface PlaceComplaint {
  readonly path: Path
  readonly detail: string
  readonly hint?: string | undefined
  /** What the position points at; `auto` where absent. */
  readonly part?: Part
}

/** A code and the place that it is about. */
export type Found = readonly [code: ManifestCode, place: PlaceComplaint]

/** What the checks look at; the tree may still hold schema errors, which they pass over. */
export interface CheckContext {
  readonly root: SourceNode
  readonly locate: Locate
  /** The bpffs root that stacks live in. */
  readonly bpffs: string
}

/** Builds the diagnostic of a complaint about a place, with position and, where the place is within an object, its address. */
export function complainAt(
  locate: Locate,
  code: ManifestCode,
  { path, detail, hint, part }: PlaceComplaint,
): Diagnostic {
  return complaint(code, { detail, hint, at: locate(path, part), address: addressAt(path) })
}

const addresses: Readonly<Record<string, (name: string) => Address>> = {
  maps: mapAddress,
  programs: programAddress,
  links: linkAddress,
}

function addressAt([section, name]: Path): Address | undefined {
  return section === undefined || name === undefined ? undefined : addresses[section]?.(String(name))
}

/** A place as people write it: `maps.allow.entries[0].key`; the whole is `The manifest`. */
export function placeName(path: Path): string {
  if (path.length === 0) return 'The manifest'
  return path.map((key, at) => (typeof key === 'number' ? `[${key}]` : `${at > 0 ? '.' : ''}${key}`)).join('')
}

/** Advice that suggests the nearest of the known names, and lists them where they are few. */
export function suggest(name: string, known: readonly string[], what: string): string {
  const best = nearest(name, known)
  const list = known.length <= longestList ? `${what}: ${known.join(', ') || 'none'}` : `${what}: see docs/manifest.md`
  return best === undefined ? list : `did you mean "${best}"? ${list}`
}

/** All keys of a map's block fit; all attach types do not. */
const longestList = 20

/** The complaint about a reference that names another kind than its place takes. */
export const wrongKind = (path: Path, wanted: string, found: string): PlaceComplaint => ({
  path,
  detail: `A ${wanted} is wanted here, not a "${found}".`,
  hint: `write the ${wanted}'s name, or ${wanted}. and its name`,
})
