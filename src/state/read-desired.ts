import type { LoadedManifest } from '../manifest/load.ts'
import type { Address, MapAddress } from '../model/address.ts'
import { ManifestError } from '../model/errors.ts'
import type { DesiredState, Move, ProgramState, Resource } from '../model/state.ts'
import { LinkTarget } from '../object/link/link-target.ts'
import { isMetadata } from '../object/maps/metadata.ts'
import { unmeasured } from '../util/measure.ts'
import { checkArrays } from './array-members.ts'
import { checkKernel } from './check-kernel.ts'
import { readLinkStates } from './desired-links.ts'
import { toMapState } from './desired-map-state.ts'
import { findMaps, type MapFinding } from './desired-maps.ts'
import { readMoves } from './desired-moves.ts'
import { readObjects } from './desired-objects.ts'
import { readPins } from './desired-pins.ts'
import { findPrograms } from './desired-programs.ts'
import type { DesiredWorld, FoundProgram, LoadedObject, Reading } from './desired-reading.ts'
import { isUnknown } from './unless-unknown.ts'

/**
 * Resolves a manifest against its objects and this machine: which maps and programs there must be, with which contents, and
 * where the links go. Changes nothing; opens foreign maps and looks up interfaces, cgroups and namespaces. Throws
 * ManifestError with every complaint at once (codes M2xx, O2xx and those of the object reader), KernelError where the kernel
 * cannot be asked.
 */
export function readDesired(loaded: LoadedManifest, world: DesiredWorld): DesiredState {
  const { measure = unmeasured } = world
  const linkTarget = measure('kernel BTF', () => new LinkTarget(world.kernel.machine, world.btf))
  const reading: Reading = { loaded, world, complaints: [], linkTarget }
  const objects = measure('objects', () => readObjects(reading))
  if (world.measure) measure('kernel BTF', () => readKernelTypes(reading, objects))
  const programs = measure('link', () => findPrograms(reading, objects))
  const maps = findMaps(reading, objects, programs)
  const mapStates = maps.all.flatMap((map) => toMapState(reading, { map, maps, programs }))
  const metadata = new Map(objects.map((object) => [object, metadataIn(object, maps)]))
  const programStates = programs.map((program) =>
    toProgramState(reading, program, { maps, metadata: metadata.get(program.object) ?? [] }),
  )
  const links = readLinkStates(reading, { programs, maps })
  reading.complaints.push(...checkArrays(mapStates, programStates))
  const all: readonly Resource[] = [...mapStates, ...programStates, ...links]
  reading.complaints.push(...checkKernel(all, world.kernel.machine))
  const resources = new Map<Address, Resource>(all.map((resource) => [resource.address, resource]))
  const pins = readPins(reading, resources)
  const moved = readMoves(reading, resources)
  if (reading.complaints.length > 0) throw refusal(reading)
  return toState(reading, { objects, resources, pins, moved })
}

/** They are read when they are first asked for, which is to be no part of another part's time. */
function readKernelTypes({ linkTarget }: Reading, objects: readonly LoadedObject[]): void {
  try {
    if (objects.some(({ file }) => file.relocations.length + file.externs.size > 0)) linkTarget.btf?.vmlinux
  } catch (error) {
    // Said where they are needed, with the program's place.
    if (!isUnknown(error)) throw error
  }
}

function refusal({ loaded, complaints }: Reading): ManifestError {
  const sorted = [...complaints].sort(
    (a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0),
  )
  const [first] = sorted
  const count = sorted.length === 1 ? 'one mistake' : `${sorted.length} mistakes`
  const place = first?.at ? `, line ${first.at.line}` : ''
  return new ManifestError(`cannot use ${loaded.file}: ${count}${place}: ${first?.detail}`, sorted)
}

interface Parts {
  readonly objects: readonly LoadedObject[]
  readonly resources: ReadonlyMap<Address, Resource>
  readonly pins: DesiredState['pins']
  readonly moved: readonly Move[]
}

function toState({ loaded }: Reading, { objects, resources, pins, moved }: Parts): DesiredState {
  const { manifest, digest } = loaded
  return {
    stack: manifest.name,
    generation: 0,
    resources,
    ...(manifest.ownership ? { ownership: manifest.ownership } : {}),
    ...(manifest.protect === undefined ? {} : { protect: manifest.protect }),
    history: manifest.history,
    drain: manifest.drainSeconds * 1000,
    ...(pins ? { pins } : {}),
    ...silencesOf(loaded),
    ...(moved.length > 0 ? { moved } : {}),
    digest,
    btf: new Map(objects.flatMap(({ name, file }) => (file.btf ? [[name, file.btf.bytes]] : []))),
  }
}

function silencesOf({ manifest, at }: LoadedManifest): Pick<DesiredState, 'silences'> {
  if (manifest.silence.length === 0) return {}
  return { silences: manifest.silence.map((silence, row) => ({ ...silence, at: at(['silence', row]) })) }
}

/** What every program of an object is given besides the maps that it uses. */
const metadataIn = (object: LoadedObject, maps: MapFinding): readonly MapAddress[] =>
  object.file.maps.filter(isMetadata).map((map) => maps.addressIn(object, map.name))

interface Given {
  readonly maps: MapFinding
  readonly metadata: readonly MapAddress[]
}

function toProgramState({ loaded }: Reading, program: FoundProgram, { maps, metadata }: Given): ProgramState {
  const { address, declared, object, spec, load, linked } = program
  const at = loaded.at(['programs', declared.name])
  const references = linked.code.references.map((reference) => ({
    ...reference,
    map: maps.addressIn(object, reference.map),
  }))
  return {
    kind: 'program',
    address,
    name: spec.name,
    load,
    code: { instructions: linked.code.instructions, references },
    maps: [...new Set([...references.map((reference) => reference.map), ...metadata])],
    object: object.name,
    ...(linked.poisoned.length > 0 ? { poisoned: linked.poisoned } : {}),
    ...(spec.externs.length > 0 ? { externs: spec.externs } : {}),
    ...(spec.debug ? { debug: spec.debug } : {}),
    functions: spec.functions,
    ...(declared.protect === undefined ? {} : { protect: declared.protect }),
    at,
  }
}
