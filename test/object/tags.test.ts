import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { linuxMachine } from '../../src/kernel/machine.ts'
import { linkProgram } from '../../src/object/link/link-program.ts'
import { LinkTarget } from '../../src/object/link/link-target.ts'
import { readObject } from '../../src/object/read.ts'
import { programTags } from '../../src/util/program-tags.ts'
import { bytesOf, exampleObjects, fixturePath, libxdpPaths } from './fixtures.ts'
import { loadByLibbpf } from './libbpf.ts'

// libbpf loads these whole; the other fixtures hold what it or the kernel refuses on purpose.
const loadable = ['functions', 'data', 'static-values', 'strings', 'maps'].map(fixturePath)
const libxdp = libxdpPaths.filter((path) => basename(path) !== 'xdpdump_bpf.o')

// bpftool of Debian 12 does not know .struct_ops.link; test/conformance compares such objects with a newer one.
const examples = exampleObjects.filter((path) => !path.includes('congestion-control'))

const target = new LinkTarget(linuxMachine())

test.each([...loadable, ...libxdp, ...examples])(
  '%s: libbpf loads the very instructions that pinfold would',
  (path) => {
    const object = readObject(bytesOf(path), path)
    const ours = object.programs.filter(({ autoload }) => autoload)
    // bpftool of Debian 12 does not know the names of tcx sections yet.
    const isTcx = ours.some(({ section }) => section.startsWith('tcx/'))
    const theirs = tagsByLibbpf(path, isTcx ? ['type', 'classifier'] : [])
    expect(ours.map(({ name }) => name.slice(0, 15)).sort()).toEqual([...theirs.keys()].sort())
    for (const program of ours) {
      const { code } = linkProgram(program, object, target)
      expect(programTags(code.instructions)).toContain(theirs.get(program.name.slice(0, 15)))
    }
  },
)

interface Shown {
  readonly name: string
  readonly tag: string
}

const tagsByLibbpf = (path: string, options: readonly string[]): ReadonlyMap<string, string> =>
  new Map(loadByLibbpf<Shown>('prog', path, options).map(({ name, tag }) => [name, tag]))
