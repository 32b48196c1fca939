import { deflateSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { readRecord, recordMapName, writeRecord } from '../../src/kernel/record-map.ts'
import { KernelError } from '../../src/model/errors.ts'
import type { StackRecord } from '../../src/model/record.ts'
import { makeRecord } from '../../src/plan/make-record.ts'
import { openLinuxWorld, openMemoryWorld, type TestWorld } from '../contract/test-world.ts'
import { array, desired, link, map, program } from '../support/builders.ts'
import { canTestLinux } from '../support/linux.ts'

const worlds = [
  { name: 'memory', open: openMemoryWorld, can: true },
  { name: 'Linux', open: openLinuxWorld, can: canTestLinux },
]

const record = makeRecord(
  desired(map('flows'), array('calls', { 1: 'main' }), program('main', ['calls']), link('eth0', 'main')),
  7,
)

for (const { name, open, can } of worlds) {
  describe.skipIf(!can)(`the record on ${name}`, () => {
    const world = can ? open() : ({} as TestWorld)
    afterAll(() => can && world.close())
    let count = 0
    const fresh = (): string => `${world.bpffs}/record${count++}`

    test('reads back equal', () => {
      const path = fresh()
      writeRecord(world.kernel, record, path)
      expect(readRecord(world.kernel, path)).toEqual(record)
      expect(world.kernel.openDescriptors()).toBe(0)
    })

    test('is frozen', () => {
      const path = fresh()
      writeRecord(world.kernel, record, path)
      using map = world.kernel.openPin(path)
      const value = world.kernel.lookup(map as never, new Uint8Array(4)) ?? new Uint8Array()
      expect(() => world.kernel.update(map as never, new Uint8Array(4), value)).toThrow(/EPERM/)
    })

    test('takes no path that is taken', () => {
      const path = fresh()
      writeRecord(world.kernel, record, path)
      expect(() => writeRecord(world.kernel, record, path)).toThrow(expect.objectContaining({ errno: 'EEXIST' }))
      expect(world.kernel.openDescriptors()).toBe(0)
    })

    test('may be large', () => {
      const path = fresh()
      const manifest = Array.from({ length: 20_000 }, (_, i) => (i * 7919).toString(36)).join('-')
      writeRecord(world.kernel, { ...record, manifest }, path)
      expect(readRecord(world.kernel, path)).toEqual({ ...record, manifest })
    })

    test.each(broken)('is undefined for $what', ({ value, name: mapName = recordMapName }) => {
      const path = fresh()
      const shape = {
        type: 'array',
        keySize: 4,
        valueSize: value.length,
        maxEntries: 1,
        flags: 0,
        mapExtra: 0,
      } as const
      using fd = world.kernel.createMap({ name: mapName, shape })
      world.kernel.update(fd, new Uint8Array(4), value)
      world.kernel.pin(fd, path)
      expect(readRecord(world.kernel, path)).toBeUndefined()
    })

    test('is undefined where nothing is pinned, and for a map of another shape', () => {
      expect(readRecord(world.kernel, fresh())).toBeUndefined()
      const path = fresh()
      using fd = world.kernel.createMap({ name: recordMapName, shape: map('flows').shape })
      world.kernel.pin(fd, path)
      expect(readRecord(world.kernel, path)).toBeUndefined()
    })
  })
}

function encode(text: string, change: { magic?: string; length?: number } = {}): Uint8Array {
  const compressed = deflateSync(text)
  const header = Buffer.alloc(8)
  header.write(change.magic ?? 'pfr1')
  header.writeUInt32LE(change.length ?? compressed.length, 4)
  return Buffer.concat([header, compressed])
}

function plain(text: string): Uint8Array {
  const header = Buffer.from('pfr0\0\0\0\0')
  header.writeUInt32LE(text.length, 4)
  return Buffer.concat([header, Buffer.from(text)])
}

const changed = (change: Record<string, unknown>): Uint8Array => encode(JSON.stringify({ ...record, ...change }))

const broken: readonly { readonly what: string; readonly value: Uint8Array; readonly name?: string }[] = [
  { what: 'zeros', value: new Uint8Array(64) },
  { what: 'a value shorter than a header', value: new Uint8Array(4) },
  { what: 'another format', value: encode(JSON.stringify(record), { magic: 'pfr9' }) },
  { what: 'a length beyond the value', value: encode(JSON.stringify(record), { length: 2 ** 31 }) },
  { what: 'a cut record', value: encode(JSON.stringify(record), { length: 20 }) },
  { what: 'a cut record that is not compressed', value: plain(JSON.stringify(record).slice(0, 100)) },
  { what: 'another version that is not compressed', value: plain(JSON.stringify({ ...record, version: 2 })) },
  { what: 'no JSON', value: encode('{') },
  { what: 'a map of another name', value: encode(JSON.stringify(record)), name: 'flows' },
  { what: 'another version', value: changed({ version: 2 }) },
  { what: 'a generation that is no integer', value: changed({ generation: '7' }) },
  { what: 'an unknown phase', value: changed({ phase: 'resting' }) },
  { what: 'programs that are no table', value: changed({ programs: [] }) },
  { what: 'a program without instructions', value: changed({ programs: { main: { load: { type: 'xdp' } } } }) },
  { what: 'a map without an owner', value: changed({ maps: { flows: {} } }) },
  { what: 'a link without a target', value: changed({ links: { eth0: { program: 'program.main' } } }) },
]

test('a record that cannot be told is no missing record', () => {
  const { kernel, bpffs } = openMemoryWorld()
  writeRecord(kernel, record, `${bpffs}/record`)
  const fields = { code: 'K024', command: 'BPF_OBJ_GET', errno: 'EMFILE' }
  const openPin = (): never => {
    throw new KernelError('cannot open it: this process has too many open descriptors', fields)
  }
  expect(() => readRecord({ ...kernel, openPin }, `${bpffs}/record`)).toThrow(KernelError)
})

test('the encoder of these tests makes valid records', () => {
  const world = openMemoryWorld()
  const value = changed({ generation: 8 })
  const shape = { type: 'array', keySize: 4, valueSize: value.length, maxEntries: 1, flags: 0, mapExtra: 0 } as const
  using fd = world.kernel.createMap({ name: recordMapName, shape })
  world.kernel.update(fd, new Uint8Array(4), value)
  world.kernel.pin(fd, `${world.bpffs}/record`)
  expect(readRecord(world.kernel, `${world.bpffs}/record`)).toEqual({ ...record, generation: 8 } satisfies StackRecord)
})
