import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import type { Fd, Kernel } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import { type LinkedStructOps, linkStructOps } from '../../src/object/link/link-struct-ops.ts'
import { LinkTarget } from '../../src/object/link/link-target.ts'
import { fixture, mapOf } from '../object/fixtures.ts'
import { assemble, exit, mov } from '../support/assembler.ts'
import { canLinkStructs } from '../support/struct-links.ts'

const object = fixture('struct-ops')
const kernels: readonly (readonly [string, () => Kernel])[] = [
  ['in memory', () => openMemoryMachine().open()],
  ...(canLinkStructs ? ([['on Linux', openLinuxKernel]] as const) : []),
]

// The same on both: what the memory kernel knows of structs of functions is what Linux 6.18 does.
describe.each(kernels)('a struct of functions %s', (where, open) => {
  const kernel = open()
  afterAll(() => kernel.close())
  const available = (): string => readFileSync('/proc/sys/net/ipv4/tcp_available_congestion_control', 'latin1')

  test('is written once, shows its programs, and is attached by a link that can be given another one', async () => {
    using first = await written(kernel)
    // Where each member stands is for the kernel to say.
    expect(kernel.membersOf(first.map)).toEqual(
      new Map([...first.members].map(([at, program]) => [at, kernel.describe(program).id])),
    )
    expect(() => kernel.writeMembers(first.map, first.linked.value, first.members)).toThrow(
      expect.objectContaining({ errno: 'EBUSY' }),
    )
    using link = kernel.createLink({ program: first.map, target })
    const { id } = kernel.describe(link)
    const mapId = kernel.describe(first.map).id
    expect(kernel.describe(link)).toMatchObject({
      type: 'struct_ops',
      programId: 0,
      target: { kind: 'struct_ops', mapId },
    })
    if (where === 'on Linux') expect(available()).toContain('pf_linked')
    using second = await written(kernel)
    expect(() => kernel.createLink({ program: second.map, target })).toThrow(
      expect.objectContaining({ errno: 'EEXIST' }),
    )
    const change = { program: second.map, expected: first.map }
    kernel.updateLink(link, change)
    expect(kernel.describe(link)).toMatchObject({ id, target: { mapId: kernel.describe(second.map).id } })
    expect(() => kernel.updateLink(link, change)).toThrow(expect.objectContaining({ errno: 'EPERM', code: 'K101' }))
  })

  test('is not attached before it is written, nor without BPF_F_LINK', async () => {
    using map = makeMap(kernel, linkedOf())
    expect(() => kernel.createLink({ program: map, target })).toThrow(expect.objectContaining({ errno: 'EINVAL' }))
    expect(kernel.membersOf(map).size).toBe(0)
    using plain = makeMap(kernel, linkedOf(), 0)
    expect(() => kernel.createLink({ program: plain, target })).toThrow(expect.objectContaining({ errno: 'EINVAL' }))
  })

  const linkedOf = (): LinkedStructOps => {
    const { contents } = mapOf(object, 'linked')
    if (contents.kind !== 'members') throw new Error('no members')
    return linkStructOps(contents, object, new LinkTarget(kernel.machine))
  }

  async function written(on: Kernel) {
    const linked = linkedOf()
    const map = makeMap(on, linked)
    const members = new Map<number, Fd<'program'>>()
    for (const [at, name] of linked.slots) members.set(at, await load(on, linked.attachments.get(name) ?? ''))
    on.writeMembers(map, linked.value, members)
    const programs = [...members.values()]
    const close = (): void => {
      for (const fd of [map, ...programs]) fd[Symbol.dispose]()
    }
    return { linked, map, members, [Symbol.dispose]: close }
  }
})

const target = { kind: 'struct_ops', type: 'tcp_congestion_ops', name: 'pf_linked' } as const

function makeMap(kernel: Kernel, { value }: LinkedStructOps, flags = 0x2000): Fd<'map'> {
  using btf = object.btf && kernel.loadBtf(object.btf.bytes)
  const shape = { ...mapOf(object, 'linked').shape, valueSize: value.length, flags }
  const described = btf && { btf: { fd: btf, keyTypeId: 0, valueTypeId: 0 } }
  return kernel.createMap({ name: 'linked', shape, structOps: 'tcp_congestion_ops', ...described })
}

const load = (kernel: Kernel, attachTo: string): Promise<Fd<'program'>> =>
  kernel.loadProgram({
    name: 'member',
    load: { type: 'struct_ops', flags: 0, license: 'GPL', attachTo },
    instructions: assemble([mov(0, 4), exit]),
    references: [],
  })
