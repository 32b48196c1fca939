import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { BtfFile, KernelIdentity, LoadedManifest, PlanStamp, SavedVariable } from '../index.ts'
import type { OptionValues } from './option-table.ts'
import { bpffsOf } from './session.ts'
import type { Terminal } from './terminal.ts'
import { readVersion } from './version.ts'

/** What a plan was made from and where: with it a saved plan can be made again, and found to be the same or stale. */
export interface Envelope {
  /** `pinfold 0.1.0`. */
  readonly tool: string
  /** When it was made: ISO 8601, UTC. */
  readonly time: string
  /** 32 hexadecimal digits, by which a saved plan is known to have been used; the latter half seals the document. */
  readonly nonce: string
  readonly host: HostEnvelope
  /** Absolute path of the bpffs root. */
  readonly bpffs: string
  /** Absent where the plan does not come from a manifest: destroy, rollback, recover. */
  readonly manifest?: { readonly file: string; readonly digest: string }
  /** What the manifest uses that is given elsewhere. */
  readonly variables: readonly SavedVariable[]
  /** SHA-256 of each object file, in the order of the manifest; files are named relative to the manifest. */
  readonly objects: readonly ObjectEnvelope[]
  /** SHA-256 of the file of --btf. */
  readonly btf?: string
  /** --adopt was given. */
  readonly adopt: boolean
  /** Of a plan to destroy: --purge was given. */
  readonly purge?: true
  /** Of `plan --rollback`: the former generation that becomes live again. */
  readonly restores?: number
}

/** An object file that the plan was made from. */
export interface ObjectEnvelope {
  readonly name: string
  readonly file: string
  readonly digest: string
}

/** What makes a saved plan one of its kind. */
export const stampOf = ({ envelope }: { readonly envelope: Envelope }): PlanStamp => ({
  nonce: envelope.nonce,
  time: Date.parse(envelope.time),
})

/** The kernel and the machine that the plan was made on. */
export type HostEnvelope = Pick<KernelIdentity, 'kind' | 'release' | 'machine' | 'bootId'> & KernelIdentity['host']

/** What a manifest was resolved from. */
export interface Origin {
  readonly loaded: LoadedManifest
  /** Object files by absolute path. */
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly btf?: BtfFile | undefined
}

/** Where a plan is made. */
export interface Workplace {
  readonly identity: KernelIdentity
  readonly options: OptionValues
  readonly terminal: Terminal
  /** Absent where it does not come from a manifest. */
  readonly origin?: Origin | undefined
  /** The former generation that a rollback brings back. */
  readonly restores?: number | undefined
}

/** The envelope of a plan made here and now; its nonce is not sealed yet. */
export function makeEnvelope({ identity, options, terminal, origin, restores }: Workplace): Envelope {
  const { time, chance } = terminal.stamp()
  const { kind, host, release, machine, bootId } = identity
  return {
    tool: `pinfold ${readVersion()}`,
    time,
    nonce: chance,
    host: { kind, name: host.name, id: host.id, release, machine, bootId },
    bpffs: bpffsOf(options),
    ...(origin && { manifest: { file: origin.loaded.file, digest: origin.loaded.digest() } }),
    variables: origin?.loaded.variables ?? [],
    objects: origin ? objectsOf(origin) : [],
    ...(origin?.btf && { btf: digestOf(origin.btf.bytes) }),
    adopt: options.adopt ?? false,
    ...(options.purge && { purge: true }),
    ...(restores !== undefined && { restores }),
  }
}

function objectsOf({ loaded, files }: Origin): ObjectEnvelope[] {
  return [...loaded.manifest.objects.values()].map(({ name, file }) => ({
    name,
    file,
    digest: digestOf(files.get(resolve(loaded.directory, file)) ?? new Uint8Array()),
  }))
}

/** SHA-256 as hexadecimal text. */
export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
