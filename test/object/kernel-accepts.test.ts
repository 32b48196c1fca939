import { basename } from 'node:path'
import { expect, test } from 'vitest'
import type { Fd, Kernel } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import type { MapSpec } from '../../src/model/map-spec.ts'
import type { ProgramSpec } from '../../src/model/program-spec.ts'
import type { ObjectFile } from '../../src/object/object-file.ts'
import { readObject } from '../../src/object/read.ts'
import { programTags } from '../../src/util/program-tags.ts'
import { bytesOf, exampleObjects, fixtureNames, fixturePath, libxdpPaths } from './fixtures.ts'

// What the verifier is meant to refuse is tested in test/cli/bad-input.
// `rejected` is no program for any kernel, `per-cpu` for those before 7.2.
const others = ['rejected', 'per-cpu']
const native = fixtureNames.filter((name) => !name.startsWith('big-endian') && !others.includes(name)).map(fixturePath)
const readAll = (paths: readonly string[]): ObjectFile[] => paths.map((path) => readObject(bytesOf(path), path))

test.each(readAll([...native, ...libxdpPaths, ...exampleObjects]))(
  '$name: the kernel takes its BTF, and every program with its lines and functions',
  async (object) => {
    const kernel = openLinuxKernel()
    try {
      await loadEverything(kernel, object)
    } finally {
      kernel.close()
    }
  },
)

async function loadEverything(kernel: Kernel, object: ObjectFile): Promise<void> {
  const btf = object.btf && kernel.loadBtf(object.btf.bytes)
  for (const program of object.programs.filter(isLoadable)) {
    const fd = await loadProgram(kernel, { object, program, btf })
    expect(kernel.describe(fd)).toMatchObject({ tag: expect.toBeOneOf([...programTags(program.code.instructions)]) })
    fd[Symbol.dispose]()
  }
}

/** Iterators and struct_ops want ids of the kernel, and CO-RE and externs its types, which are not the object's business. */
const isLoadable = ({ unsupported, undefined: missing, relocations, externs, type }: ProgramSpec): boolean =>
  [unsupported, missing, relocations, externs].every(({ length }) => length === 0) &&
  type !== undefined &&
  !bound.has(type)

const bound: ReadonlySet<string> = new Set(['tracing', 'struct_ops', 'ext'])

interface Load {
  readonly object: ObjectFile
  readonly program: ProgramSpec
  readonly btf: Fd<'btf'> | undefined
}

function loadProgram(kernel: Kernel, load: Load): Promise<Fd<'program'>> {
  const { object, program, btf } = load
  const { type, attachType, flags, debug, code } = program
  if (!type) throw new Error('no type')
  const used = new Map(
    [...new Set(code.references.map(({ map }) => map))].map((name) => [name, makeMap(kernel, load, name)]),
  )
  return kernel.loadProgram({
    name: program.name,
    load: { type, ...(attachType ? { attachType } : {}), flags, license: object.license },
    instructions: code.instructions,
    references: code.references.map((reference) => ({ ...reference, map: used.get(reference.map) as Fd<'map'> })),
    ...(btf && debug ? { btf: { fd: btf, debug } } : {}),
  })
}

const typed = new Set(['hash', 'array', 'percpu_hash', 'percpu_array', 'lru_hash', 'lpm_trie'])

function makeMap(kernel: Kernel, { object, btf }: Load, name: string): Fd<'map'> {
  const spec = object.maps.find((map) => map.name === name)
  if (!spec) throw new Error(`no map ${name}`)
  const { shape, contents } = spec
  const fd = kernel.createMap({
    name: kernelName(object, spec),
    shape,
    ...typesOf(spec, btf),
    ...innerOf(kernel, spec),
  })
  // createMap leaves out BTF that the kernel refuses: see that it did not.
  if (describesTypes(spec))
    expect(kernel.describe(fd)).toMatchObject({ btfId: expect.toSatisfy((id: number) => id > 0) })
  if (contents.kind === 'data') kernel.update(fd, new Uint8Array(4), contents.bytes)
  if (contents.kind === 'data' && contents.frozen) kernel.freeze(fd)
  return fd
}

const kernelName = ({ name }: ObjectFile, spec: MapSpec): string =>
  spec.name.startsWith('.') ? `${basename(name).slice(0, 4)}${spec.name}` : spec.name

const describesTypes = ({ shape, valueTypeId }: MapSpec): boolean => valueTypeId !== undefined && typed.has(shape.type)

function typesOf(spec: MapSpec, fd: Fd<'btf'> | undefined) {
  const { keyTypeId = 0, valueTypeId } = spec
  return fd && valueTypeId !== undefined && describesTypes(spec) ? { btf: { fd, keyTypeId, valueTypeId } } : {}
}

function innerOf(kernel: Kernel, { inner }: MapSpec) {
  return inner ? { inner: kernel.createMap({ name: 'inner', shape: inner.shape }) } : {}
}
