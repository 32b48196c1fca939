import fc from 'fast-check'
import { expect, test } from 'vitest'
import { btfFeatures } from '../../../src/btf/btf-features.ts'
import { btfFeaturesIn, sanitizeBtf } from '../../../src/btf/sanitize-btf.ts'
import { probeFor } from '../../../src/kernel/btf-probes.ts'
import { BtfTypes } from '../../../src/object/btf/btf-types.ts'
import { decodeValue } from '../../../src/object/btf/decode-value.ts'
import { readExtInfo } from '../../../src/object/btf/ext-info.ts'
import { describeLayout } from '../../../src/object/btf/layout.ts'
import { Cursor } from '../../../src/object/cursor.ts'
import { readObject } from '../../../src/object/read.ts'
import { btf, elf, ext, plausibleBtf, relocated } from './arbitrary.ts'
import { type Ending, ending, examineKernel, examineObject, examineRelocations } from './examine.ts'
import { examineInput, readSeeds } from './inputs.ts'

// 20,000 inputs in all, the same in every run; `npm run fuzz` makes a million others.
const flipped = 12_000
const made = 2_000

const cursor = (bytes: Uint8Array): Cursor =>
  new Cursor(bytes, { byteOrder: 'little', object: 'made.o', section: '.BTF' })

/** Milliseconds; the machine may be busy with something else, so what seems slow is tried again. */
function timeOf(examine: () => void): number {
  let best = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < 3 && best > 500; attempt++) {
    const started = performance.now()
    examine()
    best = Math.min(best, performance.now() - started)
  }
  return best
}

/** Runs a property on inputs of its own; each within a second, and some of each ending. */
function hold<T>(arbitrary: fc.Arbitrary<T>, examine: (input: T) => Ending): void {
  const endings = { read: 0, refused: 0 }
  const property = fc.property(arbitrary, (input) => {
    expect(timeOf(() => endings[examine(input)]++)).toBeLessThan(1000)
  })
  fc.assert(property, { numRuns: made, seed: 4, endOnFailure: true })
  expect(endings.read).toBeGreaterThan(made / 100)
  expect(endings.refused).toBeGreaterThan(made / 100)
}

const seeds = readSeeds()
const parts = Array.from({ length: flipped / 1000 }, (_, part) => part * 1000)

test.each(parts)(
  'objects, and kernels, with some bytes changed are read or refused, soon and in little memory: from %i on',
  (first) => {
    const endings = { read: 0, refused: 0 }
    const before = process.memoryUsage.rss()
    let slowest = 0
    for (let number = first; number < first + 1000; number++) {
      slowest = Math.max(
        slowest,
        timeOf(() => endings[examineInput(seeds, number).ending]++),
      )
    }
    expect(slowest).toBeLessThan(1000)
    expect(process.memoryUsage.rss() - before).toBeLessThan(256 * 2 ** 20)
    expect(endings.read).toBeGreaterThan(100)
    expect(endings.refused).toBeGreaterThan(100)
  },
)

test.each([
  ['any', btf],
  ['plausible', plausibleBtf],
])('%s BTF that nobody wrote is read, described and made older, or refused', (_, made) => {
  hold(made, (bytes) =>
    ending(() => {
      const types = new BtfTypes(cursor(bytes))
      for (let id = 1; id < types.count; id++) {
        describeLayout(types, id)
        const size = types.sizeOf(id) ?? 0
        if (size < 4096) decodeValue(new Uint8Array(size), { types, typeId: id, size, byteOrder: 'little' })
      }
      const missing = new Set(btfFeatures.map(({ name }) => name))
      const older = sanitizeBtf(bytes, { missing, little: true })
      expect([...btfFeaturesIn(older, true)]).toEqual([])
      expect(new BtfTypes(cursor(older)).count).toBeGreaterThanOrEqual(types.count)
    }),
  )
})

test('.BTF.ext that nobody wrote is read or refused', () => {
  const types = new BtfTypes(cursor(probeFor('sections')))
  hold(ext, (bytes) => ending(() => readExtInfo(cursor(bytes), types)))
})

test('CO-RE relocations that nobody wrote are done, refused, or poison their instructions', () => {
  const [seed] = readSeeds().filter(({ name }) => name.includes('/functions'))
  const good = readObject(seed?.bytes ?? new Uint8Array(), 'good.o')
  hold(relocated, (input) => examineRelocations(good, input))
})

test('an object that nobody wrote is read and linked, or refused; and so is a kernel that nobody built', () => {
  const [seed] = readSeeds().filter(({ name }) => name.includes('unsupported'))
  const good = readObject(seed?.bytes ?? new Uint8Array(), 'good.o')
  hold(elf, examineObject)
  fc.assert(
    fc.property(btf, (bytes) => void examineKernel(good, bytes)),
    { numRuns: made / 10, seed: 4 },
  )
})

test.each(readSeeds())('$name cut off anywhere is refused', ({ bytes }) => {
  const step = Math.max(1, Math.floor(bytes.length / 40))
  for (let size = 0; size < bytes.length; size += step) expect(examineObject(bytes.slice(0, size))).toBe('refused')
})
