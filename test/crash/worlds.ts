import { expect } from 'vitest'
import type { Kernel } from '../../src/kernel/kernel.ts'
import type { MemoryMachine, MemoryMachineOptions } from '../../src/kernel/memory/memory-kernel.ts'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import type { MemoryProcess } from '../../src/kernel/memory/process-kernel.ts'
import type { Snapshot } from '../../src/kernel/memory/snapshot.ts'
import type { DesiredState, Resource } from '../../src/model/state.ts'
import { hasChanges } from '../../src/plan/make-plan.ts'
import { planRecovery } from '../../src/plan/recover.ts'
import { applyStack, bpffs, currentOf, destroyStack, forgetIn, planFor, type Run } from '../apply/runs.ts'
import { stackOf } from '../apply/stack.ts'
import { resolve, type Scenario } from './scenarios.ts'

/** The machine in which a scenario begins. */
export async function beginning(
  { from, further = [], crash }: Scenario,
  options: MemoryMachineOptions = {},
): Promise<Snapshot> {
  const machine = openMemoryMachine(undefined, options)
  machine.addInterface('eth1')
  for (const wish of from ? [from, ...further] : further) {
    const kernel = machine.open()
    expect((await applyStack(kernel, resolve(wish, kernel))).outcome.result).toMatch(/^done/)
    kernel.kill()
  }
  if (crash) await crashIn(machine, crash)
  return machine.snapshot()
}

async function crashIn(machine: MemoryMachine, { to, after }: NonNullable<Scenario['crash']>): Promise<void> {
  const kernel = machine.open()
  let isOver = false
  machine.beforeCall((operation) => {
    if (isOver) kernel.kill()
    isOver = operation === after
  })
  await applyStack(kernel, to).catch(() => undefined)
  machine.beforeCall(undefined)
  expect(planRecovery(currentOf(machine.open(), to)), 'what the first crash left').toBeDefined()
}

/** Recovery and apply (or destroy), as the command does it. */
export const act = async (kernel: MemoryProcess, { from, to, forget }: Scenario): Promise<Run> =>
  forget
    ? await forgetIn(kernel, forget.rest, forget.addresses)
    : to
      ? await applyStack(kernel, resolve(to, kernel))
      : await destroyStack(kernel, from ?? stackOf())

/** How it ends: something may have to stay for others. */
export const ended = ({ left }: Scenario): unknown =>
  left ? { result: expect.stringMatching(/^done/) } : { result: 'done', left: [] }

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
  const states = [scenario.from, scenario.crash?.to, scenario.to, ...(scenario.further ?? [])]
  const full = states.flatMap((state) => (state && typeof state !== 'function' ? [slotsOf(state)] : []))
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
  const { inspect } = machine
  const kernel = machine.open()
  const stacks = endOf(scenario, kernel)
  const pins = stacks.flatMap((stack) => [...pinsOf(stack), `${stack.stack}/live/record`])
  const { left = [] } = scenario
  const found = [...inspect.pins().keys()].map((path) => path.slice(`${bpffs}/`.length))
  const elsewhere = stacks.flatMap((stack) => [...(stack.pins ?? [])].map(([path, pin]) => ({ stack, path, ...pin })))
  const others = elsewhere.map(({ path }) => path.slice(`${bpffs}/`.length))
  expect(found.sort(), at).toEqual([...new Set([...pins, ...left, ...others])].sort())
  for (const { stack, path, address } of elsewhere) {
    const own = `${bpffs}/${stack.stack}/live/${address.replace('.', 's/')}`
    expect(inspect.pins().get(path), `${at}: ${path}`).toEqual(inspect.pins().get(own))
  }
  if (left.length === 0) {
    // Nothing lives on without a name.
    const pinned = (kind: Resource['kind']): Set<number> =>
      new Set([...inspect.pins().values()].filter((it) => it.kind === kind).map(({ id }) => id))
    for (const kind of ['map', 'program', 'link'] as const)
      expect(inspect.ids(kind), at).toEqual([...pinned(kind)].sort((a, b) => a - b))
    for (const { stack } of stacks)
      expect(kernel.bpffs.list(`${bpffs}/${stack}`), at).toEqual([{ name: 'live', directory: true }])
    const names = stacks.map(({ stack }) => stack)
    expect(directoriesIn(kernel, bpffs, names), at).toEqual([...new Set([...names, ...others.flatMap(above)])].sort())
  }
  const rest = scenario.kept ?? scenario.forget?.rest
  if (rest) expectQuiet(kernel, rest, at)
  if (scenario.to) expectQuiet(kernel, resolve(scenario.to, kernel), at)
  expect(kernel.openDescriptors(), at).toBe(0)
}

/** Every directory below the root, but those inside of stacks. */
function directoriesIn(kernel: Kernel, root: string, stacks: readonly string[], prefix = ''): string[] {
  const found = kernel.bpffs.list(root).filter(({ directory }) => directory)
  return found
    .flatMap(({ name }) => {
      const inside = stacks.includes(name) ? [] : directoriesIn(kernel, `${root}/${name}`, [], `${prefix}${name}/`)
      return [`${prefix}${name}`, ...inside]
    })
    .sort()
}

/** `a` and `a/b` of `a/b/pin`. */
const above = (path: string): string[] => {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}

/** Nothing to recover, nothing to do. */
function expectQuiet(kernel: MemoryProcess, wanted: DesiredState, at: string): void {
  expect(planRecovery(currentOf(kernel, wanted)), at).toBeUndefined()
  expect(hasChanges(planFor(kernel, wanted)), at).toBe(false)
}

/** The last state of each stack, by name. */
function endOf({ from, further = [], to, kept, forget }: Scenario, kernel: Kernel): readonly DesiredState[] {
  const last = new Map<string, DesiredState>()
  for (const wish of [from, ...further, to]) {
    const state = wish && resolve(wish, kernel)
    if (state) last.set(state.stack, state)
  }
  const rest = kept ?? forget?.rest
  if (!to) last.delete('edge')
  if (rest) last.set('edge', rest)
  return [...last.values()].sort((a, b) => (a.stack < b.stack ? -1 : 1))
}

const pinsOf = ({ stack, resources }: DesiredState): readonly string[] =>
  [...resources.keys()].map((address) => `${stack}/live/${address.replace('.', 's/')}`)

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
