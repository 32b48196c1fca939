import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { renderObject } from '../../../src/cli/views/inspect.ts'
import { renderSnapshot } from '../../../src/cli/views/snapshot.ts'
import { renderValid, validDocument } from '../../../src/cli/views/validate.ts'
import { readObject } from '../../../src/index.ts'
import { desired, link, map, program } from '../../support/builders.ts'
import { plain } from './samples.ts'

const inspect = (fixture: string): string =>
  renderObject(readObject(new Uint8Array(readFileSync(`test/fixtures/${fixture}.bpf.o`)), `${fixture}.bpf.o`), plain)

test('an object is told as a tree: programs, maps with what they hold, and what is missing', () => {
  expect(inspect('unsupported')).toBe(`\
unsupported.bpf.o · little-endian · license GPL · BTF
├─ programs
│  ├─ has_core          raw_tp/sched_switch: raw_tracepoint, 6 instructions, 1 CO-RE relocation
│  ├─ has_kfunc         tc: sched_cls, 3 instructions, of the kernel bpf_some_kfunc
│  ├─ has_ksyms         tc: sched_cls, 7 instructions, of the kernel some_variable, some_symbol
│  ├─ has_kconfig       tc: sched_cls, 4 instructions, tag 0d6609391569ecf4, uses .kconfig
│  ├─ has_unknown_map   tc: sched_cls, 8 instructions
│  │  └─ not supported: map from_the_future of type 99
│  ├─ has_unknown_data  tc: sched_cls, 7 instructions
│  │  └─ not supported: data in section .addr_space.1
│  ├─ is_fine           tc: sched_cls, 12 instructions, tag 8dfdedf42fe179f4, uses plain_map
│  ├─ handle            struct_ops/handle: struct_ops, 2 instructions, tag 59f4a931744dcdc6
│  └─ has_no_type       xdp_anything: no program type, 2 instructions, tag 614b434cd8324ecc
├─ maps
│  ├─ plain_map  array, key 4 B, value 4 B, 1 max
│  ├─ .kconfig   array, key 4 B, value 4 B, 1 max
│  │  └─ CONFIG_HZ, 4 bytes
│  └─ ops        struct_ops, key 4 B, value 16 B, 1 max
│     └─ handle -> handle
└─ notes
   ├─ map from_the_future of type 99 is not supported
   └─ section xdp_anything names no program type, so has_no_type needs one in the manifest
`)
  expect(inspect('undefined')).toBe(`\
undefined.bpf.o · little-endian · license not given · BTF
└─ programs
   └─ calls_nobody  tc: sched_cls, 3 instructions
      └─ undefined: defined_elsewhere
`)
  expect(inspect('static-values')).toBe(`\
static-values.bpf.o · little-endian · license Dual MIT/GPL · BTF
├─ programs
│  ├─ on_first  xdp: xdp, 2 instructions, tag 614b434cd8324ecc
│  ├─ on_third  xdp: xdp, 2 instructions, tag b11459a0e11ca14c
│  └─ entry     xdp: xdp, 24 instructions, tag 22481e8d3a1b23a5, uses by_index, by_key, jumps
└─ maps
   ├─ jumps     prog_array, key 4 B, value 4 B, 4 max
   │  ├─ 0 -> on_first
   │  └─ 2 -> on_third
   ├─ blue      array, key 4 B, value 8 B, 1 max
   ├─ green     array, key 4 B, value 8 B, 1 max
   ├─ by_index  array_of_maps, key 4 B, value 4 B, 3 max
   │  ├─ inner maps: array, key 4 B, value 8 B, 1 max
   │  ├─ 1 -> blue
   │  └─ 2 -> green
   └─ by_key    hash_of_maps, key 4 B, value 4 B, 8 max
      ├─ inner maps: array, key 4 B, value 8 B, 1 max
      └─ 5 -> blue
`)
  expect(inspect('optional')).toBe(`\
optional.bpf.o · little-endian · license Dual MIT/GPL · BTF
├─ programs
│  ├─ not_by_itself  ?xdp.frags: xdp, 10 instructions, tag 2c87f39832810454, uses .bss.named, only loaded when named
│  └─ by_itself      xdp: xdp, 2 instructions, tag 614b434cd8324ecc
└─ maps
   └─ .bss.named  array, key 4 B, value 4 B, 1 max
      └─ reserved, 4 bytes
`)
})

test('a manifest is valid in one line; with --btf a line for everything that the kernel lacks', () => {
  const poisoned = [
    { instruction: 3, missing: 'struct task_struct has no field state', source: 'state.bpf.c:12' },
    { instruction: 9, missing: 'struct task_struct has no field state', source: 'state.bpf.c:15' },
    { instruction: 9, missing: 'no type foo' },
  ]
  const wanted = desired(map('flows'), { ...program('main'), poisoned }, link('eth0', 'main'))
  expect(renderValid('pinfold.yaml', wanted, plain)).toBe(`\
Valid: pinfold.yaml declares stack edge with 1 map, 1 program, 1 link.
  program.main: struct task_struct has no field state; it must not come there (state.bpf.c:12, state.bpf.c:15)
  program.main: no type foo; it must not come there
`)
  expect(validDocument('pinfold.yaml', wanted)).toMatchObject({
    type: 'valid',
    addresses: ['map.flows', 'program.main', 'link.eth0'],
    lacks: [
      { address: 'program.main', sources: ['state.bpf.c:12', 'state.bpf.c:15'] },
      { missing: 'no type foo', sources: [] },
    ],
  })
})

test('a snapshot says what it holds', () => {
  const summary = {
    ...({ type: 'snapshot-taken', version: 1, file: 'host.json', host: 'edge-1', bytes: 64_000 } as const),
    ...{ maps: 3, programs: 1, links: 0, btf: false },
  } as const
  expect(renderSnapshot(summary)).toBe('Written: host.json, 64 KB: 3 maps, 1 program, 0 links of edge-1.\n')
  expect(renderSnapshot({ ...summary, btf: true })).toBe(
    "Written: host.json, 64 KB: 3 maps, 1 program, 0 links of edge-1 and its kernel's types.\n",
  )
})
