import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { canCompile, compile } from '../support/compile.ts'
import { canTestLinux, openTestHost } from '../support/linux.ts'
import { pinfold } from './support/pinfold.ts'

// What libbpf tools set before they load their objects: bpf_map__set_max_entries and bpf_map__set_value_size.
const source = `char LICENSE[] SEC("license") = "GPL";
struct { __uint(type, BPF_MAP_TYPE_STACK_TRACE); __uint(key_size, 4); } stacks SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, long); } counts SEC(".maps");
SEC("raw_tp/sched_switch") int on_switch(void *ctx) {
  int id = bpf_get_stackid(ctx, &stacks, 0);
  long one = 1;
  bpf_map_update_elem(&counts, &id, &one, 0);
  return 0;
}`

describe.skipIf(!canTestLinux || !canCompile)('maps whose sizes the object leaves to its loader', () => {
  const host = openTestHost()
  afterAll(() => host[Symbol.dispose]())
  const object = () => compile(host.directory, 'traces', source)
  const place = () => ['--bpffs', host.bpffs]

  test('init writes them, and the manifest is applied as it is; what was applied is imported with them', async () => {
    const [first, taken] = ['first', 'taken'].map((name) => join(host.directory, `${name}.yaml`)) as [string, string]
    expect((await pinfold('init', object(), '-o', first)).code).toBe(0)
    expect((await pinfold('apply', '-f', first, ...place(), '--auto-approve')).code).toBe(0)
    const { printed } = await pinfold('show', 'traces', ...place())
    expect(printed).toMatch(/stacks +stack_trace #\d+, key 4 B, value 1016 B, 128 max\n/)

    const all = ['program.on_switch', 'map.stacks', 'map.counts']
    const old = join(host.bpffs, 'old')
    const forget = ['forget', ...all, '--stack', 'traces', '--to', old, ...place(), '--auto-approve']
    await pinfold(...forget)
    const words = ['--object', object(), '--name', 'taken', '-o', taken, ...place(), '--auto-approve']
    expect(await pinfold('import', old, ...words)).toMatchObject({ code: 0 })
    expect((await pinfold('plan', '-f', taken, ...place())).printed).toContain('No changes.')
    for (const stack of ['taken', 'traces']) await pinfold('destroy', stack, ...place(), '--auto-approve')
  })

  test('verify takes the trace that tools take, and says so', async () => {
    const { code, printed } = await pinfold('verify', object())
    expect(code).toBe(0)
    expect(printed).toContain('map.stacks has no value_size: it is verified with 1016.')
  })

  test.each([
    ['stacks: { maxEntries: 9 }', 'cannot create map.stacks: it has no value_size'],
    ['stacks: { maxEntries: 9, valueSize: 12 }', 'cannot create map.stacks: a frame takes 8 bytes'],
    ['counts: { maxEntries: 9, valueSize: 4 }', 'cannot create map.counts: its values have 8 bytes in the object'],
  ])('%s is refused', async (maps, sentence) => {
    const file = join(host.directory, 'wrong.yaml')
    const lines = ['version: 1', 'name: wrong', `objects: { main: { file: ${object()} } }`, 'programs: { on_switch: }']
    writeFileSync(file, [...lines, `maps: { ${maps} }`, ''].join('\n'))
    const { code, printed } = await pinfold('validate', '-f', file)
    expect(code).toBe(1)
    expect(printed).toContain(`M211 Bad size of a map: ${sentence}`)
  })
})
