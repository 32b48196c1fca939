import { expect, test } from 'vitest'
import { btfSection } from '../../src/btf/btf-section.ts'
import { bytesOf, fixturePath } from '../object/fixtures.ts'
import { BtfBuilder } from '../support/btf-builder.ts'

const btf = (): Uint8Array => {
  const types = new BtfBuilder({ little: false })
  types.int('int', 4)
  return types.bytes()
}

/** A big-endian ELF file of 32 bits, as of a router's kernel: header, BTF, section names, three section headers. */
function narrowElf(name: string): Uint8Array {
  const contents = btf()
  const names = Buffer.from(`\0.shstrtab\0${name}\0`)
  const table = 64 + contents.length + names.length
  const bytes = new Uint8Array(table + 3 * 40)
  const view = new DataView(bytes.buffer)
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, 2, 1])
  view.setUint32(32, table)
  view.setUint16(46, 40)
  view.setUint16(48, 3)
  view.setUint16(50, 1)
  bytes.set(contents, 64)
  bytes.set(names, 64 + contents.length)
  const sections = [
    { name: 1, offset: 64 + contents.length, size: names.length },
    { name: 11, offset: 64, size: contents.length },
  ]
  for (const [index, section] of sections.entries()) {
    view.setUint32(table + (index + 1) * 40, section.name)
    view.setUint32(table + (index + 1) * 40 + 16, section.offset)
    view.setUint32(table + (index + 1) * 40 + 20, section.size)
  }
  return bytes
}

test('plain BTF is what it is', () => {
  const bytes = btf()
  expect(btfSection(bytes, 'plain.btf')).toBe(bytes)
})

test('of ELF files of 32 and 64 bits the section .BTF is taken', () => {
  expect(btfSection(narrowElf('.BTF'), 'vmlinux')).toEqual(btf())
  expect(btfSection(bytesOf(fixturePath('core')), 'core.bpf.o').slice(0, 2)).toEqual(Uint8Array.of(0x9f, 0xeb))
})

test.each<[string, Uint8Array]>([
  ['without such a section', narrowElf('.BTF.ext')],
  ['that is truncated', narrowElf('.BTF').subarray(0, 130)],
  ['of an unknown kind', narrowElf('.BTF').fill(3, 4, 5)],
])('an ELF file %s is refused', (_, bytes) => {
  expect(() => btfSection(bytes, 'vmlinux')).toThrow(expect.objectContaining({ code: 'O060' }))
})
