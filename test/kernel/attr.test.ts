import { endianness } from 'node:os'
import { describe, expect, test } from 'vitest'
import {
  iterCreateAttr,
  iterInfo,
  linkCreateAttr,
  linkUpdateAttr,
  rawTracepointAttr,
  tracepointEventAttr,
} from '../../src/kernel/attr-link.ts'
import { mapCreateAttr, mapElementAttr, mapFreezeAttr } from '../../src/kernel/attr-map.ts'
import {
  getAttr,
  idAttr,
  infoLayout,
  nextId,
  objectLayout,
  pinAttr,
  queriedCount,
  queryAttr,
} from '../../src/kernel/attr-object.ts'
import { bindReferences, btfLoadAttr, logTrueSize, programLoadAttr } from '../../src/kernel/attr-program.ts'
import type { Fd, FdKind } from '../../src/kernel/kernel.ts'
import type { Attr } from '../../src/kernel/layout.ts'
import { assemble, exit, loadReference } from '../support/assembler.ts'

// Offsets and sizes are those of `union bpf_attr` in include/uapi/linux/bpf.h, written out as 32-bit words.

const fd = <K extends FdKind>(kind: K, number: number): Fd<K> => ({ kind, number, [Symbol.dispose]: () => {} })
const words = ({ bytes }: Attr): number[] => [...new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)]
const zeros = (count: number): number[] => new Array(count).fill(0)
const name = (text: string): number[] => [...new Uint32Array(new Uint8Array(Buffer.from(text.padEnd(16, '\0'))).buffer)]
const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7)

