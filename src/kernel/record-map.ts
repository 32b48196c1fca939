import { deflateSync, inflateSync } from 'node:zlib'
import { KernelError } from '../model/errors.ts'
import type { MapShape } from '../model/map-spec.ts'
import type { StackRecord } from '../model/record.ts'
import type { Fd, Kernel, ObjectInfo } from './kernel.ts'

/** The record map's name in the kernel; with its shape it tells a record from other maps. */
export const recordMapName = 'pinfold_record'

/**
 * Writes a stack's record into a one-entry array map, freezes it and pins it at `path` (absolute). Throws KernelError,
 * EEXIST where the path is taken. Linux 5.2.
 */
export function writeRecord(kernel: Kernel, record: StackRecord, path: string): void {
  const value = encodeRecord(record)
  using map = kernel.createMap({ name: recordMapName, shape: recordShape(value.length) })
  kernel.update(map, firstKey, value)
  kernel.freeze(map)
  kernel.pin(map, path)
}

/**
 * Reads the record pinned at `path` (absolute), of which `info` may be known; undefined where nothing is pinned, and for anything that is not a valid
 * record. Throws KernelError where it cannot be told (EPERM, EMFILE, ENOMEM): a stack without a record looks like somebody else's.
 */
export function readRecord(kernel: Kernel, path: string, info?: ObjectInfo): StackRecord | undefined {
  try {
    if (!isRecord(info ?? kernel.describePin(path))) return undefined
    using fd = kernel.openPin(path)
    const value = fd.kind === 'map' ? kernel.lookup(fd as Fd<'map'>, firstKey) : undefined
    return value && decodeRecord(Buffer.from(value.buffer, value.byteOffset, value.length))
  } catch (error) {
    if (error instanceof KernelError && noRecord.has(error.errno)) return undefined
    throw error
  }
}

/** Nothing there, no pin, or gone while we looked. */
const noRecord: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'EINVAL', 'ELOOP'])

/** True for a map that has the name and the shape of a record; what is in it may still be damaged. */
export function isRecord(info: ObjectInfo): boolean {
  if (info.kind !== 'map' || info.type !== 'array' || info.name !== recordMapName) return false
  const { keySize, valueSize, maxEntries } = info.shape
  return keySize === firstKey.length && maxEntries === 1 && valueSize <= largestValue
}

// Header of the value: four bytes that name the format, then the length of what follows, little-endian on every machine.
const formats = { text: Buffer.from('pfr0'), compressed: Buffer.from('pfr1') }
const magicSize = 4
const headerSize = 8
/** A text of up to so many bytes, that of a hundred maps and a hundred programs, is kept as it is: reading it takes two thirds of the time then. */
const smallText = 64 * 1024
const largestValue = 64 * 1024 * 1024
const largestText = 512 * 1024 * 1024
/** One piece of memory holds most texts: that of a hundred maps and a hundred programs has 42 KB. */
const usualText = 64 * 1024
const firstKey = new Uint8Array(4)

function encodeRecord(record: StackRecord): Uint8Array {
  const text = Buffer.from(JSON.stringify(record))
  const isSmall = text.length <= smallText
  const content = isSmall ? text : deflateSync(text)
  const value = Buffer.alloc(headerSize + content.length)
  formats[isSmall ? 'text' : 'compressed'].copy(value)
  value.writeUInt32LE(content.length, magicSize)
  content.copy(value, headerSize)
  return value
}

const recordShape = (valueSize: number): MapShape => ({
  type: 'array',
  keySize: firstKey.length,
  valueSize,
  maxEntries: 1,
  flags: 0,
  mapExtra: 0,
})

/** The array may be longer than the record (the kernel rounds value sizes up to 8), so the header's length decides. */
function decodeRecord(value: Buffer): StackRecord | undefined {
  if (value.length < headerSize) return undefined
  const length = value.readUInt32LE(magicSize)
  if (headerSize + length > value.length) return undefined
  try {
    const text = textOf(value, value.subarray(headerSize, headerSize + length))
    const json: unknown = text && JSON.parse(text.toString('utf8'))
    return isStackRecord(json) ? json : undefined
  } catch {
    return undefined
  }
}

function textOf(value: Buffer, content: Buffer): Buffer | undefined {
  const magic = value.subarray(0, magicSize)
  if (formats.text.equals(magic)) return content
  if (!formats.compressed.equals(magic)) return undefined
  return inflateSync(content, { maxOutputLength: largestText, chunkSize: usualText })
}

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

const allOf = (table: unknown, check: (row: Json) => boolean): boolean =>
  isObject(table) && Object.values(table).every((row) => isObject(row) && check(row))

const listOf = (list: unknown, check: (row: Json) => boolean): boolean =>
  Array.isArray(list) && list.every((row) => isObject(row) && check(row))

const isStackRecord = (value: unknown): value is StackRecord =>
  isObject(value) &&
  value['version'] === 1 &&
  typeof value['stack'] === 'string' &&
  Number.isSafeInteger(value['generation']) &&
  (value['phase'] === 'published' || value['phase'] === 'destroying') &&
  typeof value['manifest'] === 'string' &&
  (value['pins'] === undefined || isPins(value['pins'])) &&
  (value['directories'] === undefined || isTexts(value['directories'])) &&
  (value['awaits'] === undefined || isAwaited(value['awaits'])) &&
  (value['migrations'] === undefined || listOf(value['migrations'], isMigration)) &&
  (value['written'] === undefined || listOf(value['written'], isWritten)) &&
  allOf(value['programs'], isProgram) &&
  allOf(value['maps'], isMap) &&
  allOf(value['links'], isLink)

const isTexts = (list: unknown): boolean => Array.isArray(list) && list.every((item) => typeof item === 'string')

const isPins = (pins: unknown): boolean =>
  isObject(pins) && Object.values(pins).every((address) => typeof address === 'string')
const isMigration = (row: Json): boolean =>
  typeof row['map'] === 'string' &&
  Number.isSafeInteger(row['source']) &&
  [row['from'], row['to']].every(
    (side) => isObject(side) && typeof side['type'] === 'string' && isObject(side['layout']),
  )

const isWritten = (row: Json): boolean =>
  typeof row['map'] === 'string' &&
  [row['key'], row['before'] ?? '', row['after'] ?? ''].every((bytes) => typeof bytes === 'string')

const isAwaited = (value: unknown): boolean =>
  isObject(value) && Number.isSafeInteger(value['former']) && typeof value['within'] === 'number'

const isProgram = (row: Json): boolean =>
  isObject(row['load']) &&
  typeof row['load']['type'] === 'string' &&
  Array.isArray(row['tags']) &&
  typeof row['instructions'] === 'string' &&
  Array.isArray(row['references'])

const isMap = (row: Json): boolean =>
  (row['owner'] === 'stack' || row['owner'] === 'foreign') &&
  typeof row['pinned'] === 'boolean' &&
  isObject(row['layout'])

const isLink = (row: Json): boolean =>
  typeof row['program'] === 'string' && isObject(row['target']) && typeof row['target']['kind'] === 'string'
