import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noSandbox, type Output, Sandbox } from '../examples/sandbox.ts'

/** One mistake: a stack's manifest below its name (or whatever is run), and what is said about it. */
interface Row {
  /** The manifest behind `version` and `name`, or all of it where it begins with `version`. */
  readonly manifest?: string
  /** Options beside the usual ones. */
  readonly options?: readonly string[]
  /** Words in front of the command, as `setpriv` takes them. */
  readonly as?: readonly string[]
  /** Where it is: `5:17` in the manifest, or a part of the sentence that names the object or path. */
  readonly at: string
  readonly code: string
  /** A part of the sentence. */
  readonly says: string
  /** A part of the hint. */
  readonly hint: string
}

// Names that nobody else on this machine gives to maps and programs: so it shows whether something of them is left.
const suffix = Math.floor(Math.random() * 36 ** 3)
  .toString(36)
  .padStart(3, '0')
const names = { handlers: `hand${suffix}x`, flows: `fl${suffix}`, stages: `sta${suffix}` }
const programs = { ingress: `ingr${suffix}`, parse_ipv4: `prse_${suffix}v4`, parse_ipv6: `prse_${suffix}v6` }
const refused = { seen: `s${suffix}`, careless: `carel${suffix}` }
const { handlers, flows } = names
const { ingress, parse_ipv4: v4, parse_ipv6: v6 } = programs

const main = 'objects: { main: { file: edge.bpf.o } }\n'
const all = `programs: { ${ingress}: {}, ${v4}: {}, ${v6}: {} }\n`
const attached = (attach: string): string =>
  `${main}programs: { ${ingress}: {} }\nlinks:\n  l: { program: ${ingress}, attach: ${attach} }\n`

