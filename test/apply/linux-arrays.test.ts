import { afterAll, describe, expect, test } from 'vitest'
import type { Fd } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import type { Resource } from '../../src/model/state.ts'
import { hasChanges } from '../../src/plan/make-plan.ts'
import { canTestLinux, openTestHost } from '../support/linux.ts'
import { applyStack, destroyStack, planFor } from './runs.ts'
import { link, program, programArray, returning, type StackOptions, stackOf, tailCalling } from './stack.ts'

// Arrays as immutable generations on the real kernel; packets go through them in test/examples and bench/upgrade.
describe.skipIf(!canTestLinux)('arrays on Linux', () => {
  const host = openTestHost()
  const other = openTestHost()
  const kernel = openLinuxKernel()
  const place = {
    get bpffs() {
      return host.bpffs
    },
  }
  afterAll(() => {
    kernel.close()
    host[Symbol.dispose]()
    other[Symbol.dispose]()
  })

  const desired = (stack: string, options: StackOptions) =>
    stackOf({ stack, interface: host.veth.name, ifindex: host.veth.ifindex, ...options })
  const idOf = (path: string): number => kernel.describePin(`${host.bpffs}/${path}`).id
  const slotsOf = (path: string): (number | undefined)[] => {
    using array = kernel.openPin(`${host.bpffs}/${path}`) as Fd<'map'>
    return [0, 1, 2, 3].map((index) => {
      const value = kernel.lookup(array, new Uint8Array([index, 0, 0, 0]))
      return value && new DataView(value.buffer, value.byteOffset).getUint32(0, true)
    })
  }
  const isAlive = (id: number): boolean => kernel.ids('program').includes(id)
  const eventually = { timeout: 10_000, interval: 100 }

  /** Applies one version after the other and destroys the last; each plan after an apply is empty. */
  async function upgrade(
    stack: string,
    versions: readonly StackOptions[],
    look: (version: number) => void,
  ): Promise<void> {
    const gone: number[] = []
    for (const [version, options] of versions.entries()) {
      const wanted = desired(stack, options)
      if (version > 0) gone.push(idOf(`${stack}/live/programs/ingress`))
      expect((await applyStack(kernel, wanted, place)).outcome, `version ${version}`).toMatchObject({ left: [] })
      expect(hasChanges(planFor(kernel, wanted, place)), `version ${version}`).toBe(false)
      look(version)
    }
    await destroyStack(kernel, desired(stack, versions.at(-1) ?? {}), place)
    await expect.poll(() => gone.filter(isAlive), eventually).toEqual([])
  }

  test('a slot that is not declared any more is empty in the new array', async () => {
    await upgrade('less', [{ slots: { 0: 'v4', 1: 'v6', 2: 'v6' } }, { slots: { 0: 'v4', 2: 'v6' } }], (version) => {
      const [v4, v6] = [idOf('less/live/programs/v4'), idOf('less/live/programs/v6')]
      expect(slotsOf('less/live/maps/calls')).toEqual([v4, version === 0 ? v6 : undefined, v6, undefined])
    })
  })

  test('two entry points on two hooks are switched to the new array together, each by its own link', async () => {
    const second = (): Resource[] => [
      program('second', { code: tailCalling('calls', 2) }),
      link('other', {
        program: 'program.second',
        target: { kind: 'xdp', interface: other.veth.name, ifindex: other.veth.ifindex, mode: 'generic' },
      }),
    ]
    const links: number[] = []
    await upgrade('shared', [{ more: second() }, { more: second(), verdicts: { v4: 1 } }], (version) => {
      const calls = idOf('shared/live/maps/calls')
      for (const [name, entry] of [
        ['eth0', 'ingress'],
        ['other', 'second'],
      ] as const) {
        const found = kernel.describePin(`${host.bpffs}/shared/live/links/${name}`)
        expect(found.kind === 'link' && found.programId).toBe(idOf(`shared/live/programs/${entry}`))
        const info = kernel.describePin(`${host.bpffs}/shared/live/programs/${entry}`)
        expect(info.kind === 'program' && info.mapIds).toContain(calls)
        if (version === 0) links.push(found.id)
        else expect(links).toContain(found.id)
      }
    })
  })

  test.each([
    [
      'an array behind an array',
      (version: number): Resource[] => [
        programArray('inner', ['leaf', 'leaf']),
        program('v4', { code: tailCalling('inner', 2) }),
        program('leaf', { code: returning(2 - version, []) }),
      ],
      ['calls', 'inner'],
    ],
    [
      'arrays in a cycle',
      (version: number): Resource[] => [
        programArray('back', ['v4', 'v6']),
        program('v6', { code: tailCalling('back', 2) }),
        program('v4', { code: tailCalling('calls', 2 - version) }),
      ],
      ['calls', 'back'],
    ],
  ] as const)('%s: all of them are new, filled with the new programs, and the old ones go', async (_, more, arrays) => {
    const before = new Map<string, number>()
    await upgrade('deep', [{ more: more(0) }, { more: more(1) }], () => {
      for (const array of arrays) {
        const id = idOf(`deep/live/maps/${array}`)
        expect(id).not.toBe(before.get(array))
        before.set(array, id)
        expect(slotsOf(`deep/live/maps/${array}`).filter((slot) => slot !== undefined).length, array).toBe(2)
      }
    })
  })
})
