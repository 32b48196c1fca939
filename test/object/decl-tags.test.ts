import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { inspectObject } from '../../src/object/inspect.ts'
import { readObject } from '../../src/object/read.ts'
import { canCompile, compile } from '../support/compile.ts'
import { bytesOf } from './fixtures.ts'

const directory = mkdtempSync(join(tmpdir(), 'pinfold-tags-'))
afterAll(() => rmSync(directory, { recursive: true }))

test.skipIf(!canCompile)('tags of maps and programs are kept, and those of a parameter are not theirs', () => {
  const source = `#define TAG(text) __attribute__((btf_decl_tag(text)))
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u32); }
  plain SEC(".maps"), flows TAG("first") TAG("second") SEC(".maps");
SEC("xdp") TAG("entry") int ingress(struct xdp_md *ctx TAG("context")) { return bpf_map_delete_elem(&flows, ctx); }
SEC("xdp") int other(struct xdp_md *ctx) { return bpf_map_delete_elem(&plain, ctx); }
`
  const path = compile(directory, 'tagged', source)
  const { maps, programs } = inspectObject(readObject(bytesOf(path), path))
  expect(maps.map(({ name, declTags }) => [name, declTags]).sort()).toEqual([
    ['flows', ['first', 'second']],
    ['plain', undefined],
  ])
  expect(programs.map(({ name, declTags }) => [name, declTags])).toEqual([
    ['ingress', ['entry']],
    ['other', undefined],
  ])
})
