import fc from 'fast-check'
import type { MapContents, Resource } from '../../src/model/state.ts'
import { array, map, program } from '../support/builders.ts'

// Names that are awkward: on every object's prototype, or longer than what the kernel keeps.
const name = fc.constantFrom('a', 'b', 'constructor', 'a_name_of_more_than_fifteen_bytes', 'toString')

const hex = (size: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: size, maxLength: size }).map((bytes) => Buffer.from(bytes).toString('hex'))

const contents: fc.Arbitrary<MapContents> = fc.oneof(
  fc.constant({ kind: 'runtime' } as const),
  fc
    .uniqueArray(fc.record({ key: hex(4), value: hex(8) }), { selector: (entry) => entry.key, maxLength: 5 })
    .map((entries) => ({ kind: 'entries', entries: entries.sort((a, b) => (a.key < b.key ? -1 : 1)) }) as const),
)

/** A few hash maps, a program array and the program that uses them all and stands in its slots. */
export const someResources: fc.Arbitrary<Resource[]> = fc
  .record({
    maps: fc.uniqueArray(fc.record({ name, contents }), { selector: (each) => each.name, maxLength: 4 }),
    slots: fc.uniqueArray(fc.nat(7), { maxLength: 4 }),
    version: fc.nat(200),
  })
  .map(({ maps, slots, version }) => [
    ...maps.map((each) => map(each.name, { contents: each.contents })),
    array('calls', Object.fromEntries(slots.map((slot) => [slot, 'main']))),
    program('main', ['calls', ...maps.map((each) => each.name)], version),
  ])
