import { afterAll, describe, expect, test } from 'vitest'
import type { Fd, Kernel } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { type MemoryMachine, openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import { type Address, programAddress } from '../../src/model/address.ts'
import type { MapId } from '../../src/model/ids.ts'
import type { DesiredState } from '../../src/model/state.ts'
import { makeDestroyPlan } from '../../src/plan/destroy.ts'
import { hasChanges } from '../../src/plan/make-plan.ts'
import { canTestLinux, openTestHost } from '../support/linux.ts'
import { applyStack, currentOf, destroyStack, type Place, planFor, recoverOnly, rollBack, run } from './runs.ts'
import { map, returning, type StackOptions, shape, stackOf } from './stack.ts'

interface Host extends Place {
  readonly kernel: Kernel
  readonly bpffs: string
  /** Where the stack's link goes, and the owner's. */
  readonly link: Pick<StackOptions, 'interface' | 'ifindex'>
  readonly ownersLink: { readonly interface: string; readonly ifindex: number }
}

const arrayShape = shape({ type: 'prog_array', valueSize: 4, maxEntries: 4 })
const load = { type: 'xdp', attachType: 'xdp', flags: 0, license: 'GPL' } as const
const pathOf = ({ bpffs }: Host): string => `${bpffs}/shared`

/** Somebody else's array with a program of theirs in slots 0 and 3, which nothing else holds, and a link that calls it. */
async function makeOwner(host: Host): Promise<void> {
  const { kernel, bpffs } = host
  using array = kernel.createMap({ name: 'shared', shape: arrayShape })
  kernel.pin(array, pathOf(host))
  for (const slot of [0, 3]) {
    using member = await kernel.loadProgram({
      name: 'theirs',
      load,
      instructions: returning(2, []).instructions,
      references: [],
    })
    kernel.update(array, new Uint8Array([slot, 0, 0, 0]), member)
  }
  const { instructions, references } = returning(2, ['shared'])
  using entry = await kernel.loadProgram({
    name: 'their_entry',
    load,
    instructions,
    references: references.map((reference) => ({ ...reference, map: array })),
  })
  using link = kernel.createLink({ program: entry, target: { kind: 'xdp', ...host.ownersLink, mode: 'generic' } })
  kernel.pin(link, `${bpffs}/their_link`)
}

/** Ids in the slots of the shared array. */
function slotsOf(host: Host, path = pathOf(host)): (number | undefined)[] {
  using array = host.kernel.openPin(path) as Fd<'map'>
  return [0, 1, 2, 3].map((index) => {
    const value = host.kernel.lookup(array, new Uint8Array([index, 0, 0, 0]))
    return value && new DataView(value.buffer, value.byteOffset).getUint32(0, true)
  })
}

const idAt = (host: Host, path: string): number => host.kernel.describePin(`${host.bpffs}/edge/${path}`).id

function desired(
  host: Host,
  slots: Readonly<Record<number, string>> | undefined,
  options: StackOptions = {},
): DesiredState {
  const id = host.kernel.describePin(pathOf(host)).id as MapId
  const array = map('theirs', {
    owner: 'foreign',
    foreignPath: pathOf(host),
    shape: arrayShape,
    onSlotChange: 'in-place',
    contents: {
      kind: 'slots',
      slots: new Map(Object.entries(slots ?? {}).map(([index, name]) => [Number(index), programAddress(name)])),
    },
    live: { id, pins: [] },
  })
  return stackOf({ ...host.link, ...(slots && { more: [array] }), ...options })
}

const change = (host: Host, wanted: DesiredState, address: Address) =>
  planFor(host.kernel, wanted, host).changes.find((it) => it.address === address)

function behaves(host: Host): void {
  test('only the declared slots are written, and nothing else of it', async () => {
    await makeOwner(host)
    const [zero, , , three] = slotsOf(host)
    const wanted = desired(host, { 2: 'v4', 3: 'v6' })
    expect(change(host, wanted, 'map.theirs')).toMatchObject({
      action: 'create',
      detail: `of others, at ${pathOf(host)}, slots 2, 3 in place`,
    })
    expect((await applyStack(host.kernel, wanted, host)).outcome).toMatchObject({ result: 'done', left: [] })
    expect(slotsOf(host)).toEqual([zero, undefined, idAt(host, 'live/programs/v4'), idAt(host, 'live/programs/v6')])
    expect(slotsOf(host)).not.toContain(three)
    expect(hasChanges(planFor(host.kernel, wanted, host))).toBe(false)
  })

  test('a changed program takes its slot in the same array, in place', async () => {
    const id = idAt(host, 'live/maps/theirs')
    const wanted = desired(host, { 2: 'v4', 3: 'v6' }, { verdicts: { v4: 1 } })
    expect(change(host, wanted, 'map.theirs')).toMatchObject({
      action: 'update',
      verdict: 'atomic',
      because: [{ attribute: 'slots.2' }],
    })
    expect((await applyStack(host.kernel, wanted, host)).outcome).toMatchObject({ result: 'done', left: [] })
    expect(idAt(host, 'live/maps/theirs')).toBe(id)
    expect(slotsOf(host)[2]).toBe(idAt(host, 'live/programs/v4'))
    expect(hasChanges(planFor(host.kernel, wanted, host))).toBe(false)
  })

  test('an upgrade is taken back with its slots, both ways', async () => {
    const upgraded = desired(host, { 1: 'v4', 2: 'v4' }, { verdicts: { v4: 2 }, history: 1 })
    const before = slotsOf(host)
    await applyStack(host.kernel, upgraded, host)
    const after = slotsOf(host)
    expect(after).toEqual([before[0], idAt(host, 'live/programs/v4'), idAt(host, 'live/programs/v4'), undefined])
    await rollBack(host.kernel, upgraded, undefined, host)
    expect(slotsOf(host)).toEqual(before)
    await rollBack(host.kernel, upgraded, undefined, host)
    expect(slotsOf(host)).toEqual(after)
  })

  test('a slot that is not declared any more is empty, unless somebody else has filled it since', async () => {
    await applyStack(host.kernel, desired(host, { 1: 'v4', 2: 'v4', 3: 'v6' }), host)
    using other = await host.kernel.loadProgram({
      name: 'other',
      load,
      instructions: returning(1, []).instructions,
      references: [],
    })
    {
      using array = host.kernel.openPin(pathOf(host)) as Fd<'map'>
      host.kernel.update(array, new Uint8Array([3, 0, 0, 0]), other)
    }
    const [zero] = slotsOf(host)
    await applyStack(host.kernel, desired(host, { 1: 'v4' }), host)
    const mine = idAt(host, 'live/programs/v4')
    expect(slotsOf(host)).toEqual([zero, mine, undefined, host.kernel.describe(other).id])
    expect((await applyStack(host.kernel, desired(host, undefined), host)).outcome).toMatchObject({
      result: 'done',
      left: [],
    })
    expect(slotsOf(host)).toEqual([zero, undefined, undefined, host.kernel.describe(other).id])
  })

  test('a program that only its slot kept alive is put back when the apply fails', async () => {
    const before = slotsOf(host)
    const wanted = desired(host, { 0: 'v4' })
    const plan = planFor(host.kernel, wanted, host)
    // The step after the slots fails: somebody took the path of the record meanwhile, so to say.
    const broken = plan.steps.map((step) => (step.kind === 'exchange' ? { ...step, b: 'nowhere' } : step))
    const { outcome } = await run(host.kernel, { ...plan, steps: broken }, wanted)
    expect(outcome).toMatchObject({ result: 'rolled-back', left: [] })
    expect(slotsOf(host)).toEqual(before)
  })

  test('what somebody else put into the slot after the plan was made stays: stale, and undone', async () => {
    const wanted = desired(host, { 0: 'v4', 2: 'v6' })
    const plan = planFor(host.kernel, wanted, host)
    using other = await host.kernel.loadProgram({
      name: 'other',
      load,
      instructions: returning(1, []).instructions,
      references: [],
    })
    {
      using array = host.kernel.openPin(pathOf(host)) as Fd<'map'>
      host.kernel.update(array, new Uint8Array([2, 0, 0, 0]), other)
    }
    const before = slotsOf(host)
    expect((await run(host.kernel, plan, wanted)).outcome).toMatchObject({
      result: 'stale',
      problem: { code: 'P303' },
      left: [],
    })
    expect(slotsOf(host)).toEqual(before)
  })

  test('our pin holds it when its owner lets it go, and a destroy leaves it as it was', async () => {
    await applyStack(host.kernel, desired(host, { 1: 'v4' }), host)
    const [zero, mine, two, three] = slotsOf(host)
    const steps = makeDestroyPlan(currentOf(host.kernel, desired(host, { 1: 'v4' }), host)).steps
    const kinds = steps.map((step) => (step.kind === 'unpin' && step.path.includes('/links/') ? 'detach' : step.kind))
    // Until then its own programs may call into the slot.
    expect(kinds.indexOf('replace-slot')).toBeGreaterThan(kinds.lastIndexOf('detach'))
    expect((await destroyStack(host.kernel, desired(host, { 1: 'v4' }), host)).outcome).toMatchObject({
      result: 'done',
      left: [],
    })
    expect(slotsOf(host)).toEqual([zero, undefined, two, three])
    await applyStack(host.kernel, desired(host, { 1: 'v4' }), host)
    host.kernel.bpffs.unpin(pathOf(host))
    await new Promise((resolve) => setTimeout(resolve, 100))
    const held = `${host.bpffs}/edge/live/maps/theirs`
    expect(slotsOf(host, held)).toEqual([zero, idAt(host, 'live/programs/v4'), two, three])
    expect(mine).toBeDefined()
  })
}

describe('slots of an array of somebody else, in memory', () => {
  const machine = openMemoryMachine()
  const ifindex = machine.addInterface('eth9')
  behaves({
    kernel: machine.open(),
    bpffs: '/sys/fs/bpf',
    link: {},
    ownersLink: { interface: 'eth9', ifindex },
  })
})

describe.skipIf(!canTestLinux)('slots of an array of somebody else, on Linux', () => {
  const host = openTestHost()
  const other = openTestHost()
  const kernel = openLinuxKernel()
  afterAll(() => {
    kernel.close()
    host[Symbol.dispose]()
    other[Symbol.dispose]()
  })
  behaves({
    kernel,
    get bpffs() {
      return host.bpffs
    },
    get link() {
      return { interface: host.veth.name, ifindex: host.veth.ifindex }
    },
    get ownersLink() {
      return { interface: other.veth.name, ifindex: other.veth.ifindex }
    },
  })
})

const memoryHost = (machine: MemoryMachine): Host => ({
  kernel: machine.open(),
  bpffs: '/sys/fs/bpf',
  link: {},
  ownersLink: { interface: 'eth9', ifindex: 2 },
})

type Slots = Readonly<Record<number, string>> | undefined

const acts: readonly (readonly [name: string, from: Slots, to: Slots | 'destroy'])[] = [
  ['slots are taken', undefined, { 0: 'ingress', 2: 'v6' }],
  ['their program changes', { 0: 'ingress', 2: 'ingress' }, { 0: 'v6', 2: 'v6' }],
  ['a slot less', { 1: 'ingress', 2: 'ingress' }, { 1: 'ingress' }],
  ['the array is not used any more', { 1: 'ingress' }, undefined],
  ['destroy', { 1: 'ingress' }, 'destroy'],
]

test.each(acts)(
  'killed at any operation while %s, no slot holds what is gone, and the next run finishes',
  async (_, from, to) => {
    const machine = openMemoryMachine()
    machine.addInterface('eth9')
    await makeOwner(memoryHost(machine))
    const old = desired(memoryHost(machine), from)
    await applyStack(machine.open(), old)
    const snapshot = machine.snapshot()
    const act = async (copy: MemoryMachine, kernel: Kernel): Promise<unknown> =>
      to === 'destroy'
        ? await destroyStack(kernel, old)
        : await applyStack(kernel, desired(memoryHost(copy), to, { verdicts: { v4: 1, v6: 1 } }))
    let kills = 0
    for (let fatal = 1; ; fatal++) {
      const copy = openMemoryMachine(snapshot)
      const kernel = copy.open()
      let call = 0
      copy.beforeCall(() => void (++call === fatal && kernel.kill()))
      const ended = await act(copy, kernel).then(
        () => call < fatal,
        () => false,
      )
      copy.beforeCall(undefined)
      if (ended) break
      kills++
      expectHeld(copy, `killed at ${fatal}`)
      await recoverOnly(copy.open(), old).catch((error) =>
        Promise.reject(new Error(`killed at ${fatal}`, { cause: error })),
      )
      expectHeld(copy, `killed at ${fatal}, recovered`)
      if (to === 'destroy') copy.open().bpffs.stat('/sys/fs/bpf/edge') && (await destroyStack(copy.open(), old))
      else {
        const wanted = desired(memoryHost(copy), to, { verdicts: { v4: 1, v6: 1 } })
        const { outcome } = await applyStack(copy.open(), wanted)
        expect(outcome, `killed at ${fatal}`).toMatchObject({ result: 'done', left: [] })
        expect(hasChanges(planFor(copy.open(), wanted)), `killed at ${fatal}`).toBe(false)
      }
      const ours = Object.keys(to === 'destroy' || to === undefined ? {} : to).map(Number)
      const filled = slotsOf(memoryHost(copy)).flatMap((id, index) => (id === undefined ? [] : [index]))
      const theirs = [0, 3].filter(
        (index) =>
          !Object.keys(from ?? {})
            .concat(ours.map(String))
            .includes(String(index)),
      )
      expect(filled, `killed at ${fatal}`).toEqual([...new Set([...theirs, ...ours])].sort())
    }
    expect(kills).toBeGreaterThan(10)
  },
)

/** Arrays that run have a holder, and no slot of theirs names a program whose own array is empty. */
function expectHeld({ inspect }: MemoryMachine, at: string): void {
  for (const array of inspect.reachableArrays()) {
    expect(array.holders, `${at}: ${array.name}`).not.toEqual([])
    if (array.name === 'calls') expect(array.slots.size, `${at}: ${array.name}`).toBe(2)
  }
}
