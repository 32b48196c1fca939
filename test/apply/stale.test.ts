import { expect, test } from 'vitest'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import type { MemoryProcess } from '../../src/kernel/memory/process-kernel.ts'
import { KernelError } from '../../src/model/errors.ts'
import type { DesiredState } from '../../src/model/state.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { ownView } from '../crash/worlds.ts'
import { applyStack, bpffs, planFor, run } from './runs.ts'
import { stackOf } from './stack.ts'

/** A stack that is applied, and a plan for its change. */
async function planned(from: DesiredState, to: DesiredState) {
  const machine = openMemoryMachine()
  const kernel = machine.open()
  await applyStack(kernel, from)
  return { machine, kernel, plan: planFor(kernel, to), to }
}

/** The plan as if somebody interfered just after the preconditions had been checked. */
const unchecked = (plan: Plan): Plan => ({ ...plan, preconditions: [] })

function switchTo(kernel: MemoryProcess, link: number, program: number): void {
  using fd = kernel.openById('link', link)
  const info = kernel.describe(fd)
  if (info.kind !== 'link') throw new Error('no link')
  using expected = kernel.openById('program', info.programId)
  using wanted = kernel.openById('program', program)
  kernel.updateLink(fd, { program: wanted, expected })
}

test.each([
  ['a pin is another object', `${bpffs}/edge/live/maps/flows`],
  ['a pin is gone', `${bpffs}/edge/live/links/eth0`],
])('nothing is touched when %s than planned', async (_, path) => {
  const { machine, kernel, plan, to } = await planned(stackOf(), stackOf({ verdicts: { v4: 1 } }))
  kernel.bpffs.unpin(path)
  if (path.includes('maps')) kernel.bpffs.link(`${bpffs}/edge/live/maps/allow`, path)
  const old = ownView(machine)
  const { outcome, events } = await run(kernel, plan, to)
  expect(outcome).toMatchObject({ result: 'stale', generation: 1, problem: { code: 'P301' } })
  expect(outcome.problem?.message).toContain(path.slice(`${bpffs}/edge/`.length))
  expect(events.map((event) => event.type)).toEqual(['started', 'finished'])
  expect(ownView(machine)).toEqual(old)
})

test('a path that has come into being makes a plan stale', async () => {
  const { kernel, plan, to } = await planned(stackOf(), stackOf({ verdicts: { v4: 1 } }))
  kernel.bpffs.makeDirectory(`${bpffs}/edge/next`)
  expect((await run(kernel, plan, to)).outcome).toMatchObject({ result: 'stale', problem: { code: 'P301' } })
  expect(kernel.bpffs.stat(`${bpffs}/edge/next`)).toBeDefined()
})

