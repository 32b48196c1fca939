import { afterAll, describe, expect, test } from 'vitest'
import type { Bpffs } from '../../src/kernel/files.ts'
import type { Kernel } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import type { Address } from '../../src/model/address.ts'
import { KernelError } from '../../src/model/errors.ts'
import { hasChanges } from '../../src/plan/make-plan.ts'
import { canTestLinux, openTestHost } from '../support/linux.ts'
import { applyStack, destroyStack, planFor } from './runs.ts'
import { link, program, returning, type StackOptions, stackOf } from './stack.ts'

describe.skipIf(!canTestLinux)('pins elsewhere on Linux', () => {
  const host = openTestHost()
  const kernel = openLinuxKernel()
  const place = {
    get bpffs() {
      return host.bpffs
    },
  }
  afterAll(() => {
    kernel.close()
    host[Symbol.dispose]()
  })

  const raw = (onReplace: 'overlap' | 'gap', verdict: number) => [
    program('trace', {
      load: { type: 'raw_tracepoint', flags: 0, license: 'GPL' },
      code: returning(verdict, ['flows']),
    }),
    link('trace', { program: 'program.trace', target: { kind: 'raw_tracepoint', name: 'sys_enter' }, onReplace }),
  ]
  const addresses: readonly Address[] = ['map.calls', 'map.flows', 'program.v4', 'link.eth0', 'link.trace']
  const pathOf = (address: Address): string => `${host.bpffs}/tc/${address.replace('.', '_')}`
  const ownPathOf = (address: Address): string => `${host.bpffs}/edge/live/${address.replace('.', 's/')}`
  const desired = (options: StackOptions) =>
    stackOf({
      interface: host.veth.name,
      ifindex: host.veth.ifindex,
      pins: Object.fromEntries(addresses.map((address) => [pathOf(address), address])),
      ...options,
    })
  const expectInPlace = (): void => {
    for (const address of addresses) {
      const found = kernel.describePin(pathOf(address))
      expect(found.id, address).toBe(kernel.describePin(ownPathOf(address)).id)
    }
    expect(kernel.bpffs.list(`${host.bpffs}/tc`).length).toBe(addresses.length)
  }

  test('lead to the live objects after each apply, and go with the stack', async () => {
    const open = kernel.openDescriptors()
    const versions = [
      desired({ more: raw('overlap', 0) }),
      desired({ more: raw('overlap', 1), verdicts: { v4: 1 } }),
      desired({ more: raw('gap', 2), verdicts: { v4: 1, ingress: 1 } }),
    ]
    for (const version of versions) {
      expect((await applyStack(kernel, version, place)).outcome).toMatchObject({ result: 'done', left: [] })
      expectInPlace()
      expect(hasChanges(planFor(kernel, version, place))).toBe(false)
    }
    kernel.bpffs.unpin(pathOf('map.calls'))
    expect(
      planFor(kernel, desired({ more: raw('gap', 2), verdicts: { v4: 1, ingress: 1 } }), place).pins,
    ).toContainEqual({ action: 'create', path: pathOf('map.calls'), address: 'map.calls', cause: 'drift' })
    expect((await destroyStack(kernel, desired({}), place)).outcome).toMatchObject({ result: 'done', left: [] })
    expect(kernel.bpffs.stat(`${host.bpffs}/tc`)).toBeUndefined()
    expect(kernel.openDescriptors()).toBe(open)
  })

  test('move on, with the trees, where bpffs cannot exchange: by renames', async () => {
    const renamed: string[] = []
    const old = withBpffs({
      exchange: () => {
        throw new KernelError('cannot exchange', { code: 'K022', command: 'renameat2', errno: 'EINVAL' })
      },
      rename: (from, to) => {
        renamed.push(to.slice(host.bpffs.length))
        kernel.bpffs.rename(from, to)
      },
    })
    const options = { pins: { [pathOf('map.calls')]: 'map.calls' } } as const
    await applyStack(old, desired(options), place)
    const before = kernel.describePin(pathOf('map.calls')).id
    renamed.length = 0
    const { outcome } = await applyStack(old, desired({ ...options, verdicts: { v4: 1 } }), place)
    expect(outcome).toMatchObject({ result: 'done', generation: 2, left: [] })
    expect(renamed.filter((path) => path.startsWith('/edge/live'))).toEqual(['/edge/live:old', '/edge/live'])
    expect(kernel.describePin(pathOf('map.calls')).id).toBe(kernel.describePin(ownPathOf('map.calls')).id)
    expect(kernel.describePin(pathOf('map.calls')).id).not.toBe(before)
    expect((await destroyStack(old, desired(options), place)).outcome).toMatchObject({ result: 'done', left: [] })
  })

  /** The running kernel with another file system of pins. */
  const withBpffs = (change: Partial<Bpffs>): Kernel =>
    new Proxy(kernel, {
      get(target, key) {
        if (key === 'bpffs') return { ...kernel.bpffs, ...change }
        const value: unknown = Reflect.get(target, key)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })

  test('are refused where somebody else’s object is', async () => {
    const path = `${host.bpffs}/tc/map_calls`
    kernel.bpffs.stat(`${host.bpffs}/tc`) ?? kernel.bpffs.makeDirectory(`${host.bpffs}/tc`)
    using map = kernel.createMap({
      name: 'other',
      shape: { type: 'array', keySize: 4, valueSize: 4, maxEntries: 1, flags: 0, mapExtra: 0 },
    })
    kernel.pin(map, path)
    await expect(applyStack(kernel, desired({ pins: { [path]: 'map.calls' } }), place)).rejects.toMatchObject({
      code: 'P121',
    })
    expect(kernel.describePin(path).id).toBe(kernel.describe(map).id)
    kernel.bpffs.unpin(path)
  })
})
