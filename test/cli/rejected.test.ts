import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { verifierHints } from '../../src/kernel/verifier-hints.ts'
import type { VerifierReport } from '../../src/model/verifier.ts'
import { canCompile, compile } from '../support/compile.ts'
import { hasKernelBtf } from '../support/kernel-enums.ts'
import { canTestLinux } from '../support/linux.ts'
import { fakeTerminal } from './support/fake-terminal.ts'

/** A program that the verifier of every kernel from 5.10 on refuses. */
interface Row {
  /** `about` of the hint that it is to get. */
  readonly about: string
  /** The body of an XDP program with the context `c`. */
  readonly body: string
  /** The whole of it, where it is no XDP program or has a function of its own; then without a body. */
  readonly source?: string
  /** What is known of the registers at the last instruction. */
  readonly registers?: readonly RegExp[]
}

const rows: Readonly<Record<string, Row>> = {
  endless: { about: 'an unbounded loop', body: 'volatile int x = 1;\n  while (x);' },
  // The kernel writes the complaint behind the jump.
  endless_jump: { about: 'an unbounded loop', body: 'volatile int x = 0;\n  while (c->rx_queue_index != 3) x++;' },
  moved: {
    about: 'a pointer that a call made invalid',
    source: `SEC("tc") int moved(struct __sk_buff *c) {
  char *d = (void *)(long)c->data;
  if (d + 20 > (char *)(long)c->data_end) return 0;
  bpf_skb_pull_data(c, 10);
  return *(volatile char *)d;
}`,
    body: '',
  },
  locked: {
    about: 'a region that is not ended',
    source: `SEC("tc") int locked(struct __sk_buff *c) {
  int k = 0;
  struct guarded *v = bpf_map_lookup_elem(&guarded, &k);
  if (!v) return 0;
  bpf_spin_lock(&v->lock);
  if (v->count++ > 3) return 2;
  bpf_spin_unlock(&v->lock);
  return 0;
}`,
    body: '',
  },
  called_locked: {
    about: 'a call while a lock is held',
    source: `SEC("tc") int called_locked(struct __sk_buff *c) {
  int k = 0;
  struct guarded *v = bpf_map_lookup_elem(&guarded, &k);
  if (!v) return 0;
  bpf_spin_lock(&v->lock);
  v->count = bpf_ktime_get_ns();
  bpf_spin_unlock(&v->lock);
  return 0;
}`,
    body: '',
  },
  touched: {
    about: 'a field that is the kernel’s',
    source: `SEC("tc") int touched(struct __sk_buff *c) {
  int k = 0;
  struct guarded *v = bpf_map_lookup_elem(&guarded, &k);
  return v ? *(volatile int *)&v->lock : 0;
}`,
    body: '',
  },
  wrong_map: { about: 'a map of the wrong type', body: 'bpf_tail_call(c, &counts, 0);' },
  wandering: {
    about: 'a context that is not read at a constant place',
    body: 'return *(volatile int *)((char *)c + (c->rx_queue_index & 3) * 4);',
  },
  constant: {
    about: 'memory that is read only',
    body: 'asm volatile("r1 = %[at] ll; *(u32 *)(r1 + 0) = r1" ::[at] "i"(&limit) : "r1");',
  },
  shifted: {
    about: 'arithmetic that a pointer does not take',
    body: 'return (unsigned)(long)(void *)(long)c->data / 3;',
  },
  complex: {
    about: 'a program that is too complex',
    body: 'volatile int s = 0;\n  for (int i = 0; i < 2000000; i++) s += i;',
  },
  no_null_check: {
    about: 'a missing null check',
    body: 'int k = 0;\n  long *v = bpf_map_lookup_elem(&flows, &k);\n  return *v;',
    registers: [/^R0=map_value_or_null\(/],
  },
  no_bounds: {
    about: 'an access outside of the packet',
    body: 'char *d = (void *)(long)c->data;\n  return d[3];',
    registers: [/^R1=pkt\(/],
  },
  caller: {
    about: 'an access outside of the packet',
    source: `static __attribute__((noinline)) int callee(char *p) {
  return p[100];
}
SEC("xdp") int caller(struct xdp_md *c) { return callee((void *)(long)c->data); }`,
    body: '',
    registers: [/^R1=pkt\(/],
  },
  deep: {
    about: 'a stack that is too large',
    source: `static __attribute__((noinline)) int deeper(int n) { volatile char b[300] = {}; b[n & 127] = n; return b[5]; }
SEC("xdp") int deep(struct xdp_md *c) { volatile char b[300] = {}; b[c->rx_queue_index & 127] = 1; return deeper(b[3]) + b[9]; }`,
    body: '',
  },
  far: { about: 'a stack that is too large', body: 'asm volatile("r1 = 0; *(u64 *)(r10 - 520) = r1" ::: "r1");' },
  poisoned: { about: 'a CO-RE relocation without a match', body: 'asm volatile("call 195896080");' },
  from_the_future: { about: 'a helper that this kernel does not have', body: 'asm volatile("call 9999");' },
  foreign_helper: { about: 'a helper of other program types', body: 'return bpf_get_stackid(c, &counts, 0);' },
  no_value: {
    about: 'a path without a return value',
    source: 'SEC("xdp") __attribute__((naked)) int no_value(struct xdp_md *c) { asm volatile("exit"); }',
    body: '',
  },
  uninitialised: { about: 'a register without a value', body: 'asm volatile("r0 = r7" ::: "r0");\n  return 2;' },
  index: {
    about: 'an access outside of a map’s value',
    body: 'int k = 0;\n  char *v = bpf_map_lookup_elem(&counts, &k);\n  return v ? v[c->rx_queue_index] : 0;',
  },
  leak: {
    about: 'a reference that is not released',
    body: 'long *v = bpf_ringbuf_reserve(&events, 8, 0);\n  if (!v) return 0;\n  *v = 1;',
  },
  wrong_verdict: {
    about: 'a return value that is not allowed',
    source: 'SEC("cgroup_skb/ingress") int wrong_verdict(struct __sk_buff *c) { return 17; }',
    body: '',
  },
  context: {
    about: 'a field of the context that cannot be used',
    body: 'return *(int *)((char *)c + 200);',
    registers: [/^R1=ctx\(/],
  },
  number: { about: 'a pointer that the verifier does not know', body: 'return *(long *)(long)c->rx_queue_index;' },
  wrong_argument: { about: 'an argument of the wrong kind', body: 'return bpf_csum_diff((void *)c, 4, 0, 0, 0);' },
  unreachable: { about: 'code that cannot be reached', body: 'asm volatile("r0 = 0; goto +1; r0 = 1; exit");' },
}

/** Compiled without a licence. */
const proprietary = `SEC("tp/sched/sched_switch") int proprietary(void *c) { char b[8]; return bpf_probe_read_kernel(b, 8, c); }`

const maps = `struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 8); __type(key, int); __type(value, long); } counts SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, int); __type(value, long); } flows SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } events SEC(".maps");
struct guarded { struct bpf_spin_lock lock; long count; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, int); __type(value, struct guarded); } guarded SEC(".maps");
const volatile int limit = 4;`

const [major = 0, minor = 0] = release().split('.').map(Number.parseFloat)
const isNewerThan = (ofMajor: number, ofMinor: number): boolean =>
  major > ofMajor || (major === ofMajor && minor > ofMinor)

/** A kernel says so in its messages, or where securityfs is mounted. */
const isLockedDown =
  canTestLinux &&
  /Kernel is locked down|\[(integrity|confidentiality)\]/.test(
    spawnSync('sh', ['-c', 'dmesg; cat /sys/kernel/security/lockdown'], { encoding: 'utf8' }).stdout,
  )

interface Refusal {
  readonly message: string
  readonly hint: string
  readonly verifier: VerifierReport
}

describe.skipIf(!canTestLinux || !canCompile)('a program that the verifier refuses', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pinfold-rejected-'))
  const refusals = new Map<string, Refusal>()
  const sources = Object.entries(rows).map(([name, { body, source }]) => source ?? xdp(name, body))
  beforeAll(async () => {
    const free = (some: readonly string[]): string =>
      [maps, 'char LICENSE[] SEC("license") = "GPL";', ...some].join('\n')
    // The compiler describes functions without a body of their own so that no kernel takes it, and then locks are none.
    const isNaked = (source: string): boolean => source.includes('naked')
    const files = [
      compile(directory, 'rejected', free(sources.filter((source) => !isNaked(source)))),
      compile(directory, 'naked', free(sources.filter(isNaked))),
      compile(directory, 'proprietary', proprietary),
    ]
    const { terminal, printed } = fakeTerminal()
    expect(await main(['verify', '--json', ...files], terminal)).toBe(1)
    for (const file of JSON.parse(printed()).files) {
      for (const { name, problem } of file.programs) refusals.set(name, problem)
    }
    // In an emulated machine a million instructions take long.
  }, 480_000)
  afterAll(() => rmSync(directory, { recursive: true }))

  const hintAbout = (about: string): string | undefined => verifierHints.find((hint) => hint.about === about)?.hint

  test.each(Object.entries(rows))('%s: the hint fits', (name, { about, registers = [] }) => {
    const { hint, verifier } = refusals.get(name) as Refusal
    expect({ hint, reason: verifier.reason }).toEqual({ hint: hintAbout(about), reason: expect.any(String) })
    // Older kernels tell states of registers behind jumps only.
    if (isNewerThan(5, 17))
      for (const register of registers) expect(verifier.registers).toContainEqual(expect.stringMatching(register))
  })

  test('one with a helper for GPL programs and without their licence is told so', () => {
    expect(refusals.get('proprietary')?.hint).toBe(hintAbout('a helper for GPL programs only'))
  })

  test('for what it did not release is told where that was taken', () => {
    expect(refusals.get('leak')?.message).toMatch(
      /Unreleased reference id=\d+ alloc_insn=\d+ \(taken at .*rejected\.bpf\.c:\d+\)/,
    )
  })

  test('is told with function, file, line and the text of the line', () => {
    const { message, verifier } = refusals.get('no_null_check') as Refusal
    expect(verifier.place).toMatchObject({ function: 'no_null_check', line: { text: 'return *v;' } })
    expect(message).toMatch(
      /^cannot load program\.no_null_check: the verifier rejected it: R0 invalid mem access 'map_value_or_null', in no_null_check at .*rejected\.bpf\.c:\d+ \(BPF_PROG_LOAD: EACCES\)$/,
    )
    expect(verifier.instruction?.text).toMatch(/^r0 = \*\(u64 \*\)\(r0 \+0\)$/)
  })

  test('in a subprogram is told by the name of that', () => {
    const { message, verifier } = refusals.get('caller') as Refusal
    expect(verifier.place).toMatchObject({ function: 'callee', line: { text: 'return p[100];' } })
    expect(message).toContain(', in callee at ')
  })
})

describe.skipIf(!canTestLinux || !canCompile)('a program without type information', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pinfold-bare-'))
  afterAll(() => rmSync(directory, { recursive: true }))

  test('is told with the function in which the verifier stopped', async () => {
    const file = compile(directory, 'bare', rows['caller']?.source ?? '', '-g0')
    const { terminal, printed } = fakeTerminal()
    expect(await main(['verify', file], terminal)).toBe(1)
    expect(printed()).toMatch(
      /program\.caller: the verifier rejected it: invalid access to packet, .*, in callee \(BPF_PROG_LOAD/,
    )
  })
})

describe.skipIf(!canTestLinux || !canCompile || !hasKernelBtf)('a program that calls a weak function', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pinfold-weak-'))
  afterAll(() => rmSync(directory, { recursive: true }))

  test('that this kernel does not have, and not only where it has: is told which', async () => {
    const body = 'return pinfold_nothing(3);'
    const source = `extern int pinfold_nothing(int x) __ksym __weak; SEC("tc") int calls(void *c) { ${body} }`
    const { terminal, printed } = fakeTerminal()
    expect(await main(['verify', compile(directory, 'weak', source)], terminal)).toBe(1)
    expect(printed()).toMatch(
      /error K109: .*: there is no kernel function pinfold_nothing in Linux .*weak\.bpf\.c:\d+ /,
    )
    expect(printed()).toContain('bpf_ksym_exists()')
  })
})

describe.skipIf(!canTestLinux || !canCompile)('a program that the kernel refuses without a word', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pinfold-refused-'))
  afterAll(() => rmSync(directory, { recursive: true }))

  test.skipIf(!isLockedDown)('because it is locked down, with a hint that says so', async () => {
    const file = compile(directory, 'traces', 'SEC("fentry/vfs_read") int traces(void *c) { return 0; }')
    const { terminal, printed } = fakeTerminal()
    expect(await main(['verify', file], terminal)).toBe(1)
    expect(printed()).toMatch(/error K013: cannot load program\.traces: not permitted .*\n {2}hint: .*locked down/)
  })

  test('or guards addresses from it, with the capability that ends that', () => {
    const body = 'return (long)c->data_end - (long)c->data > 64;'
    const file = compile(directory, 'length', `SEC("xdp") int length(struct xdp_md *c) { ${body} }`)
    const stdout = verifyWith('-all,+bpf,+net_admin', file)
    expect(stdout).toMatch(/pointer -= pointer prohibited/)
    expect(stdout).toMatch(/\n {2}hint: without CAP_PERFMON /)
    expect(verifyWith('-all,+bpf,+net_admin,+perfmon', file)).toMatch(/\nAccepted: 1 program, /)
  })

  test('because its type needs another capability, with the name of that', () => {
    const file = compile(directory, 'pass', 'SEC("xdp") int pass(struct xdp_md *c) { return 2; }')
    const stdout = verifyWith('-all,+bpf', file)
    expect(stdout).toMatch(
      /error K013: cannot load program\.pass: .*\n {2}hint: a program of type xdp needs CAP_NET_ADMIN, too\n/,
    )
  })
})

/** What a root with these capabilities only is told; verifying needs no CAP_SYS_ADMIN. */
const verifyWith = (capabilities: string, file: string): string => {
  const words = ['--bounding-set', capabilities, process.execPath, 'dist/cli/pinfold.js', 'verify', file]
  return spawnSync('setpriv', words, { encoding: 'utf8' }).stdout
}

const xdp = (name: string, body: string): string =>
  `SEC("xdp") int ${name}(struct xdp_md *c) {\n  ${body}\n${body.includes('return') ? '' : '  return 2;\n'}}`
