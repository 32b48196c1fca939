/** The parts of an 8-byte instruction. */
export interface Fields {
  readonly opcode: number
  readonly destination: number
  readonly source: number
  /** Signed, 16 bits. */
  readonly offset: number
  /** Signed, 32 bits. */
  readonly immediate: number
}

/** The text of an instruction that stands for itself: neither a call nor a load of 64 bits. */
export function instructionText(fields: Fields): string {
  const text = classTexts[fields.opcode & 7]?.(fields)
  return (
    text ??
    `unknown ${[fields.opcode, fields.destination, fields.source].map(hex).join(' ')} ${fields.offset} ${fields.immediate}`
  )
}

type Text = (fields: Fields) => string | undefined

const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`
const signed = (value: number): string => (value < 0 ? `${value}` : `+${value}`)

/** Bit 3 of arithmetic and jumps: the operand is a register. */
const usesRegister = ({ opcode }: Fields): boolean => (opcode & 0x08) !== 0

/** Bits 3 and 4 of loads and stores. */
const widths: readonly string[] = ['32', '16', '8', '64']
const widthOf = ({ opcode }: Fields): string => widths[(opcode >> 3) & 3] ?? ''

/** Bits 5 to 7 of loads and stores. */
const modes = { absolute: 1, indirect: 2, memory: 3, signedMemory: 4, atomic: 6 } as const
const modeOf = ({ opcode }: Fields): number => opcode >> 5

const place = (fields: Fields, register: number, sign = 'u'): string =>
  `(${sign}${widthOf(fields)} *)(r${register} ${signed(fields.offset)})`

/** What old packet access reads: it has no destination but r0. */
const packetText: Text = (fields) => {
  const read = `r0 = *(u${widthOf(fields)} *)skb`
  if (modeOf(fields) === modes.absolute) return `${read}[${fields.immediate}]`
  return modeOf(fields) === modes.indirect ? `${read}[r${fields.source} + ${fields.immediate}]` : undefined
}

const loadText: Text = (fields) => {
  if (modeOf(fields) === modes.memory) return `r${fields.destination} = *${place(fields, fields.source)}`
  return modeOf(fields) === modes.signedMemory
    ? `r${fields.destination} = *${place(fields, fields.source, 's')}`
    : undefined
}

const storeText: Text = (fields) =>
  modeOf(fields) === modes.memory ? `*${place(fields, fields.destination)} = ${fields.immediate}` : undefined

const storeRegisterText: Text = (fields) => {
  if (modeOf(fields) === modes.memory) return `*${place(fields, fields.destination)} = r${fields.source}`
  return modeOf(fields) === modes.atomic ? atomicText(fields) : undefined
}

/** By bits 4 to 7 of the immediate; bit 0 asks for the former value. */
const atomicOperators = new Map([
  [0x00, { sign: '+=', name: 'add' }],
  [0x40, { sign: '|=', name: 'or' }],
  [0x50, { sign: '&=', name: 'and' }],
  [0xa0, { sign: '^=', name: 'xor' }],
])
const fetches = 0x01

function atomicText(fields: Fields): string | undefined {
  const { destination, source, immediate } = fields
  const target = place(fields, destination)
  const wide = widthOf(fields) === '64' ? '64' : ''
  const operator = atomicOperators.get(immediate & ~fetches)
  if (operator && (immediate & fetches) === 0) return `lock *${target} ${operator.sign} r${source}`
  if (operator) return `r${source} = atomic${wide}_fetch_${operator.name}(${target}, r${source})`
  switch (immediate) {
    case 0xe1:
      return `r${source} = atomic${wide}_xchg(${target}, r${source})`
    case 0xf1:
      return `r0 = atomic${wide}_cmpxchg(${target}, r0, r${source})`
    case 0x100:
      return `r${destination} = load_acquire(${place(fields, source)})`
    case 0x110:
      return `store_release(${target}, r${source})`
    default:
      return undefined
  }
}

/** By bits 4 to 7. Division, modulo and moves have signed forms by their offset. */
const operators = ['+=', '-=', '*=', '/=', '|=', '&=', '<<=', '>>=', '-', '%=', '^=', '=', 's>>=', 'swap'] as const
const numbers = { divide: 3, negate: 8, modulo: 9, move: 11, swap: 13 } as const

const arithmeticText =
  (letter: 'r' | 'w'): Text =>
  (fields) => {
    const { opcode, destination, source, offset, immediate } = fields
    const number = opcode >> 4
    const operator = operators[number]
    const register = `${letter}${destination}`
    if (operator === undefined) return undefined
    if (number === numbers.swap) return swapText(letter, fields)
    if (number === numbers.negate) return `${register} = -${register}`
    const isMove = number === numbers.move
    if (isMove && usesRegister(fields) && offset !== 0) return extendingText(letter, fields)
    const signs = (number === numbers.divide || number === numbers.modulo) && offset === 1 ? 's' : ''
    return `${register} ${signs}${operator} ${usesRegister(fields) ? `${letter}${source}` : immediate}`
  }

/** `bswap` is of the 64-bit class, and always swaps. */
function swapText(letter: 'r' | 'w', fields: Fields): string {
  const { destination, immediate } = fields
  const how = letter === 'r' ? 'bswap' : usesRegister(fields) ? 'be' : 'le'
  return `r${destination} = ${how}${immediate} r${destination}`
}

/** A move that extends the sign of so many bits, or turns addresses of an arena. */
function extendingText(letter: 'r' | 'w', { destination, source, offset, immediate }: Fields): string | undefined {
  if (offset === 1 && letter === 'r')
    return `r${destination} = addr_space_cast(r${source}, ${immediate >>> 16}, ${immediate & 0xffff})`
  return [8, 16, 32].includes(offset) ? `${letter}${destination} = (s${offset})${letter}${source}` : undefined
}

/** By bits 4 to 7; 0, 8 and 9 are jumps without a condition, calls and the exit. */
const conditions: readonly (string | undefined)[] = [
  undefined,
  '==',
  '>',
  '>=',
  '&',
  '!=',
  's>',
  's>=',
  undefined,
  undefined,
  '<',
  '<=',
  's<',
  's<=',
  undefined,
]
const jumps = { always: 0x05, alwaysFar: 0x06, toRegister: 0x0d, exit: 0x95, may: 0xe5 } as const

const jumpText =
  (letter: 'r' | 'w'): Text =>
  (fields) => {
    const { opcode, destination, source, offset, immediate } = fields
    if (opcode === jumps.always) return `goto pc${signed(offset)}`
    if (opcode === jumps.alwaysFar) return `gotol pc${signed(immediate)}`
    if (opcode === jumps.toRegister) return `gotox r${destination}`
    if (opcode === jumps.exit) return 'exit'
    if (opcode === jumps.may) return `may_goto pc${signed(offset)}`
    const condition = conditions[opcode >> 4]
    if (condition === undefined) return undefined
    const operand = usesRegister(fields) ? `${letter}${source}` : hex(immediate)
    return `if ${letter}${destination} ${condition} ${operand} goto pc${signed(offset)}`
  }

/** By the three low bits. */
const classTexts: readonly Text[] = [
  packetText,
  loadText,
  storeText,
  storeRegisterText,
  arithmeticText('w'),
  jumpText('r'),
  jumpText('w'),
  arithmeticText('r'),
]
