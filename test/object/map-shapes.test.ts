import { expect, test } from 'vitest'
import type { MapSpec } from '../../src/model/map-spec.ts'
import { mapTypeRule } from '../../src/model/map-types.ts'
import { fixture, fixturePath } from './fixtures.ts'
import { loadByLibbpf } from './libbpf.ts'

interface Shown {
  readonly name: string
  readonly type: string
  readonly flags: number
  readonly bytes_key: number
  readonly bytes_value: number
  readonly max_entries: number
  readonly frozen: 0 | 1
}

test.each(['maps', 'data', 'static-values'])('libbpf makes the maps of %s in the same shape', (name) => {
  const theirs = loadByLibbpf<Shown>('map', fixturePath(name))
  const ours = fixture(name).maps
  expect(theirs).toHaveLength(ours.length)
  for (const spec of ours) expect(theirs.find((shown) => isNamed(shown, spec))).toMatchObject(expectedOf(spec))
})

/** The kernel keeps 15 bytes, and libbpf puts the object's name in front of the usual sections. */
const isNamed = ({ name }: Shown, spec: MapSpec): boolean =>
  spec.contents.kind === 'data' ? name.endsWith(spec.name) : name === spec.name.slice(0, 15)

function expectedOf({ shape, contents }: MapSpec): Partial<Shown> {
  const { adjusted, number } = mapTypeRule(shape.type)
  return {
    // A number where bpftool is older than the map type.
    type: expect.toBeOneOf([shape.type, number]),
    bytes_key: shape.keySize,
    bytes_value: shape.valueSize,
    flags: adjusted === 'sets-rdonly-prog' ? shape.flags | 0x80 : shape.flags,
    // No entries given: libbpf takes the number of CPUs.
    ...(shape.maxEntries === 0 && adjusted === 'rounds-entries' ? {} : { max_entries: shape.maxEntries }),
    frozen: contents.kind === 'data' && contents.frozen ? 1 : 0,
  }
}
