import type { MapCreate } from '../../src/kernel/kernel.ts'
import type { ProgramLoad } from '../../src/kernel/program-load.ts'
import type { MapShape } from '../../src/model/map-spec.ts'
import { returning } from './assembler.ts'

/** A valid request for a small array; the test says only what differs. */
export const mapOf = (shape: Partial<MapShape> = {}, name = 'numbers'): MapCreate => ({
  name,
  shape: { type: 'array', keySize: 4, valueSize: 8, maxEntries: 4, flags: 0, mapExtra: 0, ...shape },
})

/** A valid request for an XDP program that passes every packet. */
export const xdp = (over: Partial<ProgramLoad> = {}): ProgramLoad => ({
  name: 'pass',
  load: { type: 'xdp', flags: 0, license: 'GPL' },
  instructions: returning(2),
  references: [],
  ...over,
})

/** A u32 key in this machine's byte order. */
export const key = (index: number): Uint8Array => new Uint8Array(Uint32Array.of(index).buffer)
