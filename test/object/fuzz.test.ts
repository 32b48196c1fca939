import { expect, test } from 'vitest'
import { ObjectError } from '../../src/model/errors.ts'
import { inspectObject } from '../../src/object/inspect.ts'
import { readObject } from '../../src/object/read.ts'
import { bytesOf, fixturePath } from './fixtures.ts'

const inputs = ['data', 'functions', 'maps', 'static-values', 'unsupported', 'legacy-maps', 'big-endian-functions']

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

/** Reads and describes; true when it was read, false for an ObjectError, anything else is thrown. */
function survives(bytes: Uint8Array): boolean {
  try {
    JSON.stringify(inspectObject(readObject(bytes, 'fuzzed.o')))
    return true
  } catch (error) {
    if (error instanceof ObjectError && /^O\d{3}$/.test(error.code)) return false
    throw error
  }
}

test.each(inputs)('%s.bpf.o with some bytes changed gives an object or an ObjectError', (name) => {
  const good = bytesOf(fixturePath(name))
  const next = random(name.length)
  const outcomes = { read: 0, refused: 0 }
  for (let run = 0; run < 400; run++) {
    const bytes = good.slice()
    const changes = 1 + Math.floor(next() * 3)
    for (let i = 0; i < changes; i++) {
      const at = Math.floor(next() * bytes.length)
      bytes[at] = next() < 0.5 ? Math.floor(next() * 256) : (bytes[at] ?? 0) ^ (1 << Math.floor(next() * 8))
    }
    outcomes[survives(bytes) ? 'read' : 'refused']++
  }
  expect(outcomes.read).toBeGreaterThan(0)
  expect(outcomes.refused).toBeGreaterThan(0)
})

test.each(inputs)('%s.bpf.o with a 32-bit field set to an extreme gives an object or an ObjectError', (name) => {
  const good = bytesOf(fixturePath(name))
  const extremes = [0, 1, 0x7fffffff, 0xffffffff, 0x80000000]
  let refused = 0
  for (let at = 0; at + 4 <= good.length; at += 76) {
    for (const value of extremes) {
      const bytes = good.slice()
      new DataView(bytes.buffer).setUint32(at & ~3, value, true)
      if (!survives(bytes)) refused++
    }
  }
  expect(refused).toBeGreaterThan(0)
})

test.each(inputs)('%s.bpf.o cut off anywhere is refused', (name) => {
  const good = bytesOf(fixturePath(name))
  const step = Math.max(1, Math.floor(good.length / 200))
  for (let size = 0; size < good.length; size += step) expect(survives(good.subarray(0, size))).toBe(false)
})
