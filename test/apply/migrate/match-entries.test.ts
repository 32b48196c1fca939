import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchEntries } from '../../../src/apply/migrate/match-entries.ts'
import type { EntryBatch } from '../../../src/kernel/entries.ts'

const sizes = { key: 2, value: 3 }

type Entry = readonly [key: number, value: number]

/** In batches of a few, the buffers used again, as a kernel's are. */
function* batches(entries: readonly Entry[], room: number): Generator<EntryBatch> {
  const keys = new Uint8Array(sizes.key * room)
  const values = new Uint8Array(sizes.value * room)
  for (let start = 0; start < entries.length; start += room) {
    const some = entries.slice(start, start + room)
    some.forEach(([key, value], index) => {
      keys.set([key & 0xff, key >> 8], index * sizes.key)
      values.set([value, 0, value], index * sizes.value)
    })
    yield { keys, values, count: some.length }
  }
}

function differences(before: Iterable<EntryBatch>, after: Iterable<EntryBatch>): string[] {
  const found: string[] = []
  const keyOf = ({ key }: { readonly key: Uint8Array }) => (key[0] ?? 0) + (key[1] ?? 0) * 256
  matchEntries(before, after, {
    sizes,
    on: {
      changed: (a, b) => void found.push(`${keyOf(a)}: ${a.value[0]} -> ${b.value[0]}`),
      gone: (a) => void found.push(`${keyOf(a)}: ${a.value[0]} gone`),
      fresh: (b) => void found.push(`${keyOf(b)}: ${b.value[0]} new`),
    },
  })
  return found.sort()
}

function expected(before: readonly Entry[], after: readonly Entry[]): string[] {
  const [old, now] = [new Map(before), new Map(after)]
  const both = before.filter(([key, value]) => now.has(key) && now.get(key) !== value)
  return [
    ...both.map(([key, value]) => `${key}: ${value} -> ${now.get(key)}`),
    ...before.filter(([key]) => !now.has(key)).map(([key, value]) => `${key}: ${value} gone`),
    ...after.filter(([key]) => !old.has(key)).map(([key, value]) => `${key}: ${value} new`),
  ].sort()
}

const entries = fc.uniqueArray(fc.tuple(fc.nat(600), fc.nat(3)), { selector: ([key]) => key, maxLength: 120 })
const room = fc.integer({ min: 1, max: 50 })

test('two walks differ in what changed, came and went, whatever the order and the batches', () => {
  fc.assert(
    fc.property(entries, entries, room, room, (before, after, a, b) => {
      expect(differences(batches(before, a), batches(after, b))).toEqual(expected(before, after))
    }),
    { numRuns: 500 },
  )
})

test('a walk that is like the other but for a few entries differs in those, also where some moved', () => {
  const many: Entry[] = Array.from({ length: 5000 }, (_, key) => [key, key % 7])
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(4999), fc.constantFrom('change', 'drop', 'move', 'add')), { maxLength: 20 }),
      room,
      (edits, a) => {
        const now = [...many]
        for (const [at, edit] of edits) {
          const [key, value] = now[at % now.length] ?? [0, 0]
          if (edit === 'change') now[at % now.length] = [key, (value + 1) % 8]
          if (edit === 'drop') now.splice(at % now.length, 1)
          if (edit === 'add') now.splice(at % now.length, 0, [key + 10000 + at, 1])
          if (edit === 'move') now.splice(Math.max(0, (at % now.length) - 9), 0, ...now.splice(at % now.length, 1))
        }
        const unique = [...new Map(now)]
        expect(differences(batches(many, 1024), batches(unique, a + 900))).toEqual(expected(many, unique))
      },
    ),
    { numRuns: 50 },
  )
})
