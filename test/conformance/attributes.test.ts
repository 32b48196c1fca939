import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { linuxMachine } from '../../src/kernel/machine.ts'
import { readObject } from '../../src/object/read.ts'
import { canTestLinux, openTestHost } from '../support/linux.ts'
import { bpftool } from './bpftool.ts'
import { compileAll, type Job } from './compile.ts'

// The kernel tells neither the attach type nor the flags that a program was loaded with, so both are watched asking. That goes for
// programs, too, that this kernel refuses: traced functions where it is locked down.
const directory = 'test/conformance/objects'
const jobs = readdirSync(directory)
  .filter((name) => name.startsWith('section-'))
  .map((name): Job => ({ source: `${directory}/${name}`, compiler: 'clang-16', options: ['-O2', '-g'] }))

describe.skipIf(!canTestLinux || bpftool === undefined)('what is asked of BPF_PROG_LOAD', () => {
  test('is the same for every row of the section table', async () => {
    using host = openTestHost()
    const compiled = await compileAll(jobs, bpftool ?? '')
    const paths = compiled.map((one) =>
      'path' in one ? one.path : expect.unreachable(`${one.source}: ${one.refused}`),
    )
    const names = paths.flatMap((path) =>
      readObject(readFileSync(path), path).programs.map(({ name }) => name.slice(0, 15)),
    )
    const output = join(host.directory, 'calls')
    const asked = (script: string): readonly string[] => loadsIn(traced(output, script, paths), names)
    const theirs = asked(libbpf)
    expect(asked(pinfold)).toEqual(theirs.filter(isKnown).map(withoutUsdt))
    expect(theirs.length).toBeGreaterThan(90)
  })
})

// Where a kernel has links to many places of user programs (6.6) libbpf loads for those, though it may attach otherwise; pinfold
// does not attach to static probes.
const withoutUsdt = (load: string): string =>
  /^on_(sleepable_pr|probe) /.test(load) ? load.replace('=0x30 /* BPF_??? */', '=BPF_CGROUP_INET_INGRESS') : load

// pinfold reads in the kernel's types that it has no such hook (M236), and does not ask.
const isKnown = (load: string): boolean =>
  !/ expected_attach_type=(0x3a|BPF_TRACE_FSESSION)\b/.test(load) || !linuxMachine().lacks('BPF_TRACE_FSESSION')

const libbpf = `mount -t bpf bpf /sys/fs/bpf; for o; do ${bpftool} prog loadall "$o" "/sys/fs/bpf/$((n += 1))"; done`
const pinfold = `exec ${process.execPath} dist/cli/pinfold.js verify "$@"`

/** The bpf(2) calls of a script; whether it succeeds is for others to test. */
function traced(output: string, script: string, paths: readonly string[]): string {
  const strace = ['strace', '-f', '-v', '-e', 'trace=bpf', '-o', output]
  spawnSync('unshare', ['--mount', '--propagation', 'private', ...strace, 'sh', '-c', script, 'sh', ...paths])
  return readFileSync(output, 'utf8')
}

const fields = ['prog_type', 'insn_cnt', 'license', 'prog_flags', 'expected_attach_type', 'attach_btf_id']

/** One text for each program of that name, however often it was tried. */
function loadsIn(trace: string, names: readonly string[]): readonly string[] {
  const calls = trace.split('\n').filter((call) => call.includes('BPF_PROG_LOAD'))
  const loads = calls.flatMap((call) => {
    const value = (field: string): string => new RegExp(`\\b${field}=("[^"]*"|[^,}]+)`).exec(call)?.[1] ?? ''
    const name = value('prog_name').replaceAll('"', '')
    return names.includes(name) ? [[name, ...fields.map((field) => `${field}=${value(field)}`)].join(' ')] : []
  })
  return [...new Set(loads)].sort()
}
