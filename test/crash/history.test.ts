import { describe, expect, test } from 'vitest'
import {
  type MemoryMachine,
  type MemoryMachineOptions,
  openMemoryMachine,
} from '../../src/kernel/memory/memory-kernel.ts'
import type { MemoryProcess } from '../../src/kernel/memory/process-kernel.ts'
import type { Snapshot } from '../../src/kernel/memory/snapshot.ts'
import type { Address } from '../../src/model/address.ts'
import type { DesiredState, Resource } from '../../src/model/state.ts'
import { hasChanges } from '../../src/plan/make-plan.ts'
import { planRecovery } from '../../src/plan/recover.ts'
import { formerState } from '../../src/plan/rollback.ts'
import { applyStack, bpffs, currentOf, planFor, recoverOnly, rollBack } from '../apply/runs.ts'
import { map, program, returning, shape, stackOf } from '../apply/stack.ts'
import { expectHeld } from './worlds.ts'

const version = (v4: number, history = 1): DesiredState => stackOf({ verdicts: { v4 }, history })

/** A machine on which these versions were applied one after the other. */
async function machineAfter(...versions: readonly DesiredState[]): Promise<Snapshot> {
  return await machineWith({}, versions)
}

async function machineWith(options: MemoryMachineOptions, versions: readonly DesiredState[]): Promise<Snapshot> {
  const machine = openMemoryMachine(undefined, options)
  for (const desired of versions) expect((await applyStack(machine.open(), desired)).outcome.result).toBe('done')
  return machine.snapshot()
}

const treesOf = (kernel: MemoryProcess): readonly string[] => kernel.bpffs.list(`${bpffs}/edge`).map(({ name }) => name)

/** Which generation's programs run, by the pin of the callee that differs. */
const runs = ({ inspect }: MemoryMachine): number => inspect.pins().get(`${bpffs}/edge/live/programs/v4`)?.id ?? 0

function expectQuiet(machine: MemoryMachine, desired: DesiredState, at: string): void {
  const kernel = machine.open()
  expect(planRecovery(currentOf(kernel, desired)), at).toBeUndefined()
  expect(hasChanges(planFor(kernel, desired)), at).toBe(false)
  expect(kernel.openDescriptors(), at).toBe(0)
}

describe('an upgrade with a history of one', () => {
  test('keeps the former maps and programs, held and filled, and none of its links', async () => {
    const machine = openMemoryMachine(await machineAfter(version(0), version(1)))
    const kernel = machine.open()
    expect(treesOf(kernel)).toEqual(['gen-1', 'live'])
    expect(kernel.bpffs.list(`${bpffs}/edge/gen-1`).map(({ name }) => name)).toEqual(['maps', 'programs', 'record'])
    const array = machine.inspect.pins().get(`${bpffs}/edge/gen-1/maps/calls`)
    expect(machine.inspect.slots(array?.id ?? 0).size).toBe(2)
    expectQuiet(machine, version(1), 'upgraded')
  })

  test('keeps only as many as the manifest says', async () => {
    const machine = openMemoryMachine(await machineAfter(version(0), version(1), version(2)))
    expect(treesOf(machine.open())).toEqual(['gen-2', 'live'])
    await applyStack(machine.open(), version(3, 0))
    expect(treesOf(machine.open())).toEqual(['live'])
  })

  test('lets several go at once that share an array and its callers, without waiting for each other', async () => {
    const lone = (verdict: number) => program('lone', { code: returning(verdict, []) })
    const shared = [0, 1, 2].map((verdict) => stackOf({ history: 2, more: [lone(verdict)] }))
    const machine = openMemoryMachine(await machineAfter(...shared))
    expect(treesOf(machine.open())).toEqual(['gen-1', 'gen-2', 'live'])
    const { outcome } = await applyStack(machine.open(), version(5, 0))
    expect(outcome).toMatchObject({ result: 'done', left: [] })
    expect(treesOf(machine.open())).toEqual(['live'])
  })

  test('does not keep a generation whose own map has timers', async () => {
    const timers = (v4: number): DesiredState => {
      const desired = version(v4)
      const flows = desired.resources.get('map.flows')
      if (flows?.kind !== 'map') throw new Error('the stack has no map.flows')
      const layout = { value: `struct { struct bpf_timer t; u32 v${v4} }` }
      const changed: Resource = { ...flows, layout, onChange: 'replace' }
      return { ...desired, resources: new Map<Address, Resource>(desired.resources).set('map.flows', changed) }
    }
    const machine = openMemoryMachine(await machineAfter(timers(0), timers(1)))
    expect(treesOf(machine.open())).toEqual(['live'])
  })
})