describe.skipIf(endianness() === 'BE')('what the kernel reads, word by word', () => {
  test('BPF_MAP_CREATE', () => {
    const attr = mapCreateAttr({
      name: 'flows',
      shape: { type: 'hash_of_maps', keySize: 4, valueSize: 8, maxEntries: 1024, flags: 0x80, mapExtra: 2 ** 32 + 5 },
      inner: fd('map', 9),
    })
    expect(words(attr)).toEqual([13, 4, 8, 1024, 0x80, 9, 0, ...name('flows'), ...zeros(5), 5, 1, 0, 0])
  })

  test('BPF_MAP_CREATE with BTF, and without for a type that refuses it', () => {
    const btf = { fd: fd('btf', 11), keyTypeId: 12, valueTypeId: 13 }
    const shape = { keySize: 4, valueSize: 4, maxEntries: 1, flags: 0, mapExtra: 0 }
    expect(words(mapCreateAttr({ name: 'a', shape: { ...shape, type: 'array' }, btf })).slice(12, 15)).toEqual([
      11, 12, 13,
    ])
    expect(words(mapCreateAttr({ name: 'a', shape: { ...shape, type: 'xskmap' }, btf })).slice(12, 15)).toEqual([
      0, 0, 0,
    ])
  })

  test('BPF_MAP_UPDATE_ELEM and its relatives', () => {
    const [key, value] = [bytes(4), bytes(8)]
    const attr = mapElementAttr(fd('map', 5), key, value, 'replace')
    expect(words(attr)).toEqual([5, 0, 0, 0, 0, 0, 2, 0])
    expect(attr.pointers).toEqual([8, key, 16, value])
    expect(words(mapElementAttr(fd('map', 5), key, value, 'create'))[6]).toBe(1)
    expect(words(mapElementAttr(fd('map', 5), key, value))[6]).toBe(0)
  })

  test('an empty or absent key is a null pointer', () => {
    expect(mapElementAttr(fd('map', 5), new Uint8Array(0), bytes(8)).pointers).toEqual([16, bytes(8)])
    expect(mapElementAttr(fd('map', 5), undefined, bytes(8)).pointers).toEqual([16, bytes(8)])
  })

  test('BPF_MAP_FREEZE', () => {
    expect(words(mapFreezeAttr(fd('map', 5)))).toEqual([5])
  })

  test('BPF_PROG_LOAD', () => {
    const log = bytes(64)
    const debug = { functions: bytes(24), functionSize: 8, lines: bytes(48), lineSize: 16 }
    const attr = programLoadAttr(
      {
        name: 'ingress',
        load: { type: 'tracing', attachType: 'trace_iter', flags: 0x10, license: 'GPL', kernelVersion: 0x60100 },
        instructions: bytes(16),
        references: [],
        btf: { fd: fd('btf', 21), debug },
      },
      { attachment: { id: 31 }, log },
    )
    const head = [26, 2, 0, 0, 0, 0, 1, 64, 0, 0, 0x60100, 0x10]
    const middle = [...name('ingress'), 0, 28, 21, 8, 0, 0, 3, 16, 0, 0, 3, 31]
    expect(words(attr)).toEqual([...head, ...middle, ...zeros(8)])
    const license = new Uint8Array(Buffer.from('GPL\0'))
    const found = attr.pointers.map((pointer) => (typeof pointer === 'number' ? pointer : new Uint8Array(pointer)))
    expect(found).toEqual([8, bytes(16), 16, license, 32, log, 80, debug.functions, 96, debug.lines])
    expect(attr.bytes.length).toBe(144)
  })

  test('BPF_PROG_LOAD without a log, BTF or attach type leaves their words zero', () => {
    const load = { type: 'xdp', flags: 0, license: 'GPL' } as const
    const attr = programLoadAttr({ name: 'p', load, instructions: bytes(8), references: [] })
    expect(words(attr)).toEqual([6, 1, ...zeros(10), ...name('p'), ...zeros(20)])
  })

  test('the true size of a log is read where the kernel writes it', () => {
    const load = { type: 'xdp', flags: 0, license: 'GPL' } as const
    const attr = programLoadAttr({ name: 'p', load, instructions: bytes(8), references: [] })
    attr.view.setUint32(140, 777, true)
    expect(logTrueSize(attr)).toBe(777)
  })

  test('BPF_BTF_LOAD', () => {
    const [btf, log] = [bytes(40), bytes(64)]
    expect(words(btfLoadAttr(btf))).toEqual([0, 0, 0, 0, 40, 0, 0, 0])
    expect(btfLoadAttr(btf).pointers).toEqual([0, btf])
    expect(words(btfLoadAttr(btf, log))).toEqual([0, 0, 0, 0, 40, 64, 1, 0])
  })

  test('BPF_OBJ_PIN and BPF_OBJ_GET', () => {
    expect(words(pinAttr({ number: 5 }, '/p'))).toEqual([0, 0, 5, 0])
    expect(pinAttr({ number: 5 }, '/p').pointers).toEqual([0, Buffer.from('/p\0')])
    expect(words(getAttr('/p'))).toEqual([0, 0, 0, 0])
    expect(objectLayout).toMatchObject({ at: { pathname: 0, bpf_fd: 8, file_flags: 12 }, size: 16 })
  })

  test('BPF_OBJ_GET_INFO_BY_FD', () => {
    expect(infoLayout).toMatchObject({ at: { bpf_fd: 0, info_len: 4, info: 8 }, size: 16 })
  })

  test('BPF_*_GET_NEXT_ID', () => {
    const attr = idAttr(7)
    expect(words(attr)).toEqual([7, 0, 0])
    attr.view.setUint32(4, 8, true)
    expect(nextId(attr)).toBe(8)
  })

  test('BPF_PROG_QUERY', () => {
    const ids = bytes(64)
    const attr = queryAttr(3, 2, ids)
    expect(words(attr)).toEqual([3, 2, 0, 0, 0, 0, 16, ...zeros(9)])
    expect(attr.pointers).toEqual([16, ids])
    expect(queriedCount(attr)).toBe(16)
  })

  test('every request has room behind it for what a newer kernel writes there', () => {
    const sizeofBpfAttr = 168
    for (const attr of [idAttr(1), queryAttr(3, 2, bytes(4)), mapFreezeAttr(fd('map', 5)), btfLoadAttr(bytes(4))]) {
      expect(attr.bytes.buffer.byteLength).toBeGreaterThanOrEqual(2 * sizeofBpfAttr)
    }
  })

  test('BPF_LINK_CREATE', () => {
    expect(words(linkCreateAttr(fd('program', 3), { target: 4, attachType: 37, flags: 2 }))).toEqual([3, 4, 37, 2])
  })

  test('BPF_LINK_CREATE of an iterator over a map', () => {
    const attr = iterCreateAttr(fd('program', 3), 28, iterInfo.map(fd('map', 6)))
    expect(words(attr)).toEqual([3, 0, 28, 0, 0, 0, 4, 0])
    expect(attr.pointers).toEqual([16, Uint8Array.of(6, 0, 0, 0)])
    expect([...iterInfo.cgroup(2, 7)]).toEqual([2, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0])
    expect([...iterInfo.task({ pid: 9 })]).toEqual([0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0])
  })

  test('BPF_LINK_UPDATE always compares with the expected program', () => {
    expect(words(linkUpdateAttr(fd('link', 1), fd('program', 2), fd('program', 3)))).toEqual([1, 2, 4, 3])
  })

  test('BPF_RAW_TRACEPOINT_OPEN', () => {
    const attr = rawTracepointAttr(fd('program', 3), 'sys_enter')
    expect(words(attr)).toEqual([0, 0, 3, 0])
    expect(attr.pointers).toEqual([0, Buffer.from('sys_enter\0')])
  })

  test('perf_event_open of a tracepoint', () => {
    expect(words(tracepointEventAttr(300))).toEqual([2, 64, 300, 0, 1, 0, ...zeros(10)])
  })

  test('references name their maps, in a copy of the instructions', () => {
    const instructions = assemble([...loadReference(1), ...loadReference(2), exit])
    const bound = bindReferences(instructions, [
      { instruction: 0, kind: 'map', map: fd('map', 5), offset: 0 },
      { instruction: 2, kind: 'value', map: fd('map', 6), offset: 24 },
    ])
    const hex = (from: number): string => Buffer.from(bound).toString('hex', from, from + 16)
    expect(hex(0)).toBe('18110000050000000000000000000000')
    expect(hex(16)).toBe('18220000060000000000000018000000')
    expect(instructions).toEqual(assemble([...loadReference(1), ...loadReference(2), exit]))
  })
})
