import { resolve } from 'node:path'
import type { ManifestObject } from '../manifest/manifest.ts'
import { ObjectError } from '../model/errors.ts'
import { stepsOf } from '../object/btf/slot.ts'
import { applyGlobals } from '../object/globals.ts'
import { linkConfig } from '../object/link/link-config.ts'
import type { ObjectFile } from '../object/object-file.ts'
import { readObject } from '../object/read.ts'
import { complain, type LoadedObject, type Reading, sentenceOf } from './desired-reading.ts'
import { unlessUnknown } from './unless-unknown.ts'

/** Reads every object of the manifest and sets its globals; one that cannot be used is complained about and left out. */
export function readObjects(reading: Reading): LoadedObject[] {
  return [...reading.loaded.manifest.objects.values()].flatMap((object) => {
    const file = readObjectFile(reading, object)
    return file && isNative(reading, object, file) ? [withGlobals(reading, object, file)] : []
  })
}

function readObjectFile(reading: Reading, { name, file }: ManifestObject): ObjectFile | undefined {
  const bytes = readBytes(reading, name, file)
  if (!bytes) return undefined
  try {
    return readObject(bytes, file)
  } catch (error) {
    if (!(error instanceof ObjectError)) throw error
    const at = reading.loaded.at(['objects', name, 'file'])
    const hint = error.hint === undefined ? {} : { hint: error.hint }
    const summary = 'Bad object file'
    reading.complaints.push({ severity: 'error', code: error.code, summary, detail: error.message, ...hint, at })
    return undefined
  }
}

function readBytes(reading: Reading, name: string, file: string): Uint8Array | undefined {
  const path = resolve(reading.loaded.directory, file)
  try {
    return reading.world.readFile(path)
  } catch (error) {
    const detail = `cannot read object ${name}: ${fileProblem(error)} (${path})`
    complain(reading, 'M201', { detail, hint: 'the path is relative to the manifest', path: ['objects', name, 'file'] })
    return undefined
  }
}

function fileProblem(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EISDIR') return 'it is a directory'
  if (code === 'EACCES') return 'this user may not read it'
  return sentenceOf(error)
}

function isNative(reading: Reading, { name, file }: ManifestObject, object: ObjectFile): boolean {
  const { byteOrder, machine } = reading.world.kernel.identity
  if (object.byteOrder === byteOrder) return true
  complain(reading, 'O202', {
    detail: `cannot load ${file}: it was compiled for a ${object.byteOrder}-endian machine, and this one (${machine}) is ${byteOrder}-endian`,
    hint: `compile it with --target=${byteOrder === 'little' ? 'bpfel' : 'bpfeb'}`,
    path: ['objects', name, 'file'],
  })
  return false
}

function withGlobals(reading: Reading, { name, globals }: ManifestObject, file: ObjectFile): LoadedObject {
  const { data, problems } = applyGlobals(configured(reading, name, file, new Set(globals.keys())), globals)
  for (const { name: variable, code, message, hint, within = '' } of problems) {
    const at = reading.loaded.at(['objects', name, 'globals', variable, ...stepsOf(within)])
    const advice = hint === undefined ? {} : { hint }
    reading.complaints.push({ severity: 'error', code, summary: 'Bad global', detail: message, ...advice, at })
  }
  return { name, file, data }
}

/** The object with the values of this kernel's configuration; the manifest may say others. */
function configured(reading: Reading, name: string, file: ObjectFile, given: ReadonlySet<string>): ObjectFile {
  const place = { verb: `cannot use object ${name}`, path: ['objects', name] }
  const linked = unlessUnknown(reading, place, () => linkConfig(file, reading.linkTarget))
  const { object, problems } = linked ?? { object: file, problems: [] }
  for (const { name: variable, what } of problems) {
    if (given.has(variable)) continue
    complain(reading, 'O204', {
      detail: `cannot use object ${name}: it needs ${variable} of the kernel's configuration, and ${what}`,
      hint: `set it under objects.${name}.globals, or declare it __weak`,
      path: ['objects', name],
    })
  }
  return object
}
