import { expect, test } from 'vitest'
import { BtfIndex } from '../../../src/btf/btf-index.ts'
import { btfSection } from '../../../src/btf/btf-section.ts'
import { ObjectError } from '../../../src/model/errors.ts'
import { readElf } from '../../../src/object/elf/elf-file.ts'
import { KernelTypes } from '../../../src/object/kernel-btf/kernel-types.ts'
import { linkProgram } from '../../../src/object/link/link-program.ts'
import { LinkTarget } from '../../../src/object/link/link-target.ts'
import { readObject } from '../../../src/object/read.ts'
import { BtfBuilder } from '../../support/btf-builder.ts'
import { bytesOf, fixturePath } from '../fixtures.ts'
import { resolve } from './relocating.ts'

const good = bytesOf(fixturePath('core'))
// The object's own types serve as those of a kernel.
const types = btfSection(good, 'core.bpf.o').slice()

interface Outcome {
  readonly kind: 'linked' | 'problems' | 'refused'
}

/** Links every program; anything thrown but an ObjectError fails the test. */
function link(object: Uint8Array, btf: Uint8Array): Outcome['kind'] {
  try {
    const file = readObject(object, 'fuzzed.o')
    const target = new LinkTarget(undefined, { name: 'fuzzed.btf', bytes: btf })
    const linked = file.programs.map((program) => linkProgram(program, file, target))
    return linked.some(({ problems }) => problems.length > 0) ? 'problems' : 'linked'
  } catch (error) {
    if (error instanceof ObjectError && /^O\d{3}$/.test(error.code)) return 'refused'
    throw error
  }
}

/** mulberry32: the same inputs in every run. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

function damage(bytes: Uint8Array, next: () => number, { from = 0, size = bytes.length } = {}): Uint8Array {
  const copy = bytes.slice()
  for (let changes = 1 + Math.floor(next() * 3); changes > 0; changes--) {
    const at = from + Math.floor(next() * size)
    copy[at] = next() < 0.5 ? Math.floor(next() * 256) : (copy[at] ?? 0) ^ (1 << Math.floor(next() * 8))
  }
  return copy
}

test('an object fits its own types', () => {
  expect(link(good, types)).toBe('linked')
  expect(link(good, good)).toBe('linked')
})

test('damaged types of a kernel give programs, problems or an ObjectError', () => {
  const next = random(1)
  const outcomes = { linked: 0, problems: 0, refused: 0 }
  for (let run = 0; run < 500; run++) outcomes[link(good, damage(types, next))]++
  for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(0)
  for (let size = 0; size < types.length; size += 512) expect(link(good, types.subarray(0, size))).toBe('refused')
})

test.each(['.BTF', '.BTF.ext'])('a damaged %s of the object gives programs, problems or an ObjectError', (name) => {
  const section = readElf(good, 'core.bpf.o').find(name)
  const next = random(name.length)
  const outcomes = { linked: 0, problems: 0, refused: 0 }
  const place = { from: section?.offset ?? 0, size: section?.size ?? 0 }
  for (let run = 0; run < 300; run++) outcomes[link(damage(good, next, place), types)]++
  for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(0)
})

const kernelTypes = (builder: BtfBuilder): KernelTypes =>
  new KernelTypes(new BtfIndex(builder.bytes(), { name: 'hostile.btf' }))

test('types that are nested in themselves are refused', () => {
  const ring = new BtfBuilder()
  ring.typedef('a', 2)
  ring.typedef('b', 1)
  ring.array(3, 2)
  const found = kernelTypes(ring)
  expect(() => found.resolve(1)).toThrow(expect.objectContaining({ code: 'O060' }))
  expect(() => found.sizeOf(3)).toThrow(expect.objectContaining({ code: 'O060' }))
  expect(found.get(99)).toEqual({ kind: 'void' })
})

test('kinds that nobody knows are refused, and types whose names are no strings when they are asked for', () => {
  const strange = new BtfBuilder()
  strange.raw(30)
  expect(() => kernelTypes(strange)).toThrow(expect.objectContaining({ code: 'O060' }))
  const nameless = new BtfBuilder()
  nameless.int('int', 4)
  const bytes = nameless.bytes()
  new DataView(bytes.buffer).setUint32(24, 12345, true)
  const found = new KernelTypes(new BtfIndex(bytes, { name: 'hostile.btf' }))
  expect(() => found.get(1)).toThrow(expect.objectContaining({ code: 'O060' }))
})

test('anonymous members that double at every level end in a failure, not in endless work', () => {
  const doubling = (types: BtfBuilder): number => {
    let inner = types.struct('', 4, [{ name: 'x', type: types.int('int', 4), bit: 0 }])
    for (let level = 0; level < 50; level++) {
      const members = [0, 1].map(() => ({ name: '', type: inner, bit: 0 }))
      inner = types.union(level === 49 ? 'holder' : '', 4, members)
    }
    return inner
  }
  const local = (types: BtfBuilder): number =>
    types.union('holder', 4, [{ name: 'y', type: types.int('int', 4), bit: 0 }])
  expect(resolve({ local, kernel: doubling }, { kind: 'fieldOffset', access: '0:0' })).toMatch(/^failed: .*without end/)
  expect(resolve({ local: doubling, kernel: doubling }, { kind: 'typeMatches' })).toMatch(/^failed: .*nested/)
})
