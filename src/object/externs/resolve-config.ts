import type { ByteOrder } from '../cursor.ts'
import type { ConfigExtern } from './extern.ts'

/** What is known of the kernel's configuration. */
export interface KernelConfig {
  /** The text of `/proc/config.gz` or `/boot/config-*`; undefined where there is neither. */
  readonly text: string | undefined
  /** Values of the names that start with LINUX_, which no file has; one that cannot be told is missing. */
  readonly virtual: ReadonlyMap<string, number>
}

/** A variable that gets no value, and why. */
export interface ConfigProblem {
  readonly name: string
  /** `its value is "m", which a bool cannot hold`. */
  readonly what: string
}

export interface ResolvedConfig {
  /** The contents of `.kconfig`. */
  readonly bytes: Uint8Array
  readonly problems: readonly ConfigProblem[]
}

/** Makes the contents of the map `.kconfig`. What is weak and missing stays zero. */
export function resolveConfig(
  externs: readonly ConfigExtern[],
  { config, byteOrder }: { readonly config: KernelConfig; readonly byteOrder: ByteOrder },
): ResolvedConfig {
  const bytes = new Uint8Array(Math.max(0, ...externs.map(({ offset, size }) => offset + size)))
  const values = readValues(config, new Set(externs.map(({ name }) => name)))
  const problems = externs.flatMap((extern): ConfigProblem[] => {
    const { name, offset, size } = extern
    const what = write({ extern, place: bytes.subarray(offset, offset + size), byteOrder }, values.get(name), config)
    return what === undefined ? [] : [{ name, what }]
  })
  return { bytes, problems }
}

/** The texts behind the equals signs: `y`, `250`, `"(none)"`. What comes first counts. */
function readValues({ text, virtual }: KernelConfig, wanted: ReadonlySet<string>): ReadonlyMap<string, string> {
  const values = new Map([...virtual].map(([name, value]) => [name, String(value)]))
  for (const line of text?.split('\n') ?? []) {
    const equals = line.indexOf('=')
    const name = line.slice(0, Math.max(0, equals))
    if (name.startsWith('CONFIG_') && wanted.has(name) && !values.has(name))
      values.set(name, line.slice(equals + 1).trim())
  }
  return values
}

interface Place {
  readonly extern: ConfigExtern
  readonly place: Uint8Array
  readonly byteOrder: ByteOrder
}

/** Undefined, or what is wrong. */
function write(place: Place, value: string | undefined, { text }: KernelConfig): string | undefined {
  const { type, weak, name } = place.extern
  if (type === 'unknown')
    return 'its type is none that a configuration value has: bool, char, an integer, an array of char, or enum libbpf_tristate'
  if (value === undefined) return weak ? undefined : missing(name, text)
  if (/^[ymn]$/.test(value)) return writeState(place, value as State)
  if (value.startsWith('"')) return writeText(place, value)
  return writeNumber(place, value)
}

function missing(name: string, text: string | undefined): string {
  if (name.startsWith('LINUX_')) return 'no value is known for it'
  return text === undefined ? "the kernel's configuration cannot be read" : 'this kernel was configured without it'
}

type State = 'y' | 'm' | 'n'

/** `enum libbpf_tristate`. */
const tristate: Readonly<Record<State, number>> = { n: 0, y: 1, m: 2 }

function writeState({ extern, place, byteOrder }: Place, value: State): string | undefined {
  const fits = extern.type === 'tristate' || extern.type === 'char' || (extern.type === 'bool' && value !== 'm')
  if (!fits) return `its value is ${value}, which ${article(extern.type)} cannot hold`
  if (extern.type === 'tristate') setNumber({ place, byteOrder }, BigInt(tristate[value]))
  else place[0] = extern.type === 'char' ? value.charCodeAt(0) : Number(value === 'y')
  return undefined
}

/** Cut where it is too long, with room for the zero behind it, as libbpf does. */
function writeText({ extern, place }: Place, value: string): string | undefined {
  if (extern.type !== 'text') return `its value is the text ${value}, which ${article(extern.type)} cannot hold`
  const end = value.lastIndexOf('"')
  if (end === 0) return `its value is the text ${value}, which does not end`
  const text = Buffer.from(value.slice(1, end), 'utf8')
  place.set(text.subarray(0, place.length - 1))
  return undefined
}

function writeNumber({ extern, place, byteOrder }: Place, value: string): string | undefined {
  const { type, size, signed } = extern
  const number = parseNumber(value)
  if (number === undefined) return `its value is ${value}, which is no number`
  const fitsBool = type === 'bool' && (number === 0n || number === 1n)
  if (type !== 'integer' && type !== 'char' && !fitsBool) {
    return `its value is the number ${value}, which ${article(type)} cannot hold`
  }
  const bits = size * 8
  if ((signed ? BigInt.asIntN(bits, number) : BigInt.asUintN(bits, number)) !== number && bits < 64) {
    return `its value ${value} does not fit in ${bits} bits`
  }
  setNumber({ place, byteOrder }, number)
  return undefined
}

/** Decimal, hexadecimal and octal, as strtoull reads them. */
function parseNumber(text: string): bigint | undefined {
  const [, sign, digits] = /^([-+]?)(0x[0-9a-f]+|[0-9]+)$/i.exec(text) ?? []
  if (digits === undefined) return undefined
  const isOctal = /^0[0-7]+$/.test(digits)
  const number = BigInt(isOctal ? `0o${digits.slice(1)}` : digits)
  return sign === '-' ? -number : number
}

function setNumber({ place, byteOrder }: Pick<Place, 'place' | 'byteOrder'>, number: bigint): void {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt.asUintN(64, number))
  const part = bytes.subarray(0, place.length)
  place.set(byteOrder === 'little' ? part : part.reverse())
}

const article = (type: string): string => (/^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`)
