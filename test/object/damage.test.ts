import { expect, test } from 'vitest'
import { ObjectError } from '../../src/model/errors.ts'
import { readElf } from '../../src/object/elf/elf-file.ts'
import { readObject } from '../../src/object/read.ts'
import { bytesOf, fixturePath } from './fixtures.ts'

/** A fixture's bytes, to be damaged at places that are named rather than counted. */
class Damaged {
  readonly bytes: Uint8Array
  readonly #view: DataView

  constructor(name: string) {
    this.bytes = bytesOf(fixturePath(name))
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length)
  }

  /** Replaces every occurrence of a text by another of the same length. */
  rename(from: string, to: string): this {
    const bytes = Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length)
    for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + 1)) bytes.write(to, at, 'latin1')
    return this
  }

  /** Sets a 32-bit number in a section's contents. */
  inSection(section: string, at: number, value: number): this {
    this.#view.setUint32(this.#section(section).offset + at, value, true)
    return this
  }

  /** Sets a 64-bit number in a section's header. */
  inHeader(section: string, at: number, value: number): this {
    const table = Number(this.#view.getBigUint64(40, true))
    this.#view.setBigUint64(table + this.#section(section).index * 64 + at, BigInt(value), true)
    return this
  }

  #section(name: string) {
    const section = readElf(this.bytes, 'damaged.o').find(name)
    return section ?? expect.fail(`no section ${name}`)
  }
}

const flags = 8
const size = 32

test.each<[string, Damaged, string, string]>([
  ['an unknown member of a map', new Damaged('maps').rename('max_entries', 'max_entriez'), 'O020', '.maps'],
  ['a map definition with values in it', new Damaged('maps').inSection('.maps', 0, 1), 'O020', '.maps'],
  ['maps without their BTF', new Damaged('maps').rename('.BTF\0', '.XXX\0'), 'O020', '.maps'],
  ['a misplaced static value', new Damaged('static-values').inSection('.rel.maps', 0, 5), 'O021', '.maps'],
  ['older definitions of odd size', new Damaged('legacy-maps').inHeader('maps', size, 39), 'O022', 'maps'],
  ['two maps of one name', new Damaged('functions').rename('counts', 'others'), 'O023', '.maps'],
  ['two programs of one name', new Damaged('functions').rename('calls_hidden', 'calls_shared'), 'O032', 'xdp'],
  ['a relocation by an unknown symbol', new Damaged('functions').inSection('.relxdp', 12, 9999), 'O031', '.relxdp'],
  ['a call into the middle of a function', new Damaged('functions').inSection('xdp', 12, 1), 'O031', 'xdp'],
  ['BTF records of odd size', new Damaged('functions').inSection('.BTF.ext', 32, 7), 'O011', '.BTF.ext'],
  ['a compressed section', new Damaged('functions').inHeader('.BTF', flags, 0x800), 'O006', '.BTF'],
  ['a gigantic .bss', new Damaged('data').inHeader('.bss', size, 2 ** 40), 'O007', ''],
])('%s is refused', (_, { bytes }, code, section) => {
  const error = errorOf(bytes)
  expect(error).toMatchObject({ code, message: expect.stringMatching(/^cannot read .*damaged\.o/) })
  expect(error.section).toBe(section)
})

function errorOf(bytes: Uint8Array): ObjectError {
  try {
    readObject(bytes, 'damaged.o')
  } catch (error) {
    if (error instanceof ObjectError) return error
    throw error
  }
  return expect.fail('it was read')
}
