import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { diffLayout } from '../../src/layout/diff-layout.ts'
import { layoutText } from './arbitrary.ts'

describe('the fields in which two layouts differ', () => {
  const live = 'struct 16{packets:u32@0,state:u8@4,bytes:u64@8}'

  test('are named with their types', () => {
    expect(diffLayout(live, 'struct 24{packets:u64@0,state:u8@8,bytes:u64@16}')).toEqual([
      { field: 'packets', live: 'u32', wanted: 'u64' },
    ])
  })

  test('are those that only one side has, too', () => {
    expect(diffLayout(live, 'struct 16{packets:u32@0,last_seen:u32@4,bytes:u64@8}')).toEqual([
      { field: 'last_seen', live: undefined, wanted: 'u32' },
      { field: 'state', live: 'u8', wanted: undefined },
    ])
  })

  test('are those that lie elsewhere, where nothing else differs', () => {
    expect(diffLayout(live, 'struct 16{state:u8@0,packets:u32@4,bytes:u64@8}')).toEqual([
      { field: 'state', live: 'u8 at byte 4', wanted: 'u8 at byte 0' },
      { field: 'packets', live: 'u32 at byte 0', wanted: 'u32 at byte 4' },
    ])
  })

  test('are looked for inside structs, arrays and anonymous structs', () => {
    const of = (inner: string) => `struct 8{a:struct 4{b:${inner}@0}[2]@0,:struct 4{c:${inner}@0}@8}`
    expect(diffLayout(of('u32'), of('s32')).map(({ field }) => field)).toEqual(['a[].b', 'c'])
  })

  test('are the whole where there are no fields, or only the size differs', () => {
    expect(diffLayout('u32', 'u64')).toEqual([{ field: '', live: 'u32', wanted: 'u64' }])
    expect(diffLayout('struct 4{a:u32@0}', 'struct 8{a:u32@0}')).toEqual([
      { field: '', live: '4 bytes', wanted: '8 bytes' },
    ])
  })

  test('are none iff the layouts are equal', () => {
    fc.assert(
      fc.property(layoutText, layoutText, (a, b) => {
        expect(diffLayout(a.text, a.text)).toEqual([])
        expect(diffLayout(a.text, b.text).length > 0).toBe(a.text !== b.text)
      }),
    )
  })
})
