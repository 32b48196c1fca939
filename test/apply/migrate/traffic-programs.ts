import { mapAddress } from '../../../src/model/address.ts'
import type { Code } from '../../../src/model/program-spec.ts'
import type { MapState } from '../../../src/model/state.ts'
import { assemble, call, exit, type Instruction, loadReference, mov } from '../../support/assembler.ts'

const helper = { lookup: 1, update: 2, delete: 3, random: 7 } as const
const [R0, R1, R2, R3, R4, ROUNDS, KEY, FRAME] = [0, 1, 2, 3, 4, 6, 7, 10] as const

const copy = (destination: number, source: number): Instruction => ({ opcode: 0xbf, destination, source })
const addNumber = (destination: number, immediate: number): Instruction => ({ opcode: 0x07, destination, immediate })
const andNumber = (destination: number, immediate: number): Instruction => ({ opcode: 0x57, destination, immediate })
const storeWord = (offset: number, source: number): Instruction => ({
  opcode: 0x63,
  destination: FRAME,
  source,
  offset,
})
const storeLong = (destination: number, offset: number, immediate: number): Instruction => ({
  opcode: 0x7a,
  destination,
  offset,
  immediate,
})
const atomicAdd = (destination: number, source: number): Instruction => ({ opcode: 0xdb, destination, source })

/** A place to jump to, and a jump: resolved when the code is finished. */
type Item =
  | Instruction
  | { readonly label: string }
  | { readonly jump: string; readonly opcode: number; readonly destination?: number; readonly immediate?: number }
  | { readonly map: string; readonly destination: number }

const ifZero = (destination: number, to: string): Item => ({ jump: to, opcode: 0x15, destination, immediate: 0 })
const ifNotZero = (destination: number, to: string): Item => ({ jump: to, opcode: 0x55, destination, immediate: 0 })
const go = (to: string): Item => ({ jump: to, opcode: 0x05 })
const map = (destination: number, name: string): Item => ({ map: name, destination })

const keyAt = -4
const valueAt = -40

function finish(items: readonly Item[]): Code<MapState['address']> {
  const size = (item: Item): number => ('label' in item ? 0 : 'map' in item ? 2 : 1)
  const places = new Map<string, number>()
  let at = 0
  for (const item of items) {
    if ('label' in item) places.set(item.label, at)
    at += size(item)
  }
  const references: { instruction: number; kind: 'map'; map: MapState['address']; offset: number }[] = []
  const instructions: Instruction[] = []
  for (const item of items) {
    if ('label' in item) continue
    if ('map' in item) {
      references.push({ instruction: instructions.length, kind: 'map', map: mapAddress(item.map), offset: 0 })
      instructions.push(...loadReference(item.destination))
    } else if ('jump' in item) {
      const { jump, ...rest } = item
      instructions.push({ ...rest, offset: (places.get(jump) ?? 0) - instructions.length - 1 })
    } else instructions.push(item)
  }
  return { instructions: assemble(instructions), references }
}

const randomKey = (mask: number): Item[] => [
  call(helper.random),
  andNumber(R0, mask),
  copy(KEY, R0),
  storeWord(keyAt, R0),
]

const lookUp = (name: string): Item[] => [map(R1, name), copy(R2, FRAME), addNumber(R2, keyAt), call(helper.lookup)]

/** Adds one to the first number of the entry, which is made where it is not there. */
const countIn = (name: string, valueSize: number): Item[] => [
  ...lookUp(name),
  ifNotZero(R0, `${name} found`),
  ...Array.from({ length: valueSize / 8 }, (_, word) => storeLong(FRAME, valueAt + word * 8, 0)),
  map(R1, name),
  copy(R2, FRAME),
  addNumber(R2, keyAt),
  copy(R3, FRAME),
  addNumber(R3, valueAt),
  mov(R4, 1),
  call(helper.update),
  ...lookUp(name),
  ifZero(R0, `${name} end`),
  { label: `${name} found` },
  mov(R1, 1),
  atomicAdd(R0, R1),
  { label: `${name} end` },
]

/** As programs count that have a CPU to themselves: load, add, store. */
const countOnCpu = (name: string): Item[] => [
  ...lookUp(name),
  ifZero(R0, `${name} end`),
  { opcode: 0x79, destination: R1, source: R0 },
  addNumber(R1, 1),
  { opcode: 0x7b, destination: R0, source: R1 },
  { label: `${name} end` },
]

/** Notes in an array whether the entry of this key is there. */
const note = (name: string, there: 0 | 1): Item[] => [
  ...lookUp(name),
  ifZero(R0, `${name} ${there} end`),
  storeLong(R0, 0, there),
  { label: `${name} ${there} end` },
]

/** Sets an entry, made or not. */
const set = (name: string, valueSize: number): Item[] => [
  ...Array.from({ length: valueSize / 8 }, (_, word) => storeLong(FRAME, valueAt + word * 8, 7)),
  map(R1, name),
  copy(R2, FRAME),
  addNumber(R2, keyAt),
  copy(R3, FRAME),
  addNumber(R3, valueAt),
  mov(R4, 0),
  call(helper.update),
]

const remove = (name: string): Item[] => [map(R1, name), copy(R2, FRAME), addNumber(R2, keyAt), call(helper.delete)]

/** Keys of the counters and of what comes and goes. */
export const keys = { counts: 1024, cpu: 16, churn: 1024 }

/**
 * For every packet, many times: counts in the map that is migrated and in one that is not, per CPU too; makes entries (the first
 * version only) and deletes some, and notes elsewhere what there is. `valueSize` is that of the migrated maps.
 */
export function trafficProgram(valueSize: number, makes: boolean): Code<MapState['address']> {
  return finish([
    mov(ROUNDS, 24),
    { label: 'round' },
    ...randomKey(keys.counts - 1),
    ...countIn('counts', valueSize),
    ...countIn('truth', 8),
    ...randomKey(keys.cpu - 1),
    ...countOnCpu('cpu'),
    ...countOnCpu('cpu_truth'),
    // The second version leaves the upper half as the first one left it.
    ...randomKey((makes ? keys.churn : keys.churn / 2) - 1),
    ...(makes
      ? [
          call(helper.random),
          andNumber(R0, 1),
          ifZero(R0, 'delete'),
          ...set('churn', valueSize),
          ...note('there', 1),
          go('next'),
        ]
      : []),
    { label: 'delete' },
    ...remove('churn'),
    ifNotZero(R0, 'next'),
    ...note('there', 0),
    { label: 'next' },
    addNumber(ROUNDS, -1),
    ifNotZero(ROUNDS, 'round'),
    mov(R0, 2),
    exit,
  ])
}
