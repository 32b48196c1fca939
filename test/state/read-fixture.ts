import { readFileSync } from 'node:fs'
import type { Kernel } from '../../src/kernel/kernel.ts'
import { type MemoryMachineOptions, openMemoryKernel } from '../../src/kernel/memory/memory-kernel.ts'
import type { Address } from '../../src/model/address.ts'
import { ManifestError } from '../../src/model/errors.ts'
import type { BtfFile } from '../../src/model/machine.ts'
import type { DesiredState, LinkState, MapState, ProgramState } from '../../src/model/state.ts'
import { readDesired } from '../../src/state/read-desired.ts'
import { valid } from '../manifest/parse.ts'

export interface FixtureOptions {
  readonly kernel?: Kernel
  readonly machine?: MemoryMachineOptions
  /** Where objects are looked up; default the compiled fixtures. */
  readonly directory?: string
  /** As in DesiredWorld. */
  readonly trustsForeign?: boolean
  readonly btf?: BtfFile
}

/** Reads a manifest over the compiled fixtures, on an empty machine in memory. `text` begins in line 3. */
export function readManifest(text: string, options: FixtureOptions = {}): DesiredState {
  const { kernel = openMemoryKernel(options.machine), directory = 'test/fixtures' } = options
  const { trustsForeign = false, btf } = options
  const loaded = valid(`version: 1\nname: edge\n${text}`, { directory })
  const readFile = (path: string): Uint8Array => new Uint8Array(readFileSync(path))
  return readDesired(loaded, { kernel, readFile, bpffs: '/sys/fs/bpf', trustsForeign, btf })
}

/** The complaints, as `M202 4:3`; none where all is well. */
export function mistakes(text: string, options: FixtureOptions = {}): string[] {
  return diagnosticsOf(text, options).map(({ code, at }) => `${code} ${at?.line}:${at?.column}`)
}

/** The complaints' sentences. */
export const sentences = (text: string, options: FixtureOptions = {}): string =>
  diagnosticsOf(text, options)
    .map(({ detail }) => detail)
    .join('\n')

function diagnosticsOf(text: string, options: FixtureOptions): ManifestError['diagnostics'] {
  try {
    readManifest(text, options)
    return []
  } catch (error) {
    if (error instanceof ManifestError) return error.diagnostics
    throw error
  }
}

export const mapIn = (state: DesiredState, name: string): MapState => state.resources.get(`map.${name}`) as MapState
export const programIn = (state: DesiredState, name: string): ProgramState =>
  state.resources.get(`program.${name}`) as ProgramState
export const linkIn = (state: DesiredState, name: string): LinkState => state.resources.get(`link.${name}`) as LinkState

export const addresses = (state: DesiredState): Address[] => [...state.resources.keys()]
