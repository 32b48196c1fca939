import {
  type DesiredState,
  type DesiredWorld,
  guardDesired,
  type LoadedManifest,
  type LoadOptions,
  loadManifest,
  ManifestError,
  readDesired,
} from '../index.ts'
import type { Session } from './command-session.ts'
import type { Origin } from './envelope.ts'
import type { OptionValues } from './option-table.ts'
import { readBytes } from './read-bytes.ts'
import { bpffsOf } from './session.ts'
import type { Terminal } from './terminal.ts'
import { UsageError } from './usage-error.ts'

/** Loads the manifest that the options name, with their variables. */
export function readManifest(options: OptionValues, { environment }: Terminal): LoadedManifest {
  const sources: LoadOptions = {
    variables: variablesOf(options.var ?? []),
    variableFiles: options['var-file'] ?? [],
    environment,
    bpffs: bpffsOf(options),
  }
  return loadManifest(options.file ?? 'pinfold.yaml', sources)
}

function variablesOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)]
      throw new UsageError(`cannot read --var ${pair}: it is not NAME=VALUE`, {
        code: 'C106',
        hint: `write --var ${pair.replace(/^=.*/, 'NAME')}=VALUE`,
      })
    }),
  )
}

/** What a plan for a manifest comes from, once the manifest was resolved. */
export const originOf = (loaded: LoadedManifest, { files, btf }: Session): Origin => ({ loaded, files, btf })

/** What a manifest is resolved against; `files` has object files that were read before, and keeps those that are read now. */
type WishWorld = Omit<DesiredWorld, 'readFile'> & { readonly files?: Map<string, Uint8Array> }

/**
 * Resolves a manifest against its objects and a kernel; refuses one that would leave a program array without
 * a holder before anything is asked of bpf(2).
 */
export function wish(loaded: LoadedManifest, world: WishWorld): DesiredState {
  const { kernel, bpffs, btf, measure, files, trustsForeign = false } = world
  const readFile = (path: string): Uint8Array => {
    const bytes = files?.get(path) ?? readBytes(path)
    files?.set(path, bytes)
    return bytes
  }
  const desired = readDesired(loaded, { kernel, bpffs, btf, measure, trustsForeign, readFile })
  const problems = guardDesired(desired)
  if (problems.length > 0) throw new ManifestError(`cannot use ${loaded.file}: a map would be left unheld`, problems)
  return desired
}
