import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Btf } from '../../src/apply/btf.ts'
import { execute } from '../../src/apply/execute.ts'
import type { Execution } from '../../src/apply/execution.ts'
import { Handles } from '../../src/apply/handles.ts'
import { loadProgram } from '../../src/apply/load-program.ts'
import type { ProgramLoads } from '../../src/apply/program-loads.ts'
import type { Kernel } from '../../src/kernel/kernel.ts'
import { type MemoryMachine, openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import type { Address } from '../../src/model/address.ts'
import type { MapId } from '../../src/model/ids.ts'
import type { LoadAttributes } from '../../src/model/program-spec.ts'
import type { DesiredState, Resource } from '../../src/model/state.ts'
import { makeDestroyPlan } from '../../src/plan/destroy.ts'
import { keepLedger } from '../../src/plan/holders.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import type { Plan } from '../../src/plan/plan.ts'
import type { Step } from '../../src/plan/step.ts'
import { array, desired, link, map, program } from '../support/builders.ts'
import { machineWith, readMachine } from '../support/memory-stack.ts'

/*
 * The ledger against the kernel: shuffled plans are executed step by step; after each step, and on a copy of the machine that
 * a crash there would leave, every array that an attached program reaches must have all its slots. The ledger has to
 * accept exactly the orders for which that is so.
 */

const entry = (name: string, version: number): Resource => program(name, ['calls', 'flows'], version)

const chain = (version: number): Resource[] => [
  map('flows'),
  array('calls', { 0: 'ipv4', 3: 'ipv6' }),
  entry('ingress', 0),
  program('ipv4', [], version),
  program('ipv6', ['flows']),
  link('eth0', 'ingress'),
]
const cyclic = (version: number): Resource[] => [
  array('calls', { 0: 'loop', 1: 'ipv4' }),
  program('loop', ['calls']),
  program('ipv4', [], version),
  link('eth0', 'loop'),
]
const twoEntries = (version: number): Resource[] => [
  map('flows'),
  array('calls', { 0: 'ipv4' }),
  entry('ingress', version),
  entry('egress', 0),
  program('ipv4', [], version),
  link('eth0', 'ingress'),
  link('eth1', 'egress', { target: { kind: 'xdp', interface: 'eth1', ifindex: 2, mode: 'native' } }),
]
const nested = (version: number): Resource[] => [
  array('calls', { 0: 'middle' }),
  array('inner_calls', { 0: 'leaf' }),
  program('ingress', ['calls']),
  program('middle', ['inner_calls']),
  program('leaf', [], version),
  link('eth0', 'ingress'),
]

/** Links that the kernel cannot update: the new one is made beside the old. */
const traced = (version: number): Resource[] => {
  const raw = (it: ReturnType<typeof program>): Resource => ({
    ...it,
    load: { type: 'raw_tracepoint', flags: 0, license: 'GPL' },
  })
  return [
    array('calls', { 0: 'leaf' }),
    raw(program('switched', ['calls'])),
    raw(program('leaf', [], version)),
    link('sched', 'switched', { target: { kind: 'raw_tracepoint', name: 'sched_switch' } }),
  ]
}

const elsewhere = (name: string, address: Address) => [`/sys/fs/bpf/x_${name}`, { address }] as const

/** An array that somebody else pins and calls from a link; the stack fills a slot of it. */
const sharing = (version: number): Resource[] => [
  map('flows'),
  array('calls', { 0: 'leaf' }),
  array(
    'theirs',
    { 2: 'ours' },
    {
      owner: 'foreign',
      foreignPath: '/sys/fs/bpf/x_shared',
      onSlotChange: 'in-place',
      live: { id: 1 as MapId, pins: [] },
    },
  ),
  program('ours', ['calls', 'flows'], version),
  program('leaf', [], version),
]

async function shareArray(kernel: Kernel): Promise<void> {
  const { shape } = array('theirs', {})
  using shared = kernel.createMap({ name: 'theirs', shape })
  kernel.pin(shared, '/sys/fs/bpf/x_shared')
  const load = async (uses: readonly string[]) => {
    const { code, load, name } = program('others', uses)
    const references = (code?.references ?? []).map((reference) => ({ ...reference, map: shared }))
    return await kernel.loadProgram({
      name,
      load: load as LoadAttributes,
      instructions: code?.instructions ?? new Uint8Array(8),
      references,
    })
  }
  using member = await load([])
  kernel.update(shared, new Uint8Array([2, 0, 0, 0]), member)
  using entry = await load(['theirs'])
  using attached = kernel.createLink({
    program: entry,
    target: link('eth1', 'x', { target: { kind: 'xdp', interface: 'eth1', ifindex: 2, mode: 'native' } }).target,
  })
  kernel.pin(attached, '/sys/fs/bpf/x_link')
}

interface Scenario {
  readonly name: string
  readonly before: readonly Resource[]
  /** Undefined: destroy. */
  readonly after?: readonly Resource[]
  /** Pins elsewhere, on both sides. */
  readonly pins?: DesiredState['pins']
  /** What others have done before. */
  readonly prepare?: (kernel: Kernel) => Promise<void>
}

const scenarios: readonly Scenario[] = [
  { name: 'first apply', before: [], after: chain(0) },
  { name: 'one callee changes', before: chain(0), after: chain(1) },
  { name: 'an array that its own program uses', before: cyclic(0), after: cyclic(1) },
  { name: 'two entry points', before: twoEntries(0), after: twoEntries(1) },
  { name: 'a link without update', before: traced(0), after: traced(1) },
  { name: 'an array behind an array', before: nested(0), after: nested(1) },
  { name: 'destroy', before: chain(0) },
  { name: 'a slot of somebody else’s array is taken', before: [], after: sharing(0), prepare: shareArray },
  { name: 'a slot of somebody else’s array changes', before: sharing(0), after: sharing(1), prepare: shareArray },
  { name: 'a pin elsewhere', before: chain(0), after: chain(1), pins: new Map([elsewhere('calls', 'map.calls')]) },
  {
    name: 'a link without update that is pinned elsewhere',
    before: traced(0),
    after: traced(1),
    pins: new Map([elsewhere('sched', 'link.sched')]),
  },
  { name: 'destroy with a pin elsewhere', before: chain(0), pins: new Map([elsewhere('eth0', 'link.eth0')]) },
]

interface Prepared extends Scenario {
  readonly snapshot: unknown
  readonly plan: Plan
  readonly wanted: DesiredState | undefined
  readonly current: ReturnType<typeof readMachine>
}

async function prepare(scenario: Scenario): Promise<Prepared> {
  const { pins } = scenario
  const machine = await machineWith(scenario.before, { pins, prepare: scenario.prepare })
  const wanted = scenario.after && { ...desired(...scenario.after), ...(pins && { pins }) }
  const current = readMachine(machine, wanted)
  const plan = wanted ? makePlan(current, wanted) : makeDestroyPlan(current)
  return { ...scenario, snapshot: machine.snapshot(), plan, wanted, current }
}

/** What must come before a step for the kernel to be able to execute it at all. */
function needs(steps: readonly Step[]): ReadonlyMap<Step, readonly Step[]> {
  return new Map(
    steps.map((step, index) => {
      const earlier = steps.slice(0, index)
      return [step, earlier.filter((other) => isNeeded(step, other))]
    }),
  )
}

function isNeeded(step: Step, other: Step): boolean {
  const barrier = (it: Step): boolean => it.kind === 'exchange' || it.kind === 'rename' || it.kind === 'make-directory'
  const [paths, others] = [pathsOf(step), pathsOf(other)]
  const elsewhere = [...paths, ...others].filter((path) => path.startsWith('/'))
  if (elsewhere.length > 0) {
    // What is put there must have been made; whether what was displaced goes early is for the ledger to judge.
    if (paths.some((path) => others.includes(path))) return true
  } else if (paths.length > 0 && others.length > 0 && (barrier(step) || barrier(other))) return true
  if (step.kind === 'remove-directory') return pathsOf(other).some((path) => !path.startsWith('/'))
  if (step.kind === 'check-slots') return other.kind === 'fill-slot' && other.array === step.array
  if (step.kind === 'unpin' && other.kind === 'await-unused') return other.path === step.path
  return makes(other).some((ref) => usesOf(step).includes(ref))
}

function pathsOf(step: Step): string[] {
  const fields = step as unknown as Record<string, unknown>
  return ['path', 'from', 'to', 'a', 'b'].flatMap((field) => (field in step ? [String(fields[field])] : []))
}

function makes(step: Step): string[] {
  const made = ['create-map', 'open-map', 'load-program', 'create-link'].includes(step.kind)
  return made && 'target' in step && step.target ? [step.target] : []
}

function usesOf(step: Step): string[] {
  if (step.kind === 'load-program') return loadsAfter.get(step.target) ?? []
  const fields = step as unknown as Record<string, unknown>
  return ['target', 'array', 'program', 'expected', 'outer', 'after'].flatMap((field) =>
    typeof fields[field] === 'string' ? [fields[field] as string] : [],
  )
}

/** Maps that each new program refers to; set for the scenario at hand. */
const loadsAfter = new Map<string, string[]>()

function rememberLoads({ wanted }: Prepared): void {
  loadsAfter.clear()
  for (const it of wanted?.resources.values() ?? [])
    if (it.kind === 'program')
      loadsAfter.set(
        `next:${it.address}`,
        it.maps.map((used) => `next:${used}`),
      )
}

/** A random order that respects `needs`: mostly the plan's own, with steps drawn early or held back. */
function shuffle(steps: readonly Step[], choices: Iterator<number>): Step[] {
  const before = needs(steps)
  const left = new Set(steps)
  const held = new Set<Step>()
  const drawn: Step[] = []
  const draw = (): number => (choices.next().value as number | undefined) ?? 0
  for (const step of steps) if (draw() % 9 === 0) held.add(step)
  while (left.size > 0) {
    const ready = [...left].filter((step) => (before.get(step) ?? []).every((need) => !left.has(need)))
    const willing = ready.filter((step) => !held.has(step))
    const from = willing.length > 0 && draw() % 12 !== 0 ? willing : ready
    const step = from[draw() % 7 === 0 ? draw() % from.length : 0]
    if (!step) throw new Error('the needs are cyclic')
    left.delete(step)
    drawn.push(step)
  }
  return drawn
}

/** Executes the steps one by one; true when no reachable array ever missed a slot, here or after a crash. */
async function keepsSlots(prepared: Prepared, steps: readonly Step[]): Promise<boolean> {
  const machine = openMemoryMachine(prepared.snapshot)
  const kernel = machine.open()
  using handles = new Handles(kernel, prepared.plan.existing)
  const execution = executionOf(kernel, prepared, handles)
  const required = requiredSlots(prepared, machine)
  const kept = new Set<string>()
  let whole = true
  for (const step of steps) {
    if (!('path' in step && kept.has(step.path))) await executeOne(execution, step, kept)
    whole &&= isWhole(machine, required) && isWhole(openMemoryMachine(machine.snapshot()), required)
  }
  kernel.close()
  return whole
}

function executionOf(kernel: Kernel, { plan, wanted }: Prepared, handles: Handles): Execution {
  const btf = new Btf(kernel, undefined, () => undefined)
  const loads = { take: (target: string) => loadProgram({ kernel, desired: wanted, handles, btf }, target as never) }
  const shared = {
    kernel,
    plan,
    desired: wanted,
    handles,
    btf,
    patience: 0,
    diagnostics: [],
    lingering: new Set<number>(),
    migrated: new Map(),
  }
  return { ...shared, loads: loads as unknown as ProgramLoads }
}

async function executeOne(execution: Execution, step: Step, kept: Set<string>): Promise<void> {
  try {
    await execute(execution, step)
  } catch (error) {
    // As the applier does: what somebody still uses is left out, and so are the directories above it.
    if (step.kind === 'await-unused') kept.add(step.path)
    else if (step.kind !== 'remove-directory') throw error
  }
  // Objects that existed before are not to live on by this process's descriptors.
  for (const ref of Object.keys(execution.plan.existing))
    if (!execution.handles.made(ref as never)) execution.handles.release(ref as never)
}

/** Slots by array name and age: what the old array held, and what the new one is to hold. */
function requiredSlots({ wanted }: Prepared, machine: MemoryMachine): (id: number, name: string) => number[] {
  const old = new Map<number, number[]>()
  for (const id of machine.inspect.ids('map')) old.set(id, [...machine.inspect.slots(id).keys()])
  const fresh = new Map<string, number[]>()
  for (const it of wanted?.resources.values() ?? [])
    if (it.kind === 'map' && it.contents.kind === 'slots') fresh.set(it.name, [...it.contents.slots.keys()])
  return (id, name) => old.get(id) ?? fresh.get(name) ?? []
}

function isWhole(machine: MemoryMachine, required: (id: number, name: string) => number[]): boolean {
  return machine.inspect
    .reachableArrays()
    .every(({ id, name, slots }) => required(id, name).every((index) => slots.has(index)))
}

test('the ledger accepts exactly the orders that keep every slot, here and after a crash at every step', async () => {
  const counts = { accepted: 0, rejected: 0 }
  const prepared = await Promise.all(scenarios.map(prepare))
  const wrong: string[] = []
  const orders = fc.tuple(fc.nat(prepared.length - 1), fc.infiniteStream(fc.nat(1000)))
  await fc.assert(
    fc.asyncProperty(orders, async ([which, choices]) => {
      const scenario = prepared[which] as Prepared
      rememberLoads(scenario)
      const steps = shuffle(scenario.plan.steps, choices)
      const { violations } = keepLedger({
        current: scenario.current,
        desired: scenario.wanted,
        steps,
        existing: scenario.plan.existing,
      })
      const accepted = violations.length === 0
      counts[accepted ? 'accepted' : 'rejected']++
      const kept = await keepsSlots(scenario, steps)
      if (accepted !== kept)
        wrong.push(
          `${scenario.name}: ledger ${JSON.stringify(violations[0])}, kernel ${kept ? 'kept' : 'lost'}\n${steps.map((s) => JSON.stringify(s)).join('\n')}`,
        )
      expect(wrong.slice(0, 1)).toEqual([])
    }),
    { numRuns: 2800, seed: 20261123 },
  )
  console.log(`ledger: ${counts.accepted} orders accepted, ${counts.rejected} rejected, each as the memory kernel says`)
  expect(counts.accepted).toBeGreaterThanOrEqual(1000)
  expect(counts.rejected).toBeGreaterThanOrEqual(1000)
}, 240_000)

test.each(scenarios)('the plan’s own order is accepted and keeps every slot: $name', async (scenario) => {
  const prepared = await prepare(scenario)
  expect(prepared.plan.steps.length).toBeGreaterThan(5)
  expect(await keepsSlots(prepared, prepared.plan.steps)).toBe(true)
})
