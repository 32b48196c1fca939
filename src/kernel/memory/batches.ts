import { mapTypeRule } from '../../model/map-types.ts'
import { fromHex, toHex } from '../../util/hex.ts'
import type { AddedInteger, Adder, Addition, EntryBatch } from '../entries.ts'
import type { AdderRequest, Fd } from '../kernel.ts'
import { assertAlive, enter, type Process } from './machine.ts'
import { mapOf, mapToRead, unknownEntries, update, valueSize } from './maps.ts'
import { refuse } from './refuse.ts'
import type { MapObject } from './world.ts'

/** Few, so that a test's writers come between two batches. */
const entriesPerBatch = 4

/** Every entry that is there when its batch is read: as BPF_MAP_LOOKUP_BATCH does, without counting as a use. */
export function* entries(process: Process, fd: Fd<'map'>): Generator<EntryBatch> {
  const command = 'BPF_MAP_LOOKUP_BATCH'
  const { map, storage } = mapToRead(process, fd, command)
  const { partial } = map
  const all = partial ? [...map.entries.keys()].map(fromHex) : storage.keys(map)
  if (typeof all === 'string') return refuse(command, all, map.name)
  const pending = [...all].map(toHex)
  const size = valueSize(process, map)
  while (pending.length > 0) {
    assertAlive(process, command)
    const found = pending.splice(0, entriesPerBatch).flatMap((key) => {
      const value = map.entries.get(key) ?? (isArray(map) ? new Uint8Array(size) : undefined)
      return value ? [{ key: fromHex(key), value }] : []
    })
    const keys = new Uint8Array(found.length * map.shape.keySize)
    const values = new Uint8Array(found.length * size)
    found.forEach(({ key, value }, index) => {
      keys.set(key, index * key.length)
      values.set(value, index * size)
    })
    if (found.length > 0) yield { keys, values, count: found.length }
  }
  if (partial) yield missingEntries(map)
}

/** What is not known of a map but its number: enough for whoever only counts. */
function missingEntries(map: MapObject): EntryBatch {
  const { count } = map.partial ?? {}
  if (count === undefined) return unknownEntries(map)
  return {
    count: count - map.entries.size,
    get keys() {
      return unknownEntries(map)
    },
    get values() {
      return unknownEntries(map)
    },
  }
}

const isArray = ({ shape }: MapObject): boolean => shape.type === 'array' || shape.type === 'percpu_array'

/** BPF_MAP_UPDATE_BATCH. */
export function writeEntries(process: Process, fd: Fd<'map'>, { keys, values, count }: EntryBatch): void {
  const map = mapOf(process, fd, 'BPF_MAP_UPDATE_BATCH')
  const { keySize } = map.shape
  const size = valueSize(process, map)
  if (keys.length < count * keySize || values.length < count * size)
    return refuse('BPF_MAP_UPDATE_BATCH', 'EINVAL', map.name)
  for (let entry = 0; entry < count; entry++) {
    const key = keys.subarray(entry * keySize, (entry + 1) * keySize)
    update(process, fd, key, values.subarray(entry * size, (entry + 1) * size))
  }
}

/** What the program does that LinuxKernel loads: one operation, before which the process may be killed, and after which all is done. */
export function openAdder(process: Process, request: AdderRequest): Adder {
  mapOf(process, request.map, 'BPF_PROG_LOAD')
  mapOf(process, request.journal, 'BPF_PROG_LOAD')
  return {
    add: (addition) => add(process, request, addition),
    [Symbol.dispose]: () => undefined,
  }
}

function add(process: Process, { map: fd, journal, integers }: AdderRequest, addition: Addition): boolean {
  const map = mapOf(process, fd, 'BPF_PROG_TEST_RUN')
  enter(process, 'add', map.name)
  const notes = valueIn(mapOf(process, journal, 'BPF_PROG_TEST_RUN'), addition.journalKey)
  const value = valueIn(map, addition.key)
  const span = Math.max(...integers.map(({ journalAt, journalSize }) => journalAt + journalSize))
  if (!value || !notes || addition.journalOffset + span > notes.length) return false
  const start = (addition.cpu ?? 0) * Math.ceil(map.shape.valueSize / 8) * 8
  integers.forEach(({ at, size, journalAt, journalSize }, index) => {
    addTo(value, { at: start + at, size }, addition.deltas[index] ?? 0n)
    write(notes, { at: addition.journalOffset + journalAt, size: journalSize }, addition.noted[index] ?? 0n)
  })
  return true
}

/** The value as it is kept, to be changed where it lies. */
function valueIn(map: MapObject, key: Uint8Array): Uint8Array | undefined {
  const text = toHex(key)
  const known = map.entries.get(text)
  if (known || !isArray(map) || numberOf(key) >= map.shape.maxEntries) return known
  const { perCpu } = mapTypeRule(map.shape.type)
  if (perCpu) return undefined
  const fresh = new Uint8Array(map.shape.valueSize)
  map.entries.set(text, fresh)
  return fresh
}

const numberOf = (key: Uint8Array): number => new DataView(key.buffer, key.byteOffset).getUint32(0, true)

type Place = Pick<AddedInteger, 'at'> & { readonly size: number }

function addTo(bytes: Uint8Array, place: Place, delta: bigint): void {
  let value = 0n
  for (let byte = place.size - 1; byte >= 0; byte--) value = (value << 8n) | BigInt(bytes[place.at + byte] ?? 0)
  write(bytes, place, value + delta)
}

function write(bytes: Uint8Array, { at, size }: Place, value: bigint): void {
  let rest = BigInt.asUintN(size * 8, value)
  for (let byte = 0; byte < size; byte++) {
    bytes[at + byte] = Number(rest & 0xffn)
    rest >>= 8n
  }
}
