import type { Fd } from '../../src/kernel/kernel.ts'
import type { FdReference, ProgramLoad } from '../../src/kernel/program-load.ts'
import type { LoadAttributes } from '../../src/model/program-spec.ts'
import { assemble, call, exit, type Instruction, loadReference, mov } from '../support/assembler.ts'

/** Code with the descriptors that it refers to: the part of a ProgramLoad that a test writes by hand. */
export interface Assembly {
  readonly instructions: Uint8Array
  readonly references: readonly FdReference[]
}

/** `return n`. */
export const returnConstant = (n: number): Assembly => assembled([mov(0, n), exit])

/** Tail-calls slot `index` of a program array; returns n when the slot is empty. R1 still holds the context. */
export const tailCall = (array: Fd<'map'>, index = 0, n = 0): Assembly =>
  assembled([...loadReference(2), mov(3, index), call(tailCallHelper), mov(0, n), exit], [reference(array)])

/** Refers to maps without doing anything with them, then returns n. */
export const useMaps = (maps: readonly Fd<'map'>[], n = 0): Assembly =>
  assembled(
    [...maps.flatMap(() => loadReference(1)), mov(0, n), exit],
    maps.map((map, index) => reference(map, { instruction: index * 2 })),
  )

/** Refers to byte `offset` of the value of a one-entry array, then returns 0. */
export const useValue = (map: Fd<'map'>, offset: number): Assembly =>
  assembled([...loadReference(1), mov(0, 0), exit], [reference(map, { kind: 'value', offset })])

/** A request to load an assembled program: XDP, GPL, unless said otherwise. */
export const programLoad = (name: string, code: Assembly, load: Partial<LoadAttributes> = {}): ProgramLoad => ({
  name,
  load: { type: 'xdp', flags: 0, license: 'GPL', ...load },
  ...code,
})

const tailCallHelper = 12

const reference = (map: Fd<'map'>, change: Partial<FdReference> = {}): FdReference => ({
  instruction: 0,
  kind: 'map',
  map,
  offset: 0,
  ...change,
})

const assembled = (code: readonly Instruction[], references: readonly FdReference[] = []): Assembly => ({
  instructions: assemble(code),
  references,
})