const rows: Readonly<Record<string, Row>> = {
  'a YAML syntax error': {
    manifest: 'objects: { main: {\n',
    at: '4:1',
    code: 'M001',
    says: 'Flow map',
    hint: 'brackets',
  },
  'an unknown key': {
    manifest: 'objcts: {}\n',
    at: '3:1',
    code: 'M010',
    says: '"objcts"',
    hint: 'did you mean "objects"?',
  },
  'a wrong type': {
    manifest: 'objects: { main: { file: 12 } }\n',
    at: '3:26',
    code: 'M011',
    says: 'must be text, but is the number 12',
    hint: 'Path of the object file',
  },
  'a missing object file': {
    manifest: `objects: { main: { file: nowhere.o } }\n${all}`,
    at: '3:26',
    code: 'M201',
    says: 'there is no such file',
    hint: 'relative to the manifest',
  },
  'a file that is not ELF': {
    manifest: `objects: { main: { file: text.o } }\n${all}`,
    at: '3:26',
    code: 'O001',
    says: 'it is not an ELF file (at byte 0)',
    hint: 'clang',
  },
  'a truncated object': {
    manifest: `objects: { main: { file: short.o } }\n${all}`,
    at: '3:26',
    code: 'O002',
    says: 'bytes were expected',
    hint: 'compile it again',
  },
  'an object for another machine': {
    manifest: `objects: { main: { file: x86.o } }\n${all}`,
    at: '3:26',
    code: 'O004',
    says: 'it is compiled for x86-64, not for BPF',
    hint: '-target bpf',
  },
  'an unknown program': {
    manifest: `${main}programs: { ${ingress}s: {} }\n`,
    at: '4:13',
    code: 'M202',
    says: `has no program ${ingress}s`,
    hint: `did you mean ${ingress}?`,
  },
  'an unknown program in a link': {
    manifest: `${main}${all}links: { l: { program: ingres, attach: { xdp: { interface: eth0 } } } }\n`,
    at: '5:24',
    code: 'M020',
    says: '"ingres"',
    hint: 'declared programs',
  },
  'an unknown map': {
    manifest: `${main}${all}maps: { ${flows}s: {} }\n`,
    at: '5:9',
    code: 'M210',
    says: `cannot find map.${flows}s`,
    hint: `did you mean ${flows}?`,
  },
  'an unknown global': {
    manifest: `objects: { main: { file: allow.o, globals: { otherwize: 1 } } }\nprograms: { filter: {} }\n`,
    at: '3:57',
    code: 'O050',
    says: 'has no such variable',
    hint: 'otherwise',
  },
  'two owners of one pin': {
    manifest: `${main}${all}maps:\n  one: { pinned: /sys/fs/bpf/x }\n  two: { pinned: /sys/fs/bpf/x }\n`,
    at: '7:18',
    code: 'M022',
    says: 'maps.one stands for /sys/fs/bpf/x already',
    hint: 'remove one',
  },
  'a pin name with a dot': {
    manifest: `${main}programs: { a.b: { function: ${ingress} } }\n`,
    at: '4:13',
    code: 'M016',
    says: '"a.b"',
    hint: 'no dot',
  },
  'a slot index out of range': {
    manifest: `${main}${all}maps: { ${handlers}: { slots: { 0: ${v4}, 2: ${v6} } } }\n`,
    at: '5:',
    code: 'M213',
    says: 'index 2 is beyond the last, 1',
    hint: 'a smaller index',
  },
  'a value that does not fit its BTF type': {
    manifest: `objects: { main: { file: allow.o, globals: { dry_run: 7 } } }\nprograms: { filter: {} }\n`,
    at: '3:55',
    code: 'O051',
    says: '7',
    hint: '',
  },
  'an entry that does not fit its BTF type': {
    manifest: `objects: { main: { file: allow.o } }\nprograms: { filter: {} }\nmaps: { networks4: { entries: { 10.0.0.0/33: ALLOW } } }\n`,
    at: '5:33',
    code: 'M215',
    says: '10.0.0.0/33',
    hint: 'docs/manifest.md',
  },
  'an interface that does not exist': {
    manifest: attached('{ xdp: { interface: nope0 } }'),
    at: '6:',
    code: 'M232',
    says: 'no network interface nope0',
    hint: 'ip link',
  },
  'a cgroup that does not exist': {
    manifest: `objects: { main: { file: cgroup.o } }\nprograms: { on_create: {} }\nlinks:\n  l: { program: on_create, attach: { cgroup: { path: /mnt/nope } } }\n`,
    at: '6:',
    code: 'M233',
    says: 'there is no directory /mnt/nope of a cgroup file system',
    hint: 'mount -t cgroup2',
  },
  'a program array member of another type': {
    manifest: `${main}programs: { ${ingress}: {}, ${v4}: { type: sched_cls } }\nmaps: { ${handlers}: { slots: { 0: ${v4} } } }\n`,
    at: '4:',
    code: 'O203',
    says: `program.${ingress} (xdp) calls it`,
    hint: 'of one kind',
  },
  'a program that the verifier rejects': {
    manifest: `objects: { main: { file: rejected.o } }\nprograms: { ${refused.careless}: {} }\n`,
    at: `program.${refused.careless}`,
    code: 'K100',
    says: `R1 offset is outside of the packet, in ${refused.careless} at rejected.bpf.c:20 (`,
    hint: 'compare the end of what is read with data_end',
  },
  'a pin path that something else has taken': {
    manifest: `version: 1\nname: taken\n${main}${all}`,
    at: '/taken',
    code: 'P202',
    says: 'it is a pin, not a directory',
    hint: 'choose another one',
  },
  'a foreign pin in the tree that is to be replaced': {
    manifest: `version: 1\nname: guarded\n${main}${all}`,
    at: '/guarded/live/maps/guest',
    code: 'P107',
    says: 'somebody else put it there',
    hint: 'pin it elsewhere',
  },
  'no bpffs': {
    manifest: `${main}${all}`,
    options: ['--bpffs', '/tmp'],
    at: '/tmp/fresh',
    code: 'P201',
    says: 'no bpffs is mounted there',
    hint: '--mount-bpffs',
  },
  'a user who is not root': {
    manifest: `${main}${all}`,
    // Reads everything, so that it does not matter where the repository lies.
    as: [
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      '--inh-caps=+dac_read_search',
      '--ambient-caps=+dac_read_search',
    ],
    at: 'the kernel',
    code: 'K013',
    says: 'neither CAP_BPF nor CAP_SYS_ADMIN',
    hint: 'run it as root',
  },
  'a root without CAP_BPF': {
    manifest: `${main}${all}`,
    as: ['--bounding-set=-bpf,-sys_admin', '--inh-caps=-bpf,-sys_admin'],
    at: 'the kernel',
    code: 'K013',
    says: 'neither CAP_BPF nor CAP_SYS_ADMIN',
    hint: 'docs/permissions.md',
  },
}

