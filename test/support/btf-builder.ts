/** A member of a struct under construction; `bit` counts from its start. */
export interface MemberPlan {
  readonly name: string
  readonly type: number
  readonly bit: number
  /** Width of a bit field. */
  readonly bits?: number
}

/** What a module's BTF goes on from. */
interface Base {
  readonly count: number
  readonly stringBytes: number
}

/** Builds BTF type by type; every method gives the new type's id. */
export class BtfBuilder {
  readonly #little: boolean
  readonly #base: Base
  readonly #records: number[][] = []
  readonly #strings = new Map<string, number>()
  #stringBytes = 0

  constructor({ little = true, base }: { readonly little?: boolean; readonly base?: BtfBuilder } = {}) {
    this.#little = little
    this.#base = base ? { count: base.count, stringBytes: base.#stringBytes } : { count: 1, stringBytes: 0 }
    if (!base) this.text('')
  }

  get count(): number {
    return this.#base.count + this.#records.length
  }

  /** Offset of a text in the strings. */
  text(text: string): number {
    const known = this.#strings.get(text)
    if (known !== undefined) return known
    const at = this.#base.stringBytes + this.#stringBytes
    this.#strings.set(text, at)
    this.#stringBytes += Buffer.byteLength(text) + 1
    return at
  }

  int(name: string, size: number, { signed = false, bitOffset = 0 } = {}): number {
    return this.#add(name, 1, { size, words: [((signed ? 1 : 0) << 24) | (bitOffset << 16) | (size * 8)] })
  }

  pointer(to: number): number {
    return this.#add('', 2, { size: to })
  }

  array(element: number, length: number): number {
    return this.#add('', 3, { size: 0, words: [element, element, length] })
  }

  struct(name: string, size: number, members: readonly MemberPlan[] = []): number {
    return this.#composite(4, name, size, members)
  }

  union(name: string, size: number, members: readonly MemberPlan[] = []): number {
    return this.#composite(5, name, size, members)
  }

  enumeration(name: string, values: Readonly<Record<string, number>>, { size = 4, signed = false } = {}): number {
    const words = Object.entries(values).flatMap(([label, value]) => [this.text(label), value])
    return this.#add(name, 6, { size, words, count: words.length / 2, flag: signed })
  }

  wideEnumeration(name: string, values: Readonly<Record<string, bigint>>, { signed = false } = {}): number {
    const words = Object.entries(values).flatMap(([label, value]) => [
      this.text(label),
      Number(BigInt.asUintN(32, value)),
      Number(BigInt.asUintN(32, value >> 32n)),
    ])
    return this.#add(name, 19, { size: 8, words, count: words.length / 3, flag: signed })
  }

  forward(name: string, of: 'struct' | 'union' = 'struct'): number {
    return this.#add(name, 7, { size: 0, flag: of === 'union' })
  }

  typedef(name: string, to: number): number {
    return this.#add(name, 8, { size: to })
  }

  constant(to: number): number {
    return this.#add('', 10, { size: to })
  }

  fn(name: string, prototype: number): number {
    return this.#add(name, 12, { size: prototype, count: 1 })
  }

  prototype(returns: number, parameters: readonly number[] = []): number {
    return this.#add('', 13, {
      size: returns,
      words: parameters.flatMap((type) => [0, type]),
      count: parameters.length,
    })
  }

  float(name: string, size: number): number {
    return this.#add(name, 16, { size })
  }

  /** A type of any kind number, known or not. */
  raw(kind: number, words: readonly number[] = []): number {
    return this.#add('', kind, { size: 0, words })
  }

  bytes(): Uint8Array {
    const words = this.#records.flat()
    const header = [0, 24, 0, words.length * 4, words.length * 4, this.#stringBytes]
    const strings = Buffer.from([...this.#strings.keys()].map((text) => `${text}\0`).join(''))
    const bytes = new Uint8Array(24 + words.length * 4 + strings.length)
    const view = new DataView(bytes.buffer)
    for (const [index, word] of [...header, ...words].entries()) view.setUint32(index * 4, word, this.#little)
    view.setUint16(0, 0xeb9f, this.#little)
    view.setUint8(2, 1)
    bytes.set(strings, 24 + words.length * 4)
    return bytes
  }

  #composite(kind: 4 | 5, name: string, size: number, members: readonly MemberPlan[]): number {
    const flag = members.some(({ bits }) => bits !== undefined)
    const words = members.flatMap(({ name: label, type, bit, bits = 0 }) => [
      this.text(label),
      type,
      (bits << 24) | bit,
    ])
    return this.#add(name, kind, { size, words, count: members.length, flag })
  }

  #add(
    name: string,
    kind: number,
    {
      size,
      words = [],
      count = 0,
      flag = false,
    }: Readonly<{ size: number; words?: readonly number[]; count?: number; flag?: boolean }>,
  ): number {
    this.#records.push([this.text(name), ((flag ? 0x80000000 : 0) | (kind << 24) | count) >>> 0, size, ...words])
    return this.count - 1
  }
}
