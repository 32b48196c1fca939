/** A type as it lies in memory, read from the canonical text that `describeLayout` made of it (MapLayout). */
export type LayoutType = {
  /** The canonical text: equal iff the types can stand in for each other. */
  readonly text: string
  /** Bytes. */
  readonly size: number
} & (
  | { readonly kind: 'integer'; readonly signed: boolean }
  /** The same number twice is the same value, but it is not to be computed with. */
  | { readonly kind: 'enum'; readonly signed: boolean }
  | { readonly kind: 'bool' | 'float' }
  /** `tag` for what the kernel keeps alive: `kptr`. */
  | { readonly kind: 'pointer'; readonly tag: string }
  | { readonly kind: 'array'; readonly element: LayoutType; readonly length: number }
  /** `name` only where the kernel gives the struct a meaning by its name: `bpf_timer`. A data section is a struct, too. */
  | { readonly kind: 'struct' | 'union'; readonly name: string; readonly members: readonly LayoutMember[] }
)

/** A member of a struct or union, or a variable of a data section. */
export interface LayoutMember {
  /** Empty for an anonymous struct or union. */
  readonly name: string
  readonly type: LayoutType
  /** Bits from the start of the struct. */
  readonly bitOffset: number
  /** Width of a bit field, 0 for an ordinary member. */
  readonly bitSize: number
}

/** Reads the canonical text of a layout; undefined for a text that says less than the place of every byte. */
export function parseLayout(text: string): LayoutType | undefined {
  const parser = new Parser(text)
  try {
    const type = parser.type()
    return parser.atEnd ? type : undefined
  } catch (error) {
    if (error instanceof Unreadable) return undefined
    throw error
  }
}

class Unreadable extends Error {}

const scalar = /(?:(enum)?([us])|(bool)|(f))(\d+)/y
const pointer = /pointer(?: (\w+))?/y
const composite = /(struct|union|section)(?: (\w+))? (\d+)\{/y
const arrayLength = /\[(\d+)\]/y
const memberName = /([^:,{}@/]*):/y
const memberPlace = /(?:\/(\d+))?@(\d+)(?:\.(\d))?/y

class Parser {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get atEnd(): boolean {
    return this.#at === this.#text.length
  }

  /** A type and the array lengths behind it. */
  type(): LayoutType {
    const start = this.#at
    let type = this.#single(start)
    for (let found = this.#take(arrayLength); found; found = this.#take(arrayLength)) {
      const length = Number(found[1])
      type = { kind: 'array', element: type, length, size: type.size * length, text: this.#since(start) }
    }
    return type
  }

  #single(start: number): LayoutType {
    const number = this.#take(scalar)
    if (number) return this.#number(number, start)
    const address = this.#take(pointer)
    if (address) return { kind: 'pointer', tag: address[1] ?? '', size: 8, text: this.#since(start) }
    const [, kind, name = '', size] = this.#take(composite) ?? unreadable()
    const members = this.#members()
    const what = kind === 'union' ? 'union' : 'struct'
    return { kind: what, name, size: Number(size), members, text: this.#since(start) }
  }

  #number([, isEnum, sign, isBool, , bits]: RegExpExecArray, start: number): LayoutType {
    const size = Number(bits) / 8
    if (!Number.isInteger(size)) return unreadable()
    const base = { size, text: this.#since(start) }
    if (sign === undefined) return { ...base, kind: isBool ? 'bool' : 'float' }
    return { ...base, kind: isEnum ? 'enum' : 'integer', signed: sign === 's' }
  }

  #members(): LayoutMember[] {
    const members: LayoutMember[] = []
    while (!this.#skip('}')) {
      if (members.length > 0 && !this.#skip(',')) return unreadable()
      const name = (this.#take(memberName) ?? unreadable())[1] ?? ''
      const type = this.type()
      const [, width = 0, byte, bit = 0] = this.#take(memberPlace) ?? unreadable()
      members.push({ name, type, bitOffset: Number(byte) * 8 + Number(bit), bitSize: Number(width) })
    }
    return members
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (found) this.#at = pattern.lastIndex
    return found
  }

  #skip(character: string): boolean {
    const found = this.#text[this.#at] === character
    if (found) this.#at++
    return found
  }

  #since(start: number): string {
    return this.#text.slice(start, this.#at)
  }
}

function unreadable(): never {
  throw new Unreadable()
}
