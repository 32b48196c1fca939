import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canCompile, compile } from '../support/compile.ts'
import { canTestLinux, openTestHost, run } from '../support/linux.ts'
import { pinfold } from './support/pinfold.ts'

// Names that nobody else on this machine gives to maps and programs: so it shows whether something of them is left.
const suffix = Math.floor(Math.random() * 36 ** 4)
  .toString(36)
  .padStart(4, '0')
const names = { careless: `care${suffix}`, ingress: `ing${suffix}`, parse_ipv4: `parse_${suffix}`, seen: suffix }

const directory = mkdtempSync(join(tmpdir(), 'pinfold-verify-'))
afterAll(() => rmSync(directory, { recursive: true }))

const memory = ['--kernel', 'memory']
const tailCalls = ['-f', 'examples/tail-calls/pinfold.yaml', '--var', 'IFACE=nope0']

test('a manifest is verified in memory as far as that can tell, without its interfaces', async () => {
  const { code, printed } = await pinfold('verify', ...tailCalls, ...memory)
  expect(code).toBe(0)
  expect(printed.replace(/[\d.]+ m?s/g, 'N ms').replace(/[0-9a-f]{16}/g, 'TAG')).toContain(
    'Accepted: 3 programs, in memory, N ms.\n',
  )
  expect(printed).toMatch(/ {2}ingress +xdp +xdp +[0-9a-f]{16} +52 +52 +416 B +[\d.]+ m?s\n/)
})

test('a source in the place of its object is told to be none', async () => {
  const { code, printed } = await pinfold('verify', object('optional').replace(/o$/, 'c'), ...memory)
  expect({ code, printed }).toEqual({
    code: 1,
    printed: expect.stringMatching(/error O001(.|\n)+clang -g -O2 -target bpf/),
  })
})

test('each operand is reported, and one that cannot be used does not hide the others', async () => {
  const { code, printed } = await pinfold('verify', '/nonexistent.bpf.o', object('optional'), ...memory)
  expect(code).toBe(1)
  expect(printed).toContain('/nonexistent.bpf.o\nerror C113: cannot read /nonexistent.bpf.o: there is no such file\n')
  expect(printed).toMatch(/ {2}by_itself +xdp/)
  expect(printed).not.toContain('by_name')
  expect(printed).toMatch(/\nRefused: 0 of 1 program, and 1 file could not be used; in memory, [\d.]+ m?s\.\n$/)
})

test('what cannot be loaded at all is refused with its sentence, and the rest is verified', async () => {
  const { code, printed } = await pinfold('verify', object('unsupported'), ...memory)
  expect(code).toBe(1)
  expect(printed).toMatch(/ {2}is_fine +sched_cls +[0-9a-f]{16}/)
  expect(printed).toContain(
    'program.has_no_type: error M205 Program without a type: cannot load program.has_no_type: its section',
  )
})

test.skipIf(!canCompile)('an object without any program is told to have none, and why', async () => {
  const file = compile(directory, 'bare', 'int forgotten(void *ctx) { return 0; }')
  const { printed } = await pinfold('verify', file, ...memory)
  expect(printed).toContain('no programs: a function becomes one by its section')
  expect((await pinfold('inspect', file)).printed).toContain('no function is a program')
})

test("another's map need not be there", async () => {
  const file = manifest('foreign', `maps: { handlers: { pinned: /sys/fs/bpf/nobody/has/this } }`)
  expect(await pinfold('verify', file, ...memory)).toMatchObject({ code: 0 })
})

test('verify --json is one document', async () => {
  const { printed } = await pinfold('verify', '--json', object('optional'), object('unsupported'), ...memory)
  const document = JSON.parse(printed)
  expect(document).toMatchObject({ type: 'verification', kernel: 'memory', accepted: false, ms: expect.any(Number) })
  expect(document.files.map(({ accepted }: { accepted: boolean }) => accepted)).toEqual([true, false])
  expect(document.files[0].programs).toEqual([
    {
      name: 'by_itself',
      type: 'xdp',
      attachType: 'xdp',
      instructions: 2,
      ms: expect.any(Number),
      result: 'accepted',
      tag: expect.stringMatching(/^[0-9a-f]{16}$/),
      verifiedInstructions: 2,
      jitedSize: 16,
    },
  ])
})

