import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noSandbox, Sandbox } from './sandbox.ts'

/*
 * What a second plan sees on this kernel: nothing when nothing changed, and each change that the kernel's program tag does
 * not show, since the tag ignores which map an instruction names, at which offset, and what read-only data holds.
 */

const source = `
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct counters {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, @MAX_ENTRIES@);
  __type(key, __u32);
  __type(value, @VALUE@);
};
struct counters first SEC(".maps");
struct counters second SEC(".maps");

const volatile __u32 verdict = @VERDICT@;
__u32 one = 1, two = 2;

SEC("xdp") int entry(struct xdp_md *ctx) {
  __u32 key = 0;
  void *value = bpf_map_lookup_elem(&@USED@, &key);
  void *other = bpf_map_lookup_elem(&first, &key), *another = bpf_map_lookup_elem(&second, &key);
  @GLOBAL@++;
  if (!value || !other || !another) return 0;
  return verdict;
}
char _license[] SEC("license") = "@LICENSE@";
`

const manifest = `
version: 1
name: same
objects: { main: { file: same.bpf.o } }
programs: { entry: }
links: { eth0: { program: entry, attach: { xdp: { interface: eth0, mode: generic } } } }
`

interface Variant {
  readonly USED: string
  readonly GLOBAL: string
  readonly VERDICT: string
  readonly LICENSE: string
  readonly MAX_ENTRIES: string
  readonly VALUE: string
}

const original: Variant = {
  USED: 'first',
  GLOBAL: 'one',
  VERDICT: '2',
  LICENSE: 'GPL',
  MAX_ENTRIES: '4',
  VALUE: '__u64',
}

const missing = noSandbox() ?? (spawnSync('clang-16', ['--version']).status === 0 ? undefined : 'no clang-16')

interface PlannedChange {
  readonly address: string
  readonly action: string
  readonly because: readonly { readonly attribute: string }[]
}

describe.skipIf(missing !== undefined)('a plan on the live stack', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pinfold-same-'))
  let sandbox: Sandbox

  const compile = (change: Partial<Variant>): void => {
    let text = source
    for (const [name, value] of Object.entries({ ...original, ...change })) text = text.replaceAll(`@${name}@`, value)
    writeFileSync(join(directory, 'same.bpf.c'), text)
    const args = [
      '-target',
      'bpf',
      '-O2',
      '-g',
      '-I',
      '/usr/include/x86_64-linux-gnu',
      '-c',
      'same.bpf.c',
      '-o',
      'same.bpf.o',
    ]
    const { status, stderr } = spawnSync('clang-16', args, { cwd: directory, encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
  }
  const plan = (): { readonly status: number; readonly changes: readonly PlannedChange[] } => {
    const { status, stdout } = sandbox.pinfold('plan', '--json', '-f', join(directory, 'pinfold.yaml'))
    const { changes } = JSON.parse(stdout) as { readonly changes: readonly PlannedChange[] }
    return { status, changes: changes.filter((change) => change.action !== 'keep') }
  }
  const tag = (): string => sandbox.show('same').programs[0]?.tag ?? ''

  beforeAll(async () => {
    sandbox = await Sandbox.create()
    writeFileSync(join(directory, 'pinfold.yaml'), manifest)
    compile({})
    expect(sandbox.pinfold('apply', '--auto-approve', '-f', join(directory, 'pinfold.yaml'))).toMatchObject({
      status: 0,
    })
  })
  afterAll(() => {
    sandbox[Symbol.dispose]()
    rmSync(directory, { recursive: true })
  })

  test('finds nothing to do when nothing changed, recompiled or not', () => {
    expect(plan()).toEqual({ status: 0, changes: [] })
    compile({})
    expect(plan()).toEqual({ status: 0, changes: [] })
  })

  test.each([
    ['the map that an instruction names', { USED: 'second' }, 'maps'],
    ['the offset of a global', { GLOBAL: 'two' }, 'offset.map.data'],
  ])('sees that only %s changed, though the tag stays the same', (_, change, attribute) => {
    compile(change)
    const { status, changes } = plan()
    expect(status).toBe(2)
    expect(changes).toMatchObject([
      { address: 'program.entry', action: 'update', because: [{ attribute }] },
      { address: 'link.eth0', action: 'update' },
    ])
    const before = tag()
    expect(sandbox.pinfold('apply', '--auto-approve', '-f', join(directory, 'pinfold.yaml'))).toMatchObject({
      status: 0,
    })
    expect(tag()).toBe(before)
    expect(plan()).toEqual({ status: 0, changes: [] })
    compile({})
    expect(sandbox.pinfold('apply', '--auto-approve', '-f', join(directory, 'pinfold.yaml'))).toMatchObject({
      status: 0,
    })
  })

  test('sees one byte of read-only data', () => {
    compile({ VERDICT: '1' })
    expect(plan()).toMatchObject({
      status: 2,
      changes: [
        { address: 'map.rodata', action: 'replace', because: [{ attribute: 'initial' }] },
        { address: 'program.entry', action: 'update', because: [{ attribute: 'uses' }] },
        { address: 'link.eth0', action: 'update' },
      ],
    })
  })

  test('sees another licence', () => {
    compile({ LICENSE: 'Dual MIT/GPL' })
    expect(plan()).toMatchObject({ status: 2, changes: [{ because: [{ attribute: 'load.license' }] }, {}] })
  })

  test('refuses another size or layout of a map, with exit code 4 and nothing changed', () => {
    const before = JSON.stringify(sandbox.show('same'))
    compile({ MAX_ENTRIES: '8' })
    expect(sandbox.pinfold('apply', '--auto-approve', '-f', join(directory, 'pinfold.yaml'))).toMatchObject({
      status: 4,
    })
    compile({ VALUE: 'struct { __u32 a; __u32 b; }' })
    expect(plan()).toMatchObject({ status: 4 })
    expect(JSON.stringify(sandbox.show('same'))).toBe(before)
  })
})

test('the sandbox is there wherever the suite runs as root on Linux', () => {
  if (process.platform === 'linux' && process.getuid?.() === 0 && process.env['CI']) expect(missing).toBeUndefined()
})
