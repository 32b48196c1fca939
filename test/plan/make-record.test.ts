import { expect, test } from 'vitest'
import { makeRecord } from '../../src/plan/make-record.ts'
import { array, desired, link, map, program } from '../support/builders.ts'

test('the record has what the kernel would forget', () => {
  const inner = map('i').shape
  const wanted = desired(
    map('outer', {
      shape: { ...inner, type: 'array_of_maps', inner },
      contents: { kind: 'inner', slots: new Map([[1, 'map.allow' as const]]) },
    }),
    map('allow', { contents: { kind: 'entries', entries: [{ key: '01', value: '02' }] } }),
    map('data', { contents: { kind: 'data', initial: '00', frozen: true } }),
    map('shared', { owner: 'foreign', foreignPath: '/sys/fs/bpf/other/shared' }),
    array('calls', { 3: 'entry' }),
    program('entry', ['calls']),
    link('eth0', 'entry'),
  )
  const record = makeRecord({ ...wanted, ownership: { mode: 0o750 } }, 4)
  expect(record).toMatchObject({ generation: 4, phase: 'published', manifest: 'd', ownership: { mode: 0o750 } })
  expect(record.maps).toMatchObject({
    outer: { innerShape: inner, inner: { 1: 'map.allow' } },
    allow: { owner: 'stack', pinned: true, layout: map('allow').layout, entries: [{ key: '01', value: '02' }] },
    data: { initial: '00', frozen: true },
    shared: { owner: 'foreign', foreignPath: '/sys/fs/bpf/other/shared' },
    calls: { slots: { 3: 'program.entry' } },
  })
  expect(record.programs['entry']).toMatchObject({
    load: program('entry').load,
    references: [{ map: 'map.calls', instruction: 0, offset: 0 }],
  })
  expect(record.links).toEqual({ eth0: { program: 'program.entry', target: link('eth0', 'entry').target } })
})