describe.skipIf(!canTestLinux)('on Linux', () => {
  const host = openTestHost()
  beforeAll(() => {
    renamed('test/fixtures/rejected.bpf.o', 'rejected.bpf.o')
    renamed('examples/tail-calls/tail-calls.bpf.o', 'tail-calls.bpf.o')
  })
  afterAll(() => host[Symbol.dispose]())

  test('the tags are those of the object, and nothing stays', async () => {
    const { code, printed } = await pinfold('verify', '--json', join(host.directory, 'tail-calls.bpf.o'))
    expect(code).toBe(0)
    const inspected = JSON.parse((await pinfold('inspect', '--json', join(host.directory, 'tail-calls.bpf.o'))).printed)
    const modern = JSON.parse(printed).kernel >= '6.18' ? 'sha256' : 'sha1'
    const tags = (programs: { name: string; tag: string; tags: Record<string, string> }[]): object =>
      Object.fromEntries(programs.map((program) => [program.name, program.tag ?? program.tags[modern]]))
    expect(tags(JSON.parse(printed).files[0].programs)).toEqual(tags(inspected.programs))
    expect(left()).toEqual([])
  })

  test('after a refusal the others are verified, every refusal is told, and nothing stays', async () => {
    const file = join(host.directory, 'rejected.bpf.o')
    const log = join(host.directory, 'verifier.log')
    const others = join(host.directory, 'tail-calls.bpf.o')
    const { code, printed } = await pinfold('verify', file, others, file, '--verifier-log', log)
    const logs = readFileSync(log, 'utf8').split(/^\n.*rejected\.bpf\.o, program\.care.*:\n/m)
    expect(logs.map((text) => text.match(/^processed \d+ insns/gm)?.length)).toEqual([1, 1])
    expect(code).toBe(1)
    expect(printed.match(/error K100: cannot load program\.care/g)).toHaveLength(2)
    expect(printed).toMatch(new RegExp(` {2}${names.ingress} +xdp +xdp +[0-9a-f]{16} +52( +\\d+)? +\\d+ B`))
    expect(printed).toMatch(/\nRefused: 2 of 5 programs; kernel [\d.]+, [\d.]+ m?s\.\n$/)
    expect(left()).toEqual([])
  })

  test.skipIf(!canCompile)(
    'a map whose size its loader decides gets one for the verifier, and that is said',
    async () => {
      const source = `char LICENSE[] SEC("license") = "GPL";
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, long); } counts SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); } events SEC(".maps");
SEC("xdp") int unsized(struct xdp_md *ctx) {
  int key = 0;
  long *count = bpf_map_lookup_elem(&counts, &key);
  if (count) bpf_ringbuf_output(&events, count, sizeof *count, 0);
  return 2;
}`
      const { code, printed } = await pinfold('verify', compile(host.directory, 'unsized', source))
      expect(printed).toContain('M218 Size of a map made up: map.counts has no max_entries: it is verified with 128.')
      expect(printed).toContain('map.events has no max_entries: it is verified with 65536.')
      expect({ code, printed }).toEqual({ code: 0, printed: expect.stringMatching(/\nAccepted: 1 program, /) })
    },
  )

  test.skipIf(!canCompile)(
    'globals of the manifest are frozen before the load: dead code is not looked at',
    async () => {
      const source = `char LICENSE[] SEC("license") = "GPL";
const volatile int heavy = 0;
SEC("xdp") int lazy(struct xdp_md *ctx) { return heavy ? bpf_get_prandom_u32() & bpf_ktime_get_ns() : 2; }`
      const file = compile(host.directory, 'lazy', source)
      const count = async (heavy: number): Promise<number> => {
        const main = { file, globals: `{ heavy: ${heavy} }`, programs: 'lazy: {}' }
        const { printed } = await pinfold('verify', '--json', manifest('globals', '', main))
        return JSON.parse(printed).files[0].programs[0].jitedSize
      }
      expect(await count(1)).toBeGreaterThan(await count(0))
    },
  )

  test('a map that the kernel refuses refuses the programs that use it', async () => {
    const file = manifest('huge', 'maps: { flows: { maxEntries: 4294967295 } }')
    const { code, printed } = await pinfold('verify', file)
    expect(code).toBe(1)
    expect(printed).toMatch(/error K\d+: cannot create map\.flows/)
    expect(printed).toMatch(
      /error K\d+: cannot load program\.parse_ipv4: map\.flows, which it uses, cannot be created\n/,
    )
    expect(printed).toMatch(/\nRefused: 1 of 2 programs; /)
  })

  /** A copy of an object under names of our own. */
  function renamed(from: string, to: string): void {
    let text = readFileSync(from).toString('latin1')
    for (const [before, after] of Object.entries(names)) {
      const word = new RegExp(`\\0${before}\\0`, 'g')
      text = text.replace(word, `\0${after.padEnd(before.length, '_').slice(0, before.length)}\0`)
    }
    writeFileSync(join(host.directory, to), Buffer.from(text, 'latin1'))
  }

  /** Maps and programs of ours that the kernel still has, a while after they were let go. */
  function left(): string[] {
    const text = run('sh', '-c', `sleep 0.2; (bpftool prog; bpftool map) | grep '${suffix}' || true`)
    return text.split('\n').filter((line) => line !== '')
  }
})

const object = (name: string): string => `test/fixtures/${name}.bpf.o`

const tailCallsObject = {
  file: 'examples/tail-calls/tail-calls.bpf.o',
  globals: '{}',
  programs: 'ingress: {}, parse_ipv4: {}',
}

function manifest(name: string, rest: string, { file, globals, programs } = tailCallsObject): string {
  const path = join(directory, `${name}.yaml`)
  const objects = `{ main: { file: ${resolve(file)}, globals: ${globals} } }`
  writeFileSync(path, `version: 1\nname: edge\nobjects: ${objects}\nprograms: { ${programs} }\n${rest}\n`)
  return path
}