describe.skipIf(noSandbox())('bad input on the real kernel', () => {
  let sandbox: Sandbox
  let directory: string
  let before: string

  beforeAll(async () => {
    sandbox = await Sandbox.create()
    directory = mkdtempSync(join(tmpdir(), 'pinfold-bad-'))
    writeObjects(directory)
    // What must not be touched: a live stack, one with somebody's pin in it, and a pin.
    expect(apply(guarded('guarded')).status).toBe(0)
    sandbox.shell(
      `set -e; cd ${sandbox.bpffs}
      for path in taken guarded/live/maps/guest; do
        bpftool map create $PWD/$path type array key 4 value 4 entries 1 name theirs${suffix}
      done`,
    )
    before = everything()
    expect(before).toContain('guarded/live/maps/guest')
    expect(before).toContain(v4)
  })
  afterAll(() => {
    sandbox[Symbol.dispose]()
    rmSync(directory, { recursive: true })
  })

  test.each(Object.entries(rows))(
    '%s is told in one sentence with its place and a hint, and nothing changes',
    (_, row) => {
      const { status, stdout, stderr } = apply(row)
      // What is wrong with a plan is told below it; that the test's namespace has a bpffs of its own is no part of the row.
      const told = `${stdout}${stderr}`.replace(/^ *warning P147 .*\n( {2,}.*\n)*/gm, '')
      const [complaint = '', ...others] = complaintsIn(told)
      expect({ status, others, stderr }).toEqual({ status: 1, others: [], stderr: expect.stringMatching(/./) })
      expect(complaint).toContain(`error ${row.code}`)
      expect(complaint).toContain(/^\d+:/.test(row.at) ? `pinfold.yaml:${row.at}` : row.at)
      expect(complaint).toContain(row.says)
      expect(hintsIn(told)).toEqual([expect.stringContaining(row.hint)])
      expect(stdout).not.toContain('Applied')
      expect(everything()).toBe(before)
    },
  )

  test('the verifier’s complaint is shown with the end of its log, and the whole log is written on request', () => {
    const file = join(directory, 'verifier.log')
    const row = rows['a program that the verifier rejects'] as Row
    const { stderr } = apply({ ...row, options: ['--verifier-log', file] })
    const shown = stderr.slice(stderr.indexOf('the end of the verifier'), stderr.indexOf('\n  hint:'))
    expect(shown).toContain('; return data[12] == 8 ? XDP_PASS : XDP_DROP;')
    expect(shown).toContain('invalid access to packet')
    expect(shown.split('\n').length).toBeLessThan(16)
    expect(stderr).toContain(file)
    const log = readFileSync(file, 'utf8')
    expect(log).toContain('processed ')
    expect(log.length).toBeGreaterThan(shown.length)
  })

  test('an object with any byte damaged is read, or refused in one sentence', () => {
    const good = readFileSync(join(directory, 'edge.bpf.o'))
    const next = random(45)
    const codes = new Set<string>()
    for (let run = 0; run < 8; run++) {
      const bytes = Buffer.from(good)
      // Every other one in the table of sections at the end, where most of what it says matters.
      const at = Math.floor(run % 2 === 0 ? next() * bytes.length : bytes.length - next() * 640)
      bytes[at] = Math.floor(next() * 256)
      writeFileSync(join(directory, 'damaged.o'), bytes)
      const { status, stderr } = plan({
        manifest: `objects: { main: { file: damaged.o } }\n${all}`,
        at: '',
        code: '',
        says: '',
        hint: '',
      })
      expect([0, 1, 2], `byte ${at}: ${stderr}`).toContain(status)
      expect(stderr, `byte ${at}`).not.toContain('C100')
      if (status === 1) expect(complaintsIn(stderr).length, `byte ${at}: ${stderr}`).toBeGreaterThan(0)
      for (const [code] of stderr.matchAll(/[A-Z]\d{3}/g)) codes.add(code)
    }
    expect(codes.size).toBeGreaterThan(1)
    expect(everything()).toBe(before)
  })

  const apply = (row: Row): Output => run(row, 'apply', '--auto-approve')
  const plan = (row: Row): Output => run(row, 'plan')

  function run({ manifest = '', options = ['--bpffs', sandbox.bpffs], as = [] }: Row, ...words: string[]): Output {
    const text = manifest.startsWith('version') ? manifest : `version: 1\nname: fresh\n${manifest}`
    const file = join(directory, 'pinfold.yaml')
    writeFileSync(file, text)
    const place = options.includes('--bpffs') ? [] : ['--bpffs', sandbox.bpffs]
    const command = [process.execPath, resolve('dist/cli/pinfold.js'), ...words, '-f', file, ...options, ...place]
    return as.length > 0
      ? sandbox.run('setpriv', ...as, '--', ...command)
      : sandbox.run(command[0] ?? '', ...command.slice(1))
  }

  /** Every file of the bpffs with its inode and mode, every object that has one of our names, and what runs on the interface. */
  function everything(): string {
    const ours = [...Object.values({ ...names, ...programs, ...refused }), `theirs${suffix}`].join('|')
    const { stdout } = sandbox.shell(
      `find ${sandbox.bpffs} -printf '%P %i %m %U\n' | sort; ls -A /tmp/fresh 2>/dev/null
       { bpftool map show; bpftool prog show; } | grep -E ' name (${ours}) '
       bpftool link show pinned ${sandbox.bpffs}/guarded/live/links/l; ip -details link show eth0 | grep xdp`,
    )
    return stdout
  }
})

