import { expect, test } from 'vitest'
import { readElf } from '../../src/object/elf/elf-file.ts'
import { readObject } from '../../src/object/read.ts'
import { bytesOf, fixture, fixturePath, mapOf } from './fixtures.ts'

test('a section whose variables are all hidden is not mappable: called static, as with libbpf', () => {
  const hidden = hide(hide(bytesOf(fixturePath('data')), 'counter'), 'optional')
  expect(mapOf(fixture('data'), '.data').shape.flags).toBe(0x400)
  expect(mapOf(readObject(hidden, 'hidden.o'), '.data').shape.flags).toBe(0)
})

test('a hidden function is called static where it is only called: a program stays what can be replaced', () => {
  const linkageOf = (name: string): unknown => {
    const { types } = readObject(hide(bytesOf(fixturePath('functions')), name), 'hidden.o').btf ?? {}
    return types?.get(types.find('function', name) ?? 0)
  }
  expect(linkageOf('shared')).toMatchObject({ linkage: 'static' })
  expect(linkageOf('calls_shared')).toMatchObject({ linkage: 'global' })
})

test('an object without symbols is told how to be stripped', () => {
  const bytes = bytesOf(fixturePath('functions'))
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const headers = Number(view.getBigUint64(40, true))
  const table = readElf(bytes, 'functions.o').sections.findIndex(({ type }) => type === 2)
  view.setUint32(headers + table * 64 + 4, 0, true)
  expect(() => readObject(bytes, 'stripped.o')).toThrow(/its symbols are gone \(strip it no further than llvm-strip -g/)
})

test('a static map is refused by name', () => {
  const object = fixture('maps')
  const [map] = object.maps
  const static_ = withoutLinkage(bytesOf(fixturePath('maps')), map?.name ?? '')
  expect(() => readObject(static_, 'static.o')).toThrow(
    expect.objectContaining({
      code: 'O020',
      message: expect.stringContaining(`map ${map?.name} of static.o: it is static`),
    }),
  )
})

/** Makes a symbol's visibility STV_HIDDEN. */
function hide(bytes: Uint8Array, name: string): Uint8Array {
  const elf = readElf(bytes, 'data.o')
  const table = elf.sections.find(({ type }) => type === 2)
  const symbol = elf.symbols.find((one) => one.name === name)
  if (!table || !symbol) throw new Error(`no symbol ${name}`)
  bytes[table.offset + symbol.index * 24 + 5] = 2
  return bytes
}

/** Makes a variable's linkage in BTF static. */
function withoutLinkage(bytes: Uint8Array, name: string): Uint8Array {
  const { types } = readObject(bytes, 'maps.o').btf ?? {}
  const id = types?.find('variable', name)
  const section = readElf(bytes, 'maps.o').find('.BTF')
  if (!types || id === undefined || !section) throw new Error(`no variable ${name}`)
  bytes.set([0, 0, 0, 0], section.offset + 24 + types.offsetOf(id) + 12)
  return bytes
}
