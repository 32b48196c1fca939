import { afterAll, describe, expect, test } from 'vitest'
import type { Kernel, MapCreate, ProgramLoad } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { assemble, exit, loadReference, mov, returning } from '../support/assembler.ts'
import { canTestLinux, openTestHost } from '../support/linux.ts'

const arrayMap = (over: Partial<MapCreate['shape']> = {}): MapCreate => ({
  name: 'numbers',
  shape: { type: 'array', keySize: 4, valueSize: 8, maxEntries: 4, flags: 0, mapExtra: 0, ...over },
})

const xdp = (over: Partial<ProgramLoad> = {}): ProgramLoad => ({
  name: 'pass',
  load: { type: 'xdp', flags: 0, license: 'GPL' },
  instructions: returning(2),
  references: [],
  ...over,
})

describe.skipIf(!canTestLinux)('the Linux kernel', () => {
  const host = openTestHost()
  const kernel = canTestLinux ? openLinuxKernel() : (undefined as unknown as Kernel)
  afterAll(() => {
    kernel.close()
    host[Symbol.dispose]()
  })

  test('makes, pins, opens and describes a map', () => {
    using map = kernel.createMap({ ...arrayMap(), name: 'a-name/that is long' })
    const path = `${host.bpffs}/numbers`
    kernel.pin(map, path)
    const expected = {
      kind: 'map',
      name: 'a_name_that_is_',
      type: 'array',
      typeNumber: 2,
      shape: { keySize: 4, valueSize: 8, maxEntries: 4, flags: 0, mapExtra: 0 },
    }
    expect(kernel.describePin(path)).toMatchObject(expected)
    using again = kernel.openPin(path)
    expect(again.kind).toBe('map')
    expect(kernel.describe(again)).toMatchObject({ ...expected, frozen: false })
    kernel.bpffs.unpin(path)
  })

  test('loads a program that uses a map', async () => {
    using map = kernel.createMap(arrayMap())
    const instructions = assemble([...loadReference(1), mov(0, 2), exit])
    using program = await kernel.loadProgram(
      xdp({ instructions, references: [{ instruction: 0, kind: 'map', map, offset: 0 }] }),
    )
    const mapInfo = kernel.describe(map)
    expect(kernel.describe(program)).toMatchObject({
      kind: 'program',
      name: 'pass',
      type: 'xdp',
      gplCompatible: true,
      mapIds: [mapInfo.id],
      tag: expect.stringMatching(/^[0-9a-f]{16}$/),
    })
  })

  test('attaches xdp, describes and switches the link', async () => {
    using one = await kernel.loadProgram(xdp())
    using two = await kernel.loadProgram(xdp({ instructions: returning(1) }))
    const { veth } = host
    using link = kernel.createLink({
      program: one,
      target: { kind: 'xdp', interface: veth.name, ifindex: veth.ifindex, mode: 'generic' },
    })
    expect(kernel.describe(link)).toMatchObject({
      kind: 'link',
      type: 'xdp',
      programId: kernel.describe(one).id,
      target: { kind: 'xdp', ifindex: veth.ifindex },
      severed: false,
    })
    kernel.updateLink(link, { program: two, expected: one })
    expect(kernel.describe(link)).toMatchObject({ programId: kernel.describe(two).id })
    expect(() => kernel.updateLink(link, { program: two, expected: one })).toThrow(
      expect.objectContaining({ errno: 'EPERM', code: 'K101' }),
    )
  })
})
