import { expect } from 'vitest'
import type { MemoryMachine, MemoryMachineOptions } from '../../src/kernel/memory/memory-kernel.ts'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import type { MemoryProcess } from '../../src/kernel/memory/process-kernel.ts'
import type { Snapshot } from '../../src/kernel/memory/snapshot.ts'
import type { DesiredState } from '../../src/model/state.ts'
import { hasChanges } from '../../src/plan/make-plan.ts'
import { planRecovery } from '../../src/plan/recover.ts'
import { applyStack, bpffs, currentOf, destroyStack, planFor, type Run } from '../apply/runs.ts'
import { stackOf } from '../apply/stack.ts'
import type { Scenario } from './scenarios.ts'

/** The machine in which a scenario begins. */
export async function beginning({ from }: Scenario, options: MemoryMachineOptions = {}): Promise<Snapshot> {
  const machine = openMemoryMachine(undefined, options)
  machine.addInterface('eth1')
  if (from) expect((await applyStack(machine.open(), from)).outcome.result).toBe('done')
  return machine.snapshot()
}

/** Recovery and apply (or destroy), as the command does it. */
export const act = async (kernel: MemoryProcess, { from, to }: Scenario): Promise<Run> =>
  to ? await applyStack(kernel, to) : await destroyStack(kernel, from ?? stackOf())

/** Operations that change something in a whole run. */
export async function countCalls(snapshot: Snapshot, scenario: Scenario): Promise<number> {
  let calls = 0
  const machine = openMemoryMachine(snapshot)
  machine.beforeCall(() => void calls++)
  await act(machine.open(), scenario)
  return calls
}

/** The promise: every array that a running program reaches is held (after a crash by a pin) and has its slots. */
export function expectHeld(machine: MemoryMachine, scenario: Scenario, when: string): void {
  const full = [scenario.from, scenario.to].flatMap((state) => (state ? [slotsOf(state)] : []))
  for (const array of machine.inspect.reachableArrays()) {
    const at = `${scenario.name}, ${when}: ${array.name} #${array.id}`
    expect(array.holders, at).not.toEqual([])
    expect(full, at).toContain(array.slots.size)
  }
}

function slotsOf(state: DesiredState): number {
  const calls = state.resources.get('map.calls')
  return calls?.kind === 'map' && calls.contents.kind === 'slots' ? calls.contents.slots.size : 0
}

/** The scenario's end: exactly the wanted state, and nothing beside it. */
export function expectFinished(machine: MemoryMachine, scenario: Scenario, when: string): void {
  const at = `${scenario.name}, ${when}`
  const kernel = machine.open()
  const paths = [...machine.inspect.pins().keys()].map((path) => path.slice(`${bpffs}/`.length))
  if (!scenario.to) {
    expect(paths, at).toEqual([])
    for (const kind of ['map', 'program', 'link'] as const) expect(machine.inspect.ids(kind), at).toEqual([])
    expect(kernel.bpffs.list(bpffs), at).toEqual([])
  } else {
    const wanted = [...scenario.to.resources.keys()].map((address) => `edge/live/${address.replace('.', 's/')}`)
    const elsewhere = [...(scenario.to.pins ?? [])]
    const others = elsewhere.map(([path]) => path.slice(`${bpffs}/`.length))
    expect([...paths].sort(), at).toEqual([...wanted, 'edge/live/record', ...others].sort())
    for (const [path, { address }] of elsewhere) {
      const own = `${bpffs}/edge/live/${address.replace('.', 's/')}`
      expect(machine.inspect.pins().get(path), `${at}: ${path}`).toEqual(machine.inspect.pins().get(own))
    }
    expect(machine.inspect.ids('map').length, at).toBe(wanted.filter((path) => path.includes('/maps/')).length + 1)
    expect(machine.inspect.ids('program').length, at).toBe(wanted.filter((path) => path.includes('/programs/')).length)
    expect(machine.inspect.links().length, at).toBe(wanted.filter((path) => path.includes('/links/')).length)
    expect(kernel.bpffs.list(`${bpffs}/edge`), at).toEqual([{ name: 'live', directory: true }])
    expect(planRecovery(currentOf(kernel, scenario.to)), at).toBeUndefined()
    expect(hasChanges(planFor(kernel, scenario.to)), at).toBe(false)
  }
  expect(kernel.openDescriptors(), at).toBe(0)
}

/**
 * Pins, links and slots with their ids: equal for two moments iff nothing that lasts was changed in between. Links go by
 * their pins: one that is detached and attached again has another id.
 */
export const ownView = ({ inspect }: MemoryMachine): unknown => ({
  pins: [...inspect.pins()].map(([path, { kind, id }]) => [path, kind, kind === 'link' || id]).sort(),
  links: inspect.links().map(({ id: _, ...link }) => link),
  arrays: inspect.reachableArrays(),
  ids: (['map', 'program'] as const).map((kind) => inspect.ids(kind)),
})
