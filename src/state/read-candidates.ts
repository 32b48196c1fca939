import type { LoadedManifest } from '../manifest/load.ts'
import type { Manifest, ManifestMap, ManifestProgram } from '../manifest/manifest.ts'
import { type ProgramAddress, programAddress } from '../model/address.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import { ManifestError } from '../model/errors.ts'
import type { DesiredState } from '../model/state.ts'
import type { DesiredWorld } from './desired-reading.ts'
import { readDesired } from './read-desired.ts'

/** What of a manifest can be given to the verifier, and what is wrong with its other programs. */
export interface Candidates {
  readonly desired: DesiredState
  /** Complaints about programs, each with the program's address. */
  readonly refused: readonly (Diagnostic & { readonly address: ProgramAddress })[]
}

/**
 * Resolves the maps and programs of a manifest, but no places: links and pins are left out, and foreign maps are not
 * opened. Programs that cannot be loaded are left out and complained about. Throws like readDesired for anything else.
 */
export function readCandidates(loaded: LoadedManifest, world: DesiredWorld): Candidates {
  const trusting = { ...world, trustsForeign: true }
  const placeless = change(loaded, { links: new Map(), pins: new Map(), moved: [] })
  try {
    return { desired: readDesired(placeless, trusting), refused: [] }
  } catch (error) {
    const refused = aboutPrograms(error)
    if (!refused) throw error
    return { desired: readDesired(withoutPrograms(placeless, refused), trusting), refused }
  }
}

type Refusals = Candidates['refused']

function aboutPrograms(error: unknown): Refusals | undefined {
  if (!(error instanceof ManifestError) || error.diagnostics.length === 0) return undefined
  return error.diagnostics.every(isAboutProgram) ? error.diagnostics : undefined
}

const isAboutProgram = (diagnostic: Diagnostic): diagnostic is Refusals[number] =>
  diagnostic.address?.startsWith('program.') ?? false

/** Slots go, too: they may name such a program, and nothing is put into them. */
function withoutPrograms(loaded: LoadedManifest, refused: Refusals): LoadedManifest {
  const addresses = new Set(refused.map(({ address }) => address))
  const kept = ([name]: readonly [string, ManifestProgram]): boolean => !addresses.has(programAddress(name))
  const { programs, maps } = loaded.manifest
  return change(loaded, {
    programs: new Map([...programs].filter(kept)),
    maps: new Map([...maps].map(([name, map]) => [name, withoutSlots(map)])),
  })
}

function withoutSlots(map: ManifestMap): ManifestMap {
  const { slots: _, ...rest } = map
  return rest
}

const change = (loaded: LoadedManifest, changes: Partial<Manifest>): LoadedManifest => ({
  ...loaded,
  manifest: { ...loaded.manifest, ...changes },
})
