import { poisonedCall } from '../../model/program-spec.ts'
import { type Instructions, opcodes } from '../programs/instructions.ts'
import { CoreFailure } from './core-failure.ts'

/** What a relocation makes of an instruction. */
export type Verdict =
  /** There is no such thing in this kernel: whoever executes it must not load. */
  | { readonly kind: 'poison' }
  | {
      readonly kind: 'value'
      readonly before: bigint
      readonly after: bigint
      /** `before` has to stand in the instruction. */
      readonly isCertain: boolean
      /** Bytes of the field, where it has other ones in this kernel; undefined after them: the access would be wrong. */
      readonly resized?: { readonly before: number; readonly after: number | undefined }
    }

const classes = { load64: 0, load: 1, storeImmediate: 2, store: 3, alu: 4, alu64: 7 }
const sourceIsRegister = 8
const sizeCodes: Readonly<Record<number, number>> = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 }
const sizeMask = 0x18
const highestOffset = 0x7fff

/** Writes a verdict into an instruction; true where that poisons it. Throws a CoreFailure where the instruction is none that depends on a kernel. */
export function patch(code: Instructions, index: number, verdict: Verdict): boolean {
  if (verdict.kind === 'poison') return poison(code, index)
  switch (code.opcode(index) & 7) {
    case classes.alu:
    case classes.alu64:
      if (code.opcode(index) & sourceIsRegister) throw unfit(code, index)
      expect(verdict, BigInt(code.immediate(index)))
      code.setImmediate(index, Number(BigInt.asIntN(32, verdict.after)))
      return false
    case classes.load:
    case classes.storeImmediate:
    case classes.store:
      return patchAccess(code, index, verdict)
    case classes.load64:
      return patchLoad64(code, index, verdict)
    default:
      throw unfit(code, index)
  }
}

type ValueVerdict = Extract<Verdict, { readonly kind: 'value' }>

const unfit = (code: Instructions, index: number): CoreFailure =>
  new CoreFailure(`instruction ${index} (opcode 0x${code.opcode(index).toString(16)}) is none that can be relocated`)

/** Numbers in instructions have a sign, which the 64 bits of a value go on with. */
function expect({ before, isCertain }: ValueVerdict, found: bigint): void {
  if (!isCertain || BigInt.asUintN(64, found) === before) return
  throw new CoreFailure(`the instruction holds ${found}, but by the types of the object it should be ${before}`)
}

function patchAccess(code: Instructions, index: number, verdict: ValueVerdict): boolean {
  const { after, resized } = verdict
  expect(verdict, BigInt(code.offset(index)))
  if (after > highestOffset) throw new CoreFailure(`the offset ${after} is too large for one instruction`)
  if (resized && resized.after === undefined) return poison(code, index)
  if (resized) resize(code, index, resized)
  code.setOffset(index, Number(after))
  return false
}

function resize(code: Instructions, index: number, { before, after = 0 }: NonNullable<ValueVerdict['resized']>): void {
  const opcode = code.opcode(index)
  const size = sizeCodes[after]
  if ((opcode & sizeMask) !== sizeCodes[before]) {
    throw new CoreFailure(`the instruction does not access the ${before} bytes of the field`)
  }
  if (size === undefined) throw new CoreFailure(`a field of ${after} bytes cannot be loaded at once`)
  code.setOpcode(index, (opcode & ~sizeMask) | size)
}

function patchLoad64(code: Instructions, index: number, verdict: ValueVerdict): false {
  const second = index + 1
  const isPlain =
    code.opcode(index) === opcodes.loadImmediate64 &&
    second < code.count &&
    code.source(index) === 0 &&
    code.offset(index) === 0 &&
    code.opcode(second) === 0 &&
    code.registers(second) === 0 &&
    code.offset(second) === 0
  if (!isPlain) throw unfit(code, index)
  const low = BigInt.asUintN(32, BigInt(code.immediate(index)))
  expect(verdict, (BigInt(code.immediate(second)) << 32n) | low)
  code.setImmediate(index, Number(BigInt.asIntN(32, verdict.after)))
  code.setImmediate(second, Number(BigInt.asIntN(32, verdict.after >> 32n)))
  return false
}

/** Both halves of a 16-byte instruction, so that the verifier's complaint is about this and nothing else. */
function poison(code: Instructions, index: number): true {
  const isPair = code.opcode(index) === opcodes.loadImmediate64 && index + 1 < code.count
  for (const at of isPair ? [index, index + 1] : [index]) {
    code.clear(at)
    code.setOpcode(at, opcodes.call)
    code.setImmediate(at, poisonedCall)
  }
  return true
}
