import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { readObject } from '../../src/object/read.ts'
import { programTags } from '../../src/object/tag.ts'
import { bytesOf, fixturePath, libxdpPaths } from './fixtures.ts'

// libbpf loads these whole; the other fixtures hold what it or the kernel refuses on purpose.
const loadable = ['functions', 'data', 'static-values', 'strings'].map(fixturePath)
const libxdp = libxdpPaths.filter((path) => basename(path) !== 'xdpdump_bpf.o')
const examples = readdirSync('examples').map((name) => join('examples', name, `${name}.bpf.o`))

// A mount namespace of its own: libbpf pins some maps right below /sys/fs/bpf, and everything goes with the namespace.
const script = `
  mount --make-rprivate / && mount -t bpf none /sys/fs/bpf || exit 1
  bpftool prog loadall "$@" >&2 || exit 1
  for pin in /sys/fs/bpf/programs/*; do bpftool -j prog show pinned "$pin" || exit 1; echo; done`

test.each([...loadable, ...libxdp, ...examples])(
  '%s: libbpf loads the very instructions that pinfold would',
  (path) => {
    const ours = readObject(bytesOf(path), path).programs.filter(({ autoload }) => autoload)
    // bpftool of Debian 12 does not know the names of tcx sections yet.
    const isTcx = ours.some(({ section }) => section.startsWith('tcx/'))
    const theirs = loadAll(path, isTcx ? ['type', 'classifier'] : [])
    expect(ours.map(({ name }) => name.slice(0, 15)).sort()).toEqual([...theirs.keys()].sort())
    for (const { name, code } of ours) expect(programTags(code)).toContain(theirs.get(name.slice(0, 15)))
  },
)

/** Tags by program name, as the kernel gives them after `bpftool prog loadall`. */
function loadAll(path: string, options: readonly string[]): ReadonlyMap<string, string> {
  const command = ['-m', 'bash', '-c', script, 'bash', path, '/sys/fs/bpf/programs', ...options]
  const output = execFileSync('unshare', command, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const lines = output.split('\n').filter((line) => line !== '')
  return new Map(
    lines.map((line): [string, string] => {
      const { name, tag } = JSON.parse(line)
      return [name, tag]
    }),
  )
}