describe('a rollback', () => {
  test('runs the former programs again without loading one, on the same link', async () => {
    const machine = openMemoryMachine(await machineAfter(version(0)))
    const before = { runs: runs(machine), link: machine.inspect.links()[0]?.id }
    await applyStack(machine.open(), version(1))
    expect(runs(machine)).not.toBe(before.runs)
    const made: string[] = []
    machine.beforeCall((operation) => void made.push(operation))
    const { outcome } = await rollBack(machine.open(), version(1))
    machine.beforeCall(undefined)
    expect(outcome).toMatchObject({ result: 'done', generation: 3, left: [] })
    expect(made).not.toContain('loadProgram')
    expect({ runs: runs(machine), link: machine.inspect.links()[0]?.id }).toEqual(before)
    expectQuiet(machine, version(0), 'rolled back')
    expect(treesOf(machine.open())).toEqual(['gen-2', 'live'])
  })

  test('can be rolled back itself', async () => {
    const machine = openMemoryMachine(await machineAfter(version(0), version(1)))
    const upgraded = runs(machine)
    await rollBack(machine.open(), version(1))
    await rollBack(machine.open(), version(1))
    expect(runs(machine)).toBe(upgraded)
    expectQuiet(machine, version(1), 'rolled forward')
  })

  test('brings back a link that the upgrade removed, and removes one that it added', async () => {
    const without = stackOf({ without: ['link.eth0'], history: 1 })
    const machine = openMemoryMachine(await machineAfter(version(0), without))
    expect(machine.inspect.links()).toEqual([])
    await rollBack(machine.open(), without)
    expect(machine.inspect.links().map((link) => link.type)).toEqual(['xdp'])
    await rollBack(machine.open(), without)
    expect(machine.inspect.links()).toEqual([])
  })

  test('says of a map that the upgrade replaced that what was written since stays behind, and of a shared one nothing', async () => {
    const other = map('flows', { shape: shape({ maxEntries: 32 }), onChange: 'replace' })
    const to = stackOf({ without: ['map.flows'], more: [other], history: 1 })
    const kernel = openMemoryMachine(await machineAfter(version(0), to)).open()
    const former = formerState(currentOf(kernel, to))
    const { action, diagnostics } = planFor(kernel, former)
    expect(action).toBe('rollback')
    expect(diagnostics.map(({ code, address }) => [code, address])).toEqual([['P402', 'map.flows']])
  })

  test('puts a slot that was replaced in place back, and declared entries', async () => {
    const options = { onSlotChange: 'in-place', history: 1 } as const
    const from = stackOf({ ...options, allow: { '01000000': '0100000000000000' } })
    const to = stackOf({ ...options, slots: { 0: 'v6', 1: 'v6' }, allow: { '01000000': '0200000000000000' } })
    const machine = openMemoryMachine(await machineAfter(from, to))
    await rollBack(machine.open(), to)
    expectQuiet(machine, from, 'rolled back')
  })

  test('puts the former program back into a slot in place, too', async () => {
    const inPlace = (v4: number) => stackOf({ onSlotChange: 'in-place', history: 1, verdicts: { v4 } })
    const machine = openMemoryMachine(await machineAfter(inPlace(0)))
    const array = machine.inspect.pins().get(`${bpffs}/edge/live/maps/calls`)?.id ?? 0
    const before = [...machine.inspect.slots(array)]
    await applyStack(machine.open(), inPlace(1))
    expect([...machine.inspect.slots(array)]).not.toEqual(before)
    await rollBack(machine.open(), inPlace(1))
    expect([...machine.inspect.slots(array)]).toEqual(before)
    expectQuiet(machine, inPlace(0), 'rolled back')
  })

  test('to a generation that is not kept is refused, naming those that are', async () => {
    const machine = openMemoryMachine(await machineAfter(version(0), version(1)))
    await expect(rollBack(machine.open(), version(1), 7)).rejects.toMatchObject({ code: 'P401', hint: 'kept: 1' })
    const single = openMemoryMachine(await machineAfter(version(0)))
    await expect(rollBack(single.open(), version(0))).rejects.toMatchObject({ code: 'P401' })
  })
})

interface Act {
  readonly before: readonly DesiredState[]
  readonly act: (kernel: MemoryProcess) => Promise<unknown>
  readonly options?: MemoryMachineOptions
}

const unlinked = (v4: number): DesiredState => stackOf({ verdicts: { v4 }, history: 1, without: ['link.eth0'] })

const acts: Readonly<Record<string, Act>> = {
  'an upgrade that keeps the former generation': {
    before: [version(0)],
    act: (kernel: MemoryProcess) => applyStack(kernel, version(1)),
  },
  'an upgrade that retires an older one': {
    before: [version(0), version(1)],
    act: (kernel: MemoryProcess) => applyStack(kernel, version(2)),
  },
  'an upgrade where bpffs cannot exchange': {
    before: [version(0)],
    act: (kernel: MemoryProcess) => applyStack(kernel, version(1)),
    options: { withoutExchange: true } as const,
  },
  'an upgrade where bpffs cannot exchange, without links': {
    before: [unlinked(0)],
    act: (kernel: MemoryProcess) => applyStack(kernel, unlinked(1)),
    options: { withoutExchange: true } as const,
  },
  'a rollback': { before: [version(0), version(1)], act: (kernel: MemoryProcess) => rollBack(kernel, version(1)) },
}

test.each(Object.entries(acts))(
  'killed before any operation of %s, every array is held and the next apply finishes',
  async (name, { before, act, options = {} }) => {
    const snapshot = await machineWith(options, before)
    const scenario = { name, from: version(0), to: version(1) }
    let kills = 0
    for (let fatal = 1, ended = false; !ended; fatal++) {
      const machine = openMemoryMachine(snapshot)
      const kernel = machine.open()
      let call = 0
      machine.beforeCall(() => void (++call === fatal && kernel.kill()))
      ended = await act(kernel).then(
        () => call < fatal,
        () => false,
      )
      if (ended) break
      kills++
      machine.beforeCall(undefined)
      const at = `${name}, killed at ${fatal}`
      expectHeld(machine, scenario, at)
      await recoverOnly(machine.open(), version(0))
      expectHeld(machine, scenario, `${at}, recovered`)
      const trees = treesOf(machine.open())
      expect(trees, at).toContain('live')
      expect(
        trees.filter((tree) => !/^(live|gen-\d+)$/.test(tree)),
        at,
      ).toEqual([])
      for (const desired of [version(0), version(5)]) {
        expect((await applyStack(machine.open(), desired)).outcome, at).toMatchObject({ result: 'done', left: [] })
        expectHeld(machine, scenario, `${at}, applied`)
        expectQuiet(machine, desired, at)
      }
      expect(treesOf(machine.open()).length, at).toBe(2)
    }
    expect(kills).toBeGreaterThan(20)
  },
)
