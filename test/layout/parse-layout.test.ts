import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseLayout } from '../../src/layout/parse-layout.ts'
import { fixture } from '../object/fixtures.ts'
import { layoutText } from './arbitrary.ts'

test('every layout of the fixtures is read, and its text is what it was', () => {
  const texts = [fixture('maps'), fixture('big-endian-maps'), fixture('data')].flatMap((object) =>
    object.maps.flatMap(({ layout }) => [layout.key, layout.value].filter((text) => text !== undefined)),
  )
  expect(texts.length).toBeGreaterThan(10)
  for (const text of texts) expect(parseLayout(text)).toMatchObject({ text })
})

test('any layout is read, and its text is what it was', () => {
  fc.assert(
    fc.property(layoutText, ({ text, size }) => {
      expect(parseLayout(text)).toMatchObject({ text, size })
    }),
  )
})

test('members have names, places and widths', () => {
  expect(parseLayout('struct 8{a:u32@0,b:s8/3@4.2,c:u8[3]@5}')).toMatchObject({
    kind: 'struct',
    size: 8,
    members: [
      { name: 'a', type: { kind: 'integer', signed: false, size: 4 }, bitOffset: 0, bitSize: 0 },
      { name: 'b', type: { kind: 'integer', signed: true, size: 1 }, bitOffset: 34, bitSize: 3 },
      { name: 'c', type: { kind: 'array', length: 3, size: 3 }, bitOffset: 40 },
    ],
  })
})

test('a text that is no layout, or says too little, is not read', () => {
  for (const text of ['', 'void', 'forward', 'u3', 'struct 8{a:u32@0', 'u32 ', 'struct 4{a:void@0}'])
    expect(parseLayout(text), text).toBeUndefined()
})
