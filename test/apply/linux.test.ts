import { afterAll, describe, expect, test } from 'vitest'
import type { Fd, Kernel, ObjectKind } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { KernelError } from '../../src/model/errors.ts'
import { hasChanges } from '../../src/plan/make-plan.ts'
import { canTestLinux, openTestHost } from '../support/linux.ts'
import { applyStack, destroyStack, planFor } from './runs.ts'
import { link, program, returning, type StackOptions, stackOf } from './stack.ts'

describe.skipIf(!canTestLinux)('on Linux', () => {
  const host = openTestHost()
  // Where somebody else attaches.
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

  const raw = (onReplace: 'overlap' | 'gap', verdict: number) => [
    program('trace', {
      load: { type: 'raw_tracepoint', flags: 0, license: 'GPL' },
      code: returning(verdict, ['flows']),
    }),
    link('trace', { program: 'program.trace', target: { kind: 'raw_tracepoint', name: 'sys_enter' }, onReplace }),
  ]
  const desired = (stack: string, options: StackOptions = {}) =>
    stackOf({ stack, interface: host.veth.name, ifindex: host.veth.ifindex, ...options })
  const infoOf = (path: string) => kernel.describePin(`${host.bpffs}/${path}`)
  const slotsIn = (array: Fd<ObjectKind>): (number | undefined)[] =>
    [0, 1, 2, 3].map((index) => {
      const value = kernel.lookup(array as never, new Uint8Array([index, 0, 0, 0]))
      return value && new DataView(value.buffer, value.byteOffset).getUint32(0, true)
    })
  const slotsOf = (path: string): (number | undefined)[] => {
    using array = kernel.openPin(`${host.bpffs}/${path}`)
    return slotsIn(array)
  }
  // Gone or emptied: Linux keeps one reference for ever when somebody (another test) opens a dying array by its id and
  // closes it while the clear is still queued.
  const isReleased = (id: number): boolean => {
    if (!isAlive('map', id)) return true
    using array = kernel.openById('map', id)
    return slotsIn(array).every((slot) => slot === undefined)
  }
  const eventually = { timeout: 10_000, interval: 100 }
  const isAlive = (kind: ObjectKind, id: number): boolean => kernel.ids(kind).includes(id)

  test('a stack is applied, changed and destroyed, each to the end, and no descriptor stays open', async () => {
    const open = kernel.openDescriptors()
    const first = await applyStack(kernel, desired('whole', { more: raw('overlap', 0) }), place)
    expect(first.outcome).toEqual({ result: 'done', generation: 1, left: [], diagnostics: [] })
    expect(hasChanges(planFor(kernel, desired('whole', { more: raw('overlap', 0) }), place))).toBe(false)
    const old = { array: infoOf('whole/live/maps/calls').id, link: infoOf('whole/live/links/eth0').id }
    const members = ['v4', 'v6'].map((name) => infoOf(`whole/live/programs/${name}`).id)
    expect(slotsOf('whole/live/maps/calls')).toEqual([...members, undefined, undefined])

    const changed = desired('whole', { verdicts: { v4: 1 }, more: raw('gap', 0) })
    const second = await applyStack(kernel, changed, place)
    expect(second.outcome).toMatchObject({ result: 'done', generation: 2, left: [] })
    expect(infoOf('whole/live/links/eth0').id).toBe(old.link)
    expect(slotsOf('whole/live/maps/calls').filter((id) => id !== undefined).length).toBe(2)
    // The kernel frees an object a little after its last reference.
    await expect.poll(() => isReleased(old.array), eventually).toBe(true)
    expect(hasChanges(planFor(kernel, changed, place))).toBe(false)

    const last = infoOf('whole/live/maps/calls').id
    expect((await destroyStack(kernel, changed, place)).outcome).toMatchObject({ result: 'done', left: [] })
    expect(kernel.bpffs.stat(`${host.bpffs}/whole`)).toBeUndefined()
    await expect.poll(() => !isAlive('link', old.link) && isReleased(last), eventually).toBe(true)
    expect(kernel.openDescriptors()).toBe(open)
  })

  test('links that cannot be updated are replaced, by overlap and with a gap', async () => {
    for (const [onReplace, verdict] of [
      ['overlap', 0],
      ['overlap', 1],
      ['gap', 2],
    ] as const) {
      const { outcome } = await applyStack(kernel, desired('traced', { more: raw(onReplace, verdict) }), place)
      expect(outcome).toMatchObject({ result: 'done', left: [] })
    }
    expect((await destroyStack(kernel, desired('traced'), place)).outcome.result).toBe('done')
  })

  test('what the verifier rejects changes nothing, and says why', async () => {
    await applyStack(kernel, desired('rejected'), place)
    const before = infoOf('rejected/live/links/eth0')
    const noExit = { instructions: returning(2, []).instructions.slice(0, 8), references: [] }
    const { outcome } = await applyStack(
      kernel,
      desired('rejected', { verdicts: { v4: 1 }, more: [program('endless', { code: noExit })] }),
      place,
    )
    expect(outcome).toMatchObject({ result: 'nothing-changed', generation: 1, left: [] })
    expect(outcome.problem?.message).toMatch(/^cannot load program\.endless: /)
    expect(String(outcome.problem?.log)).toContain('last insn is not an exit or jmp')
    expect(infoOf('rejected/live/links/eth0')).toEqual(before)
    expect(kernel.bpffs.list(`${host.bpffs}/rejected`)).toEqual([{ name: 'live', directory: true }])
    await destroyStack(kernel, desired('rejected'), place)
  })

  test('an array whose old programs somebody else attached is kept with its slots', async () => {
    await applyStack(kernel, desired('kept'), place)
    const running = infoOf('kept/live/programs/ingress').id
    const changed = desired('kept', { verdicts: { v4: 1 } })
    {
      using entry = kernel.openById('program', running)
      using _other = kernel.createLink({
        program: entry,
        target: { kind: 'xdp', interface: other.veth.name, ifindex: other.veth.ifindex, mode: 'generic' },
      })
      entry[Symbol.dispose]()
      const { outcome } = await applyStack(kernel, changed, place)
      expect(outcome).toMatchObject({ result: 'done-kept', generation: 2 })
      expect(slotsOf('kept/gen-1/maps/calls').filter((id) => id !== undefined).length).toBe(2)
    }
    const { outcome } = await applyStack(kernel, desired('kept', { verdicts: { v4: 2, v6: 1 } }), place)
    expect(outcome).toMatchObject({ left: [] })
    expect(kernel.bpffs.list(`${host.bpffs}/kept`)).toEqual([{ name: 'live', directory: true }])
    await destroyStack(kernel, desired('kept'), place)
  })

  test('any operation that fails once leaves the old generation or the new one, whole', async () => {
    const from = desired('fails', { more: raw('gap', 0) })
    const to = desired('fails', { verdicts: { v4: 1 }, more: raw('gap', 1), ownership: { mode: 0o750 } })
    await applyStack(kernel, from, place)
    const results = new Set<string>()
    // Every operation fails on the kernel in memory (failure.test.ts); here one in twelve does.
    for (let failing = 1, reached = true; reached; failing += 12) {
      const wrapped = failingAt(kernel, failing)
      const open = kernel.openDescriptors()
      const ended = await applyStack(wrapped.kernel, to, place).catch(() => undefined)
      reached = wrapped.failed()
      expect(kernel.openDescriptors(), wrapped.what()).toBe(open)
      expect(slotsOf('fails/live/maps/calls').filter((id) => id !== undefined).length, wrapped.what()).toBe(2)
      results.add(ended?.outcome.result ?? 'thrown')
      const { outcome } = await applyStack(kernel, from, place)
      expect(outcome.left, wrapped.what()).toEqual([])
      expect(hasChanges(planFor(kernel, from, place)), wrapped.what()).toBe(false)
    }
    expect([...results]).toEqual(expect.arrayContaining(['nothing-changed', 'done']))
    await destroyStack(kernel, from, place)
    // A fresh bpffs has two iterators of the kernel's own in it.
    expect(kernel.bpffs.list(host.bpffs).filter((entry) => entry.directory)).toEqual([])
  }, 180_000)
})

/** Operations that change something. */
const changing = new Set<string | symbol>(
  'createMap loadProgram createLink updateLink update freeze pin waitForReaders'
    .split(' ')
    .concat('makeDirectory removeDirectory unpin link rename exchange setOwnership'.split(' ')),
)

/** A kernel whose n-th operation that changes something fails. */
function failingAt(kernel: Kernel, n: number) {
  let calls = 0
  let what = 'nothing failed'
  const count = (name: string, of: readonly unknown[]): void => {
    if (++calls !== n) return
    what = `failed at ${n}: ${name} ${String(of.at(-1))}`
    throw new KernelError(`cannot ${name}: the test says so`, { code: 'K999', command: name, errno: 'EIO' })
  }
  const failing = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(_, name) {
        const value: unknown = Reflect.get(target, name, target)
        if (name === 'bpffs') return failing(value as object)
        if (typeof value !== 'function') return value
        return (...of: unknown[]): unknown => {
          if (changing.has(name)) count(String(name), of)
          return value.apply(target, of)
        }
      },
    })
  return { kernel: failing(kernel), failed: () => calls >= n, what: () => what }
}
