import { expect, test } from 'vitest'
import { ObjectError } from '../../src/model/errors.ts'
import { readObject } from '../../src/object/read.ts'
import { bytesOf, fixturePath } from './fixtures.ts'

const good = bytesOf(fixturePath('data'))

/** The error of reading the good object after an edit. */
function errorOf(edit: (bytes: Uint8Array) => Uint8Array | undefined): ObjectError {
  const bytes = good.slice()
  try {
    readObject(edit(bytes) ?? bytes, 'broken.o')
  } catch (error) {
    if (error instanceof ObjectError) return error
    throw error
  }
  throw new Error('it was read')
}

function patch(at: number, ...values: number[]) {
  return (bytes: Uint8Array): undefined => bytes.set(values, at) as undefined
}

test.each([
  ['an empty file', () => new Uint8Array(), 'O001'],
  ['a text', () => Buffer.from('version: 1\n'), 'O001'],
  ['a 32-bit ELF file', patch(4, 1), 'O003'],
  ['an unknown byte order', patch(5, 3), 'O003'],
  ['a linked program', patch(16, 2), 'O003'],
  ['an object for x86-64', patch(18, 62), 'O004'],
  ['a file cut in the middle', (bytes: Uint8Array) => bytes.subarray(0, bytes.length / 2), 'O002'],
  ['a header alone', (bytes: Uint8Array) => bytes.subarray(0, 64), 'O002'],
] as const)('%s is refused', (_, edit, code) => {
  expect(errorOf(edit)).toMatchObject({ code, offset: expect.any(Number) })
})

test('another machine is named', () => {
  expect(errorOf(patch(18, 183)).message).toContain('AArch64')
})

test('machine 0, as very old compilers wrote it, is accepted', () => {
  const old = good.slice()
  old.set([0, 0], 18)
  expect(readObject(old, 'old.o').programs).toHaveLength(1)
})

test('broken BTF is an error with its section and place', () => {
  const at = Buffer.from(good).indexOf(Buffer.from([0x9f, 0xeb, 1, 0, 24, 0, 0, 0]))
  expect(errorOf(patch(at, 0))).toMatchObject({ code: 'O010', section: '.BTF', offset: at })
  expect(errorOf(patch(at + 24 + 7, 0x1f))).toMatchObject({ code: 'O010', section: '.BTF', offset: at + 24 })
})
