import type { ManifestEntry } from '../manifest/manifest.ts'
import type { Entry } from '../model/map-spec.ts'
import type { MapType } from '../model/map-types.ts'
import type { MapContents } from '../model/state.ts'
import { encodeValue } from '../object/btf/encode.ts'
import { encodeLpmKey } from '../object/btf/lpm-key.ts'
import { stepsOf } from '../object/btf/slot.ts'
import { type Hex, toHex } from '../util/hex.ts'
import { complain, type Place, type Reading } from './desired-reading.ts'
import { numberAt } from './held.ts'
import type { ContentsQuestion } from './map-question.ts'

/** Encodes declared entries by the BTF types of the map's key and value; what does not fit is complained about. */
export function readEntries(
  reading: Reading,
  question: ContentsQuestion,
  declared: readonly ManifestEntry[],
): MapContents {
  if (!takesEntries(reading, question)) return { kind: 'runtime' }
  checkNumber(reading, question, declared.length)
  const entries = new Map<Hex, Entry>()
  for (const entry of declared) {
    const encoded = encodeEntry(reading, question, entry)
    if (encoded && entries.has(encoded.key)) complainTwice(reading, question, entry)
    else if (encoded) entries.set(encoded.key, encoded)
  }
  return { kind: 'entries', entries: [...entries.values()].sort((a, b) => (a.key < b.key ? -1 : 1)) }
}

/** Types whose keys and values are plain bytes to user space. */
const plainTypes: ReadonlySet<MapType> = new Set([
  'hash',
  'array',
  'percpu_hash',
  'percpu_array',
  'lru_hash',
  'lru_percpu_hash',
  'lpm_trie',
  'devmap',
  'devmap_hash',
  'cpumap',
])

const indexed: ReadonlySet<MapType> = new Set(['array', 'percpu_array', 'devmap', 'cpumap'])

const BPF_F_PRESERVE_ELEMS = 1 << 11

function takesEntries(reading: Reading, { map, shape }: ContentsQuestion): boolean {
  if (plainTypes.has(shape.type)) return true
  const path = ['maps', map.name, 'entries']
  if (shape.type === 'perf_event_array' && !(shape.flags & BPF_F_PRESERVE_ELEMS)) {
    complain(reading, 'M217', {
      detail: `cannot fill ${map.address}: the kernel removes entries of a perf event array together with the file that installed them, so they would not outlive this process`,
      hint: 'add BPF_F_PRESERVE_ELEMS to its map_flags, or leave the entries to the program that reads the events',
      address: map.address,
      path,
    })
    return false
  }
  const detail = `cannot fill ${map.address}: entries of a ${shape.type} map are not plain keys and values`
  complain(reading, 'M212', { detail, hint: 'leave `entries:` out', address: map.address, path })
  return false
}

function encodeEntry(reading: Reading, question: ContentsQuestion, entry: ManifestEntry): Entry | undefined {
  const key = encodeSide(reading, question, { side: 'key', entry })
  const value = encodeSide(reading, question, { side: 'value', entry })
  if (!key || !value || !isWithin(reading, question, { key, entry })) return undefined
  return { key: toHex(key), value: toHex(value) }
}

interface Side {
  readonly side: 'key' | 'value'
  readonly entry: ManifestEntry
}

function encodeSide(reading: Reading, question: ContentsQuestion, { side, entry }: Side): Uint8Array | undefined {
  const { map, object, spec, shape } = question
  const [typeId, size] = side === 'key' ? [spec.keyTypeId, shape.keySize] : [spec.valueTypeId, shape.valueSize]
  const type = { types: object.file.btf?.types, typeId, size, byteOrder: object.file.byteOrder }
  const encode = side === 'key' && shape.type === 'lpm_trie' ? encodeLpmKey : encodeValue
  const encoded = encode(entry[side], type)
  if ('bytes' in encoded) return encoded.bytes
  for (const { path: within, detail, hint } of encoded.problems) {
    complain(reading, 'M215', {
      detail: `cannot fill ${map.address}: the ${side}${within === '' ? '' : ` (at ${within})`} does not fit: ${detail}`,
      ...(hint === undefined ? {} : { hint }),
      address: map.address,
      ...placeWithin(entry, { side, within }),
    })
  }
  return undefined
}

/** Inside of a value, the field itself: it may stand on another line. */
function placeWithin(entry: ManifestEntry, { side, within }: Pick<Side, 'side'> & { readonly within: string }): Place {
  const place = placeOf(entry, side)
  return within === '' ? place : { path: [...(place.path ?? []), ...stepsOf(within)] }
}

/** An item of a list has `key` and `value`; in a mapping the entry itself is both. */
const placeOf = ({ path }: ManifestEntry, side: Side['side']): Place =>
  typeof path.at(-1) === 'number' ? { path: [...path, side] } : { path, part: side }

function isWithin(
  reading: Reading,
  { map, shape }: ContentsQuestion,
  { key, entry }: { readonly key: Uint8Array; readonly entry: ManifestEntry },
): boolean {
  if (!indexed.has(shape.type) || shape.keySize !== 4) return true
  const index = numberAt(reading.world.kernel, key, 0)
  if (index < shape.maxEntries) return true
  complain(reading, 'M213', {
    detail: `cannot fill ${map.address}: index ${index} is beyond the last, ${shape.maxEntries - 1}`,
    hint: `write \`maxEntries: ${index + 1}\`, or a smaller index`,
    address: map.address,
    ...placeOf(entry, 'key'),
  })
  return false
}

function checkNumber(reading: Reading, { map, shape }: ContentsQuestion, count: number): void {
  if (count <= shape.maxEntries) return
  complain(reading, 'M213', {
    detail: `cannot fill ${map.address}: ${count} entries are declared, and it has room for ${shape.maxEntries}`,
    hint: `write \`maxEntries: ${count}\` or more`,
    address: map.address,
    path: ['maps', map.name, 'entries'],
  })
}

/** Two ways to write one key: `1` and `0x01000000`. */
function complainTwice(reading: Reading, { map }: ContentsQuestion, entry: ManifestEntry): void {
  const detail = `cannot fill ${map.address}: another entry above has the same key`
  complain(reading, 'M215', { detail, hint: 'remove one of them', address: map.address, ...placeOf(entry, 'key') })
}