test('a link that runs another program makes a plan stale', async () => {
  const { machine, kernel, plan, to } = await planned(stackOf(), stackOf({ verdicts: { v4: 1 } }))
  switchTo(kernel, 1, machine.inspect.ids('program', 'v6')[0] ?? 0)
  const { outcome } = await run(kernel, plan, to)
  expect(outcome.problem?.message).toMatch(/link #1 ran program #\d+ and runs program #\d+/)
  expect(outcome.result).toBe('stale')
})

test('a link that somebody switched in the last moment is left to them, and everything else is undone', async () => {
  const { machine, kernel, plan, to } = await planned(stackOf(), stackOf({ verdicts: { v4: 1 } }))
  switchTo(kernel, 1, machine.inspect.ids('program', 'v6')[0] ?? 0)
  const old = ownView(machine)
  const { outcome } = await run(kernel, unchecked(plan), to)
  expect(outcome).toMatchObject({ result: 'stale', generation: 1, problem: { code: 'P303' }, left: [] })
  expect(outcome.problem?.message).toContain('cannot switch link.eth0 to program.ingress: it runs program #')
  expect(ownView(machine)).toEqual(old)
  expect(kernel.openDescriptors()).toBe(0)
})

test('a link that somebody switches between the look and the switch is left to them', async () => {
  const { machine, kernel, plan, to } = await planned(stackOf(), stackOf({ verdicts: { ingress: 1 } }))
  machine.beforeCall((operation) => {
    if (operation !== 'updateLink') return
    machine.beforeCall(undefined)
    const other = machine.open()
    switchTo(other, 1, machine.inspect.ids('program', 'ingress').at(-1) ?? 0)
    other.close()
  })
  const { outcome } = await run(kernel, plan, to)
  // Between the look and the switch: the kernel says EPERM, and that is somebody else's doing.
  expect(outcome).toMatchObject({ result: 'stale', problem: { code: 'P303' } })
})

test('a severed link is stale', async () => {
  const { machine, kernel, plan, to } = await planned(stackOf(), stackOf({ verdicts: { v4: 1 } }))
  machine.removeInterface('lo')
  const { outcome } = await run(kernel, plan, to)
  expect(outcome).toMatchObject({ result: 'stale', left: [] })
})

const entries = (value: string): DesiredState => stackOf({ allow: { '01000000': value } })

test('an entry that somebody else changed is not overwritten', async () => {
  const { machine, kernel, plan, to } = await planned(entries('0100000000000000'), entries('0200000000000000'))
  const [allow] = machine.inspect.ids('map', 'allow')
  using map = kernel.openById('map', allow ?? 0)
  kernel.update(map, new Uint8Array([1, 0, 0, 0]), new Uint8Array([9, 0, 0, 0, 0, 0, 0, 0]))
  const { outcome } = await run(kernel, plan, to)
  expect(outcome).toMatchObject({ result: 'stale', problem: { code: 'P303' }, left: [] })
  expect(kernel.lookup(map, new Uint8Array([1, 0, 0, 0]))?.[0]).toBe(9)
})

test('an entry that has the new value already counts as written', async () => {
  const { machine, kernel, plan, to } = await planned(entries('0100000000000000'), entries('0200000000000000'))
  const [allow] = machine.inspect.ids('map', 'allow')
  using map = kernel.openById('map', allow ?? 0)
  kernel.update(map, new Uint8Array([1, 0, 0, 0]), new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0]))
  expect((await run(kernel, plan, to)).outcome.result).toBe('done')
})

test('a slot that somebody else replaced is not overwritten', async () => {
  const from = stackOf({ onSlotChange: 'in-place' })
  const to = stackOf({ onSlotChange: 'in-place', slots: { 0: 'v6', 1: 'v6' } })
  const { machine, kernel, plan } = await planned(from, to)
  expect(plan.steps.map((step) => step.kind)).toContain('replace-slot')
  const [calls] = machine.inspect.ids('map', 'calls')
  using array = kernel.openById('map', calls ?? 0)
  kernel.remove(array, new Uint8Array(4))
  const { outcome } = await run(kernel, plan, to)
  expect(outcome).toMatchObject({ result: 'stale', problem: { code: 'P303' } })
  expect(machine.inspect.slots(calls ?? 0).has(0)).toBe(false)
})

test('an object that is gone when it is needed is stale, not an error', async () => {
  const { machine, kernel, plan, to } = await planned(stackOf(), stackOf({ verdicts: { v4: 1 } }))
  const existing = { ...plan.existing, 'live:map.flows': 4711 } as const
  const { outcome } = await run(kernel, { ...plan, existing }, to)
  expect(outcome).toMatchObject({ result: 'stale', problem: { code: 'P301' } })
  expect(outcome.problem?.message).toBe('cannot load program.v4: map #4711 is gone')
  expect(machine.inspect.ids('map', 'calls').length).toBe(1)
})

test('what may not be read is an error and no stale plan', async () => {
  const { kernel, plan, to } = await planned(stackOf(), stackOf({ verdicts: { v4: 1 } }))
  const refusing = {
    ...kernel,
    describePin: () => {
      throw new KernelError('cannot open it: not permitted', { code: 'K001', command: 'BPF_OBJ_GET', errno: 'EPERM' })
    },
  }
  expect((await run(refusing, plan, to)).outcome).toMatchObject({
    result: 'nothing-changed',
    problem: { code: 'K001' },
  })
})
