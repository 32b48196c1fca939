import { resolve } from 'node:path'
import type { Kernel } from '../../kernel/kernel.ts'
import type { LoadedManifest } from '../../manifest/load.ts'
import { type MapAddress, mapAddress, nameOf, programAddress } from '../../model/address.ts'
import type { BtfFile } from '../../model/machine.ts'
import type { DesiredState, MapState, ProgramState } from '../../model/state.ts'
import type { ObjectFile } from '../../object/object-file.ts'
import { programTags } from '../../util/program-tags.ts'
import { type Draft, type DraftMap, type DraftProgram, draftManifest } from '../draft.ts'
import { readCandidates } from '../read-candidates.ts'
import { unwrittenManifest, unwrittenMap } from '../unwritten-manifest.ts'

/** What the objects would become on this kernel: what live objects are compared with. */
export interface Drafted {
  readonly draft: Draft
  readonly programs: readonly DraftedProgram[]
  readonly maps: readonly DraftedMap[]
  /** Why programs of the objects cannot be loaded, by their functions' names. */
  readonly refused: ReadonlyMap<string, string>
}

/** A program of an object, linked to this kernel. */
export interface DraftedProgram extends DraftProgram {
  readonly state: ProgramState
  /** What a kernel may say as its tag. */
  readonly tags: readonly string[]
  /** The maps that its code refers to, in the order of first use, as the kernel lists them. */
  readonly uses: readonly MapAddress[]
}

/** A map of an object as the stack would make it. */
export interface DraftedMap extends DraftMap {
  readonly state: MapState
}

/** Links the programs of some objects to a kernel. Throws ManifestError for what is wrong with the objects as a whole. */
export function draftOn(
  kernel: Kernel,
  files: readonly ObjectFile[],
  options: {
    readonly bpffs: string
    readonly btf?: BtfFile | undefined
    readonly readFile: (path: string) => Uint8Array
  },
): Drafted {
  const draft = draftManifest(files)
  const { desired, refused } = readCandidates(manifestOf(draft), { kernel, ...options })
  const reasons = refused.map(({ address, detail }) => {
    const program = draft.programs.find(({ name }) => programAddress(name) === address)
    return [program?.spec.name ?? nameOf(address), detail.replace(/^cannot [^:]*: /, '')] as const
  })
  return {
    draft,
    programs: draft.programs.flatMap((program) => draftProgram(program, desired)),
    maps: draft.maps.flatMap((map) => draftMap(map, desired)),
    refused: new Map(reasons),
  }
}

function draftProgram(program: DraftProgram, { resources }: DesiredState): DraftedProgram[] {
  const state = resources.get(programAddress(program.name))
  if (state?.kind !== 'program' || !state.code) return []
  const uses = [...new Set(state.code.references.map(({ map }) => map))]
  return [{ ...program, state, tags: programTags(state.code.instructions), uses }]
}

function draftMap(map: DraftMap, { resources }: DesiredState): DraftedMap[] {
  const state = resources.get(mapAddress(map.name))
  return state?.kind === 'map' ? [{ ...map, state }] : []
}

/** Everything in the objects, in memory only; also maps that no program uses. */
const manifestOf = ({ objects, programs, maps }: Draft): LoadedManifest =>
  unwrittenManifest({
    file: objects.map(({ file }) => file.name).join(', '),
    name: 'import',
    objects: new Map(objects.map(({ name, file }) => [name, { name, file: resolve(file.name), globals: new Map() }])),
    maps: new Map(
      maps.flatMap(({ name, spec }) => (spec.contents.kind === 'none' ? [[name, unwrittenMap(name, spec)]] : [])),
    ),
    programs: new Map(
      programs.map(({ name, spec, object }) => [name, { name, function: spec.name, object: object.name }]),
    ),
  })
