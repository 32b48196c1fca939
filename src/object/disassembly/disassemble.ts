import type { Code, FunctionPlace } from '../../model/program-spec.ts'
import { poisonedCall } from '../../model/program-spec.ts'
import type { ByteOrder } from '../cursor.ts'
import { Instructions, opcodes, pseudo, pseudoCall } from '../programs/instructions.ts'
import { helperName } from './helper-names.ts'
import { type Fields, instructionText } from './instruction-text.ts'

/** How to read code. */
export interface Disassembly {
  readonly byteOrder: ByteOrder
  /** Names of its functions, as far as they are known. */
  readonly functions?: readonly FunctionPlace[]
}

/** One instruction as text. */
export interface DisassembledLine {
  /** Index of its first 8-byte slot. */
  readonly instruction: number
  readonly text: string
}

/**
 * Instructions in the notation of the verifier's log (`bpftool prog dump xlated`), but with names where that has numbers: maps
 * as `map[flows]`, helpers as `bpf_map_lookup_elem`, functions of the program by their names. Jumps stay relative, so that an
 * instruction more does not change the text of those behind it. Any bytes have a text.
 */
export function disassemble(code: Code, { byteOrder, functions = [] }: Disassembly): readonly DisassembledLine[] {
  const instructions = new Instructions(code.instructions, byteOrder)
  const references = new Map(code.references.map((reference) => [reference.instruction, reference]))
  const names = new Map(functions.map(({ start, name }) => [start, name]))
  const lines: DisassembledLine[] = []
  for (let index = 0; index < instructions.count; index++) {
    const fields = fieldsAt(instructions, index)
    const isPair = fields.opcode === opcodes.loadImmediate64
    const reference = references.get(index)
    const text =
      isPair && reference
        ? `r${fields.destination} = ${mapText(reference)}`
        : isPair
          ? pairText(fields, instructions, { index, names })
          : fields.opcode === opcodes.call
            ? callText(fields, { index, names })
            : instructionText(fields)
    lines.push({ instruction: index, text })
    if (isPair) index++
  }
  return lines
}

/** Where the functions of the code begin, by who calls them or takes their address: the first one at 0. */
export function functionStarts({ instructions: bytes }: Code, byteOrder: ByteOrder): readonly number[] {
  const instructions = new Instructions(bytes, byteOrder)
  const starts = new Set([0])
  for (let index = 0; index < instructions.count; index++) {
    const { opcode, source, immediate } = fieldsAt(instructions, index)
    const isPair = opcode === opcodes.loadImmediate64
    const calls = opcode === opcodes.call && source === pseudoCall.local
    if (calls || (isPair && source === pseudo.function)) starts.add(index + 1 + immediate)
    if (isPair) index++
  }
  return [...starts].sort((a, b) => a - b)
}

const fieldsAt = (instructions: Instructions, index: number): Fields => ({
  opcode: instructions.opcode(index),
  destination: instructions.destination(index),
  source: instructions.source(index),
  offset: instructions.offset(index),
  immediate: instructions.immediate(index),
})

/** The value of a data map is its only one. */
function mapText({ kind, map, offset }: Code['references'][number]): string {
  const name = map.replace(/^map\./, '')
  return kind === 'map' ? `map[${name}]` : `map[${name}][0]+${offset}`
}

interface Place {
  readonly index: number
  /** By their first slot. */
  readonly names: ReadonlyMap<number, string>
}

/** A 64-bit number, or what stands for an address that the kernel puts there. */
function pairText(
  { destination, source, immediate }: Fields,
  instructions: Instructions,
  { index, names }: Place,
): string {
  const high = index + 1 < instructions.count ? instructions.immediate(index + 1) : 0
  const value = (BigInt(high >>> 0) << 32n) | BigInt(immediate >>> 0)
  switch (source) {
    case 0:
      return `r${destination} = 0x${value.toString(16)}`
    case pseudo.function:
      return `r${destination} = func[${functionName(index + 1 + immediate, { index, names })}]`
    case pseudo.btfId:
      return `r${destination} = btf[id:${immediate}${high === 0 ? '' : `, module ${high}`}]`
    default:
      return `r${destination} = pseudo${source}[0x${value.toString(16)}]`
  }
}

function callText({ source, offset, immediate }: Fields, place: Place): string {
  if (source === pseudoCall.local) return `call ${functionName(place.index + 1 + immediate, place)}`
  if (source === pseudoCall.kernel) return `call kfunc[id:${immediate}${offset === 0 ? '' : `, module ${offset}`}]`
  if (immediate === poisonedCall) return 'call poisoned by CO-RE'
  const name = helperName(immediate)
  return name === undefined ? `call unknown#${immediate}` : `call bpf_${name}`
}

/** As the verifier has it where there is no name. */
const functionName = (start: number, { index, names }: Place): string =>
  names.get(start) ?? `pc${start - index - 1 < 0 ? '' : '+'}${start - index - 1}`
