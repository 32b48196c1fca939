import { describe, expect, test } from 'vitest'
import { type MemoryMachine, openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import type { Address } from '../../src/model/address.ts'
import type { DesiredState } from '../../src/model/state.ts'
import { makeDestroyPlan } from '../../src/plan/destroy.ts'
import { hasChanges } from '../../src/plan/make-plan.ts'
import { ownView } from '../crash/worlds.ts'
import { applyStack, bpffs, currentOf, destroyStack, planFor, rollBack, run } from './runs.ts'
import { shape, stackOf } from './stack.ts'

const at = `${bpffs}/tc/calls`
const withPins = (pins: Readonly<Record<string, Address>>, options: Parameters<typeof stackOf>[0] = {}): DesiredState =>
  stackOf({ pins, ...options })
const pinned = withPins({ [at]: 'map.calls' })
const changed = withPins({ [at]: 'map.calls' }, { verdicts: { v4: 1 } })

/** A machine with a directory for others' pins, and what is applied. */
async function machineWith(desired?: DesiredState): Promise<MemoryMachine> {
  const machine = openMemoryMachine()
  machine.open().bpffs.makeDirectory(`${bpffs}/tc`)
  if (desired) expect((await applyStack(machine.open(), desired)).outcome.result).toBe('done')
  return machine
}

/** Somebody else's map, pinned. */
function pinOther(machine: MemoryMachine, path: string): number {
  const kernel = machine.open()
  using map = kernel.createMap({ name: 'other', shape: shape() })
  kernel.pin(map, path)
  return kernel.describe(map).id
}

const idAt = ({ inspect }: MemoryMachine, path: string): number | undefined => inspect.pins().get(path)?.id
const idOfCalls = (machine: MemoryMachine): number | undefined => idAt(machine, `${bpffs}/edge/live/maps/calls`)

/** Code and detail of the first complaint of a plan. */
const refusal = (machine: MemoryMachine, desired: DesiredState): string => {
  const [first] = planFor(machine.open(), desired).diagnostics.filter(({ severity }) => severity === 'error')
  return `${first?.code}: ${first?.detail}`
}

describe('a pin elsewhere', () => {
  test('leads to the object of the live generation, after a first apply, an upgrade and a rollback', async () => {
    const machine = await machineWith(withPins({ [at]: 'map.calls' }, { history: 1 }))
    const first = idOfCalls(machine)
    expect(idAt(machine, at)).toBe(first)
    const upgrade = withPins({ [at]: 'map.calls' }, { history: 1, verdicts: { v4: 1 } })
    await applyStack(machine.open(), upgrade)
    expect(idOfCalls(machine)).not.toBe(first)
    expect(idAt(machine, at)).toBe(idOfCalls(machine))
    await rollBack(machine.open(), upgrade)
    expect(idAt(machine, at)).toBe(first)
    expect(machine.open().bpffs.list(`${bpffs}/tc`)).toEqual([{ name: 'calls', directory: false }])
  })

  test('is there at every instant of an upgrade, and never renamed over', async () => {
    const machine = await machineWith(pinned)
    const done: string[] = []
    machine.beforeCall((operation, target) => {
      if (target.startsWith(at)) done.push(operation)
      expect(idAt(machine, at)).toBeDefined()
    })
    await applyStack(machine.open(), changed)
    machine.beforeCall(undefined)
    expect(done).toEqual(['pin', 'exchange', 'unpin'])
  })

  test('gets owner and mode of the stack, also when only these change', async () => {
    const machine = await machineWith(withPins({ [at]: 'map.calls' }, { ownership: { gid: 7, mode: 0o750 } }))
    expect(machine.open().bpffs.stat(at)).toMatchObject({ gid: 7, mode: 0o640 })
    await applyStack(machine.open(), withPins({ [at]: 'map.calls' }, { ownership: { gid: 8, mode: 0o700 } }))
    expect(machine.open().bpffs.stat(at)).toMatchObject({ gid: 8, mode: 0o600 })
  })

  test('goes when the manifest does not want it any more, and with the stack', async () => {
    const machine = await machineWith(pinned)
    await applyStack(machine.open(), stackOf())
    expect(idAt(machine, at)).toBeUndefined()
    await applyStack(machine.open(), pinned)
    expect((await destroyStack(machine.open(), pinned)).outcome).toMatchObject({ result: 'done', left: [] })
    expect([...machine.inspect.pins()]).toEqual([])
  })

  test('has its directories made, closed to others, and removed again unless somebody uses them', async () => {
    const deep = (name: string) =>
      withPins({ [`${bpffs}/tc/globals/${name}/calls`]: 'map.calls' }, { ownership: { mode: 0o750 } })
    const machine = await machineWith(deep('one'))
    const { bpffs: files } = machine.open()
    expect(files.stat(`${bpffs}/tc/globals/one`)).toMatchObject({ uid: 0, mode: 0o750 })
    expect(files.stat(`${bpffs}/tc`)).toMatchObject({ mode: 0o700 })
    await applyStack(machine.open(), deep('two'))
    expect(files.list(`${bpffs}/tc/globals`).map(({ name }) => name)).toEqual(['two'])
    expect(hasChanges(planFor(machine.open(), deep('two')))).toBe(false)
    const other = pinOther(machine, `${bpffs}/tc/globals/theirs`)
    expect((await destroyStack(machine.open(), deep('two'))).outcome).toMatchObject({ result: 'done', left: [] })
    expect([...machine.inspect.pins()]).toEqual([
      [`${bpffs}/tc/globals/theirs`, expect.objectContaining({ id: other })],
    ])
    expect(files.list(`${bpffs}/tc/globals`).map(({ name }) => name)).toEqual(['theirs'])
  })

  test('that somebody removed is drift, and made again', async () => {
    const machine = await machineWith(pinned)
    machine.open().bpffs.unpin(at)
    const plan = planFor(machine.open(), pinned)
    expect(plan.pins).toEqual([{ action: 'create', path: at, address: 'map.calls', cause: 'drift' }])
    expect(plan.changes.every(({ action }) => action === 'keep')).toBe(true)
    await applyStack(machine.open(), pinned)
    expect(idAt(machine, at)).toBe(idOfCalls(machine))
    expect(hasChanges(planFor(machine.open(), pinned))).toBe(false)
  })
})

describe('the only pin that somebody left of a map', () => {
  const without = async (): Promise<MemoryMachine> => {
    const machine = await machineWith(pinned)
    machine.open().bpffs.unpin(`${bpffs}/edge/live/maps/calls`)
    return machine
  }

  test('is the stack’s own: the map gets its pin in the tree back, with all slots', async () => {
    const machine = await without()
    const id = idAt(machine, at)
    expect((await applyStack(machine.open(), pinned)).outcome.result).toBe('done')
    expect([idOfCalls(machine), idAt(machine, at)]).toEqual([id, id])
    expect(machine.inspect.slots(id ?? 0).size).toBe(2)
  })

  test('is moved on by an upgrade', async () => {
    const machine = await without()
    expect((await applyStack(machine.open(), changed)).outcome.result).toBe('done')
    expect(idAt(machine, at)).toBe(idOfCalls(machine))
    expect(machine.open().bpffs.list(`${bpffs}/tc`)).toEqual([{ name: 'calls', directory: false }])
    expect(hasChanges(planFor(machine.open(), changed))).toBe(false)
  })
})

describe('what is not the stack’s is never touched', () => {
  test('a path that somebody else has taken is refused, also one with the very same object', async () => {
    const machine = await machineWith()
    const other = pinOther(machine, at)
    expect(refusal(machine, pinned)).toBe(
      `P121: map.calls cannot be pinned at ${at}: map #${other} is there, which this stack did not pin.`,
    )
    const own = await machineWith(stackOf())
    own.open().bpffs.link(`${bpffs}/edge/live/maps/calls`, at)
    expect(refusal(own, pinned)).toMatch(/^P121: .* which this stack did not pin\.$/)
  })

  test('so is one that somebody has replaced, and a destroy leaves it and says so', async () => {
    const machine = await machineWith(pinned)
    machine.open().bpffs.unpin(at)
    const other = pinOther(machine, at)
    expect(refusal(machine, changed)).toMatch(/^P121: /)
    const plan = makeDestroyPlan(currentOf(machine.open(), pinned))
    const said = plan.diagnostics.filter(({ code }) => code !== 'P103')
    expect(said).toMatchObject([{ severity: 'warning', code: 'P122' }])
    expect((await run(machine.open(), plan)).outcome.result).toBe('done')
    expect([...machine.inspect.pins()]).toEqual([[at, expect.objectContaining({ id: other })]])
  })

  test.each([
    [
      'a directory that others may write to',
      at,
      (machine: MemoryMachine): unknown => machine.open().bpffs.setOwnership(`${bpffs}/tc`, { mode: 0o777 }),
      /cannot trust \S+tc: group or others may write to it/,
    ],
    [
      'a directory of another user',
      at,
      (machine: MemoryMachine): unknown => machine.open().bpffs.setOwnership(`${bpffs}/tc`, { uid: 1000 }),
      /cannot trust \S+tc: it belongs to user 1000/,
    ],
    ['no bpffs', '/run/calls', (): unknown => undefined, /no bpffs is mounted there/],
    [
      'another stack',
      `${bpffs}/other/live/maps/mine`,
      (machine: MemoryMachine): unknown =>
        applyStack(machine.open(), stackOf({ stack: 'other', interface: 'eth9', ifindex: 2 })),
      /it is inside the stack \/sys\/fs\/bpf\/other/,
    ],
    [
      'a directory at the path itself',
      at,
      (machine: MemoryMachine): unknown => machine.open().bpffs.makeDirectory(at),
      /a directory is there/,
    ],
    [
      'something at the name beside it',
      at,
      (machine: MemoryMachine): unknown => pinOther(machine, `${at}:next`),
      /is at \S+:next, which is needed on the way/,
    ],
  ] as const)('%s is refused, and nothing changed', async (_, path, prepare, why) => {
    const machine = await machineWith()
    machine.addInterface('eth9')
    await prepare(machine)
    const before = ownView(machine)
    const desired = withPins({ [path]: 'map.calls' })
    expect(refusal(machine, desired)).toMatch(why)
    await expect(applyStack(machine.open(), desired)).rejects.toMatchObject({ code: 'P121' })
    expect(ownView(machine)).toEqual(before)
  })

  test('what others exchange between plan and apply is stale; in the middle of it, everything is undone', async () => {
    const machine = await machineWith(pinned)
    const plan = planFor(machine.open(), changed)
    machine.open().bpffs.unpin(at)
    const late = pinOther(machine, at)
    expect((await run(machine.open(), plan, changed)).outcome).toMatchObject({
      result: 'stale',
      problem: { code: 'P301' },
    })
    expect(idAt(machine, at)).toBe(late)

    const other = await machineWith(pinned)
    const before = ownView(other)
    const again = planFor(other.open(), changed)
    other.beforeCall((operation): void => {
      if (operation !== 'updateLink') return
      other.beforeCall(undefined)
      other.open().bpffs.unpin(at)
      pinOther(other, at)
    })
    expect((await run(other.open(), again, changed)).outcome).toMatchObject({
      result: 'stale',
      problem: { code: 'P303' },
      left: [],
    })
    other.open().bpffs.unpin(at)
    other.open().bpffs.link(`${bpffs}/edge/live/maps/calls`, at)
    expect(ownView(other)).toEqual(before)
  })

  test('a pin that is exchanged by others while a destroy runs stays, and the exit says so', async () => {
    const machine = await machineWith(pinned)
    const plan = makeDestroyPlan(currentOf(machine.open(), pinned))
    let other = 0
    machine.beforeCall((operation, target): void => {
      if (operation !== 'replace' || !target.endsWith('record')) return
      machine.beforeCall(undefined)
      machine.open().bpffs.unpin(at)
      other = pinOther(machine, at)
    })
    expect((await run(machine.open(), plan)).outcome).toMatchObject({ result: 'incomplete', problem: { code: 'P303' } })
    expect(idAt(machine, at)).toBe(other)
  })
})
