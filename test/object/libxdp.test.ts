import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { readObject } from '../../src/object/read.ts'
import { bytesOf, libxdpPaths, mapOf } from './fixtures.ts'

const objects = libxdpPaths.map((path) => readObject(bytesOf(path), basename(path)))

test('all fifteen objects of libxdp1 are read, nothing in them is unsupported, and xdpdump_bpf.o depends on the kernel', () => {
  expect(objects).toHaveLength(15)
  expect(objects.flatMap(({ programs }) => programs.flatMap(({ unsupported }) => unsupported))).toEqual([])
  const adapted = objects.filter(({ programs }) => programs.some(({ relocations }) => relocations.length > 0))
  expect(adapted.map(({ name }) => name)).toEqual(['xdpdump_bpf.o'])
})

test('the maps of a filter are known down to their pinning', () => {
  const filter = objects.find(({ name }) => name === 'xdpfilt_alw_all.o')
  expect(filter?.maps.map(({ name }) => name)).toEqual([
    'xdp_stats_map',
    'filter_ports',
    'filter_ipv4',
    'filter_ipv6',
    'filter_ethernet',
  ])
  expect(filter && mapOf(filter, 'filter_ipv6')).toMatchObject({
    shape: { type: 'percpu_hash', keySize: 16, valueSize: 8, maxEntries: 10000 },
    pinByName: true,
  })
})
