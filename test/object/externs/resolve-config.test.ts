import { expect, test } from 'vitest'
import type { ConfigExtern } from '../../../src/object/externs/extern.ts'
import { resolveConfig } from '../../../src/object/externs/resolve-config.ts'
import { toHex } from '../../../src/util/hex.ts'

const text = `# CONFIG_OFF is not set
CONFIG_YES=y
CONFIG_MODULE=m
CONFIG_NO=n
CONFIG_SMALL=200
CONFIG_NEGATIVE=-2
CONFIG_HEX=0xffffffff81000000
CONFIG_OCTAL=010
CONFIG_TEXT="some text"
CONFIG_YES=n
CONFIG_ONE=1
`
const config = { text, virtual: new Map([['LINUX_KERNEL_VERSION', 0x6122c]]) }

const extern = (name: string, rest: Partial<ConfigExtern> = {}): ConfigExtern => ({
  ...{ kind: 'config', name, weak: false, type: 'integer', signed: false, offset: 0, size: 4, typeId: 1 },
  ...rest,
})

interface Row {
  readonly of: Partial<ConfigExtern> & { readonly name: string }
  /** The bytes, or a part of what is wrong. */
  readonly gives: string
  readonly byteOrder?: 'big' | 'little'
}

const rows: readonly Row[] = [
  { of: { name: 'CONFIG_YES', type: 'bool', size: 1 }, gives: '01' },
  { of: { name: 'CONFIG_NO', type: 'bool', size: 1 }, gives: '00' },
  { of: { name: 'CONFIG_MODULE', type: 'bool', size: 1 }, gives: 'm, which a bool cannot hold' },
  { of: { name: 'CONFIG_YES', type: 'tristate' }, gives: '01000000' },
  { of: { name: 'CONFIG_MODULE', type: 'tristate' }, gives: '02000000' },
  { of: { name: 'CONFIG_MODULE', type: 'tristate' }, byteOrder: 'big', gives: '00000002' },
  { of: { name: 'CONFIG_MODULE', type: 'char', size: 1 }, gives: '6d' },
  { of: { name: 'CONFIG_YES' }, gives: 'y, which an integer cannot hold' },
  { of: { name: 'CONFIG_SMALL' }, gives: 'c8000000' },
  { of: { name: 'CONFIG_SMALL' }, byteOrder: 'big', gives: '000000c8' },
  { of: { name: 'CONFIG_SMALL', type: 'char', size: 1 }, gives: 'c8' },
  { of: { name: 'CONFIG_SMALL', type: 'char', size: 1, signed: true }, gives: '200 does not fit in 8 bits' },
  { of: { name: 'CONFIG_NEGATIVE', size: 2, signed: true }, gives: 'feff' },
  { of: { name: 'CONFIG_NEGATIVE', size: 2 }, gives: '-2 does not fit in 16 bits' },
  { of: { name: 'CONFIG_HEX', size: 8 }, gives: '00000081ffffffff' },
  { of: { name: 'CONFIG_HEX' }, gives: 'does not fit in 32 bits' },
  { of: { name: 'CONFIG_OCTAL' }, gives: '08000000' },
  { of: { name: 'CONFIG_SMALL', type: 'bool', size: 1 }, gives: 'the number 200, which a bool cannot hold' },
  { of: { name: 'CONFIG_ONE', type: 'bool', size: 1 }, gives: '01' },
  { of: { name: 'CONFIG_TEXT', type: 'text', size: 12 }, gives: '736f6d652074657874000000' },
  { of: { name: 'CONFIG_TEXT', type: 'text', size: 4 }, gives: '736f6d00' },
  { of: { name: 'CONFIG_TEXT' }, gives: 'the text "some text", which an integer cannot hold' },
  { of: { name: 'CONFIG_OFF' }, gives: 'this kernel was configured without it' },
  { of: { name: 'CONFIG_OFF', weak: true }, gives: '00000000' },
  { of: { name: 'LINUX_KERNEL_VERSION' }, gives: '2c120600' },
  { of: { name: 'LINUX_UNHEARD_OF' }, gives: 'no value is known for it' },
  { of: { name: 'CONFIG_YES', type: 'unknown', size: 12 }, gives: 'its type is none that a configuration value has' },
]

test.each(rows)('$of.name as $of.type of $of.size bytes: $gives', ({ of, gives, byteOrder = 'little' }: Row) => {
  const { bytes, problems } = resolveConfig([extern(of.name, of)], { config, byteOrder })
  if (/^[0-9a-f]+$/.test(gives)) expect({ bytes: toHex(bytes), problems }).toEqual({ bytes: gives, problems: [] })
  else expect(problems).toEqual([{ name: of.name, what: expect.stringContaining(gives) }])
})

test('without a configuration to read, what is weak is zero and the rest is told', () => {
  const externs = [extern('CONFIG_YES'), extern('CONFIG_NO', { weak: true, offset: 4 })]
  const { bytes, problems } = resolveConfig(externs, {
    config: { text: undefined, virtual: new Map() },
    byteOrder: 'little',
  })
  expect(toHex(bytes)).toBe('0000000000000000')
  expect(problems).toEqual([{ name: 'CONFIG_YES', what: "the kernel's configuration cannot be read" }])
})