/** A whole stack of the damaged names, live. */
const guarded = (name: string): Row => ({
  manifest: `version: 1\nname: ${name}\n${main}${all}maps: { ${handlers}: { slots: { 0: ${v4}, 1: ${v6} } } }
links: { l: { program: ${ingress}, attach: { xdp: { interface: eth0, mode: generic } } } }\n`,
  at: '',
  code: '',
  says: '',
  hint: '',
})

const complaintsIn = (stderr: string): string[] => stderr.split('\n').filter((line) => /\berror [A-Z]\d{3}/.test(line))
const hintsIn = (stderr: string): string[] => stderr.split('\n').filter((line) => line.startsWith('  hint: '))

function writeObjects(directory: string): void {
  const edge = renamed('examples/tail-calls/tail-calls.bpf.o', { ...names, ...programs })
  const x86 = Buffer.from(edge)
  x86[18] = 62
  const files = {
    'edge.bpf.o': edge,
    'short.o': edge.subarray(0, edge.length / 2),
    'x86.o': x86,
    'text.o': Buffer.from('int main(void) { return 0; }\n'),
    'allow.o': readFileSync('examples/allow-list/allow-list.bpf.o'),
    'cgroup.o': readFileSync('examples/cgroup-sockets/cgroup-sockets.bpf.o'),
    'rejected.o': renamed('test/fixtures/rejected.bpf.o', refused),
  }
  mkdirSync(directory, { recursive: true })
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(directory, name), bytes)
}

/** An object whose maps and programs have other names of the same length. */
function renamed(file: string, table: Readonly<Record<string, string>>): Buffer {
  const bytes = readFileSync(file)
  for (const [from, to] of Object.entries(table)) {
    if (from.length !== to.length) throw new Error(`${to} is not as long as ${from}`)
    for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + 1)) bytes.write(to, at, 'latin1')
  }
  return bytes
}

/** mulberry32: the same damage in every run. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
