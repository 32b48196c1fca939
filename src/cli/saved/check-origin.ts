import { resolve } from 'node:path'
import { type BtfFile, type Diagnostic, type KernelIdentity, type LoadedManifest, ManifestError } from '../../index.ts'
import { digestOf, type Envelope, type ObjectEnvelope } from '../envelope.ts'
import { readBytes } from '../read-bytes.ts'
import { stale } from './stale.ts'

/** A saved plan's envelope, and the file that it came in. */
export interface SavedEnvelope {
  readonly file: string
  readonly envelope: Envelope
}

/** Throws a PlanError where the plan was made for another machine (P313), or before it was booted (P314). */
export function checkHost({ file, envelope: { host } }: SavedEnvelope, here: KernelIdentity): void {
  if (host.kind !== here.kind) {
    const kinds = { linux: 'a Linux kernel', memory: 'a kernel in memory' }
    throw stale(file, 'P313', `it was made for ${kinds[host.kind]}, and this is ${kinds[here.kind]}`)
  }
  if (host.id !== here.host.id) {
    const other = host.name === here.host.name ? `another host that is also named ${host.name}` : `host ${host.name}`
    throw stale(file, 'P313', `it was made for ${other}, and this is ${here.host.name}`)
  }
  if (host.bootId !== here.bootId)
    throw stale(file, 'P314', `it was made before ${here.host.name} was booted, and no pin outlives that`)
}

/** Throws a PlanError (P315) where the options name another bpffs than the plan. */
export function checkBpffs({ file, envelope }: SavedEnvelope, bpffs: string): void {
  if (envelope.bpffs === bpffs) return
  throw stale(file, 'P315', `it was made for the bpffs at ${envelope.bpffs}, and not for ${bpffs}`)
}

/** Loads the manifest again; throws a PlanError (P317) where it is not what the plan was made from. */
export function checkManifest({ file, envelope }: SavedEnvelope, load: () => LoadedManifest): LoadedManifest {
  const loaded = loadAgain(file, load)
  if (loaded.digest() === envelope.manifest?.digest) return loaded
  throw stale(file, 'P317', `${loaded.file} has changed since the plan was made`)
}

/** The manifest was right once: where it has a mistake now it was changed. One that cannot be read is in another place. */
function loadAgain(file: string, load: () => LoadedManifest): LoadedManifest {
  try {
    return load()
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error
    if (error.code === 'M009') throw new ManifestError(error.message, error.diagnostics.map(lookElsewhere))
    // Which mistake is not said: a forged plan may name any file as its manifest, and would have it read out.
    const hint = 'pinfold validate tells the mistakes; then plan again'
    throw stale(file, 'P317', 'the manifest has changed since the plan was made, and has mistakes now', hint)
  }
}

const lookElsewhere = (diagnostic: Diagnostic): Diagnostic => ({
  ...diagnostic,
  hint: 'apply it in the directory in which it was planned, or name the manifest with -f',
})

/** Reads the object files again; throws a PlanError (P318) that names the first that changed. */
export function checkObjects(
  { file, envelope }: SavedEnvelope,
  { directory }: LoadedManifest,
): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  for (const object of envelope.objects) {
    const path = resolve(directory, object.file)
    const bytes = files.get(path) ?? readObject(file, object, path)
    if (digestOf(bytes) !== object.digest)
      throw stale(file, 'P318', `object ${object.name} (${path}) has changed since the plan was made`)
    files.set(path, bytes)
  }
  return files
}

function readObject(file: string, { name }: ObjectEnvelope, path: string): Uint8Array {
  try {
    return readBytes(path)
  } catch {
    throw stale(file, 'P318', `object ${name} (${path}) cannot be read any more`)
  }
}

/** Throws a PlanError (P319) where CO-RE would be decided by other BTF. */
export function checkBtf({ file, envelope }: SavedEnvelope, btf: BtfFile | undefined): void {
  const digest = btf && digestOf(btf.bytes)
  if (digest === envelope.btf) return
  const hint = 'give --btf as for the plan, or plan again'
  if (!btf) throw stale(file, 'P319', 'it was made with --btf, which is not given now', hint)
  throw stale(
    file,
    'P319',
    envelope.btf ? `${btf.name} is not the BTF that it was made with` : 'it was made without --btf',
    hint,
  )
}
