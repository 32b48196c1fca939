import { basename, dirname } from 'node:path'
import { expect } from 'vitest'
import type { Kernel } from '../../src/kernel/kernel.ts'
import type { StackRecord } from '../../src/model/record.ts'
import type { CurrentState, DesiredState, Resource } from '../../src/model/state.ts'
import { predict } from '../../src/plan/holders.ts'
import type { World } from '../../src/plan/ledger-world.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { readCurrent } from '../../src/state/read-current.ts'

/** What the kernel holds of a plan's stack. */
export const observe = (kernel: Kernel, plan: Plan, desired: DesiredState | undefined): CurrentState =>
  readCurrent(kernel, { bpffs: dirname(plan.directory), stack: basename(plan.directory) }, desired)

/** Compares what the plan said that there would be with what there is. */
export function expectPredicted(
  plan: Plan,
  desired: DesiredState | undefined,
  { before, after }: { readonly before: CurrentState; readonly after: CurrentState },
): void {
  const world = predict({ current: before, desired, steps: plan.steps, existing: plan.existing })
  const ids = expectPins(world, after)
  expectSlots(world, after, ids)
  expectLinks(world, after, ids)
  if (plan.action === 'apply' && plan.steps.length > 0) expectRecorded(plan, after)
  if (plan.action === 'apply' && desired) expectContents(desired, after)
}

/** Every pin is there, of the object that it was to be, and no other; the predicted keys by what they turned out to be. */
function expectPins(world: World, after: CurrentState): ReadonlyMap<string, string> {
  const predicted = predictedPins(world)
  const pins = after.trees.flatMap((tree) => tree.pins)
  const found = new Map(pins.flatMap((pin) => ('address' in pin ? [[pin.path, `${pin.kind}#${pin.id}`] as const] : [])))
  expect([...found.keys()].sort(), 'predicted pins').toEqual([...predicted.keys()].sort())
  const ids = new Map<string, string>()
  for (const [path, key] of predicted) {
    const id = found.get(path) ?? ''
    expect(id, `the object pinned at ${path}`).toBe(ids.get(key) ?? (key.includes('#') ? key : id))
    ids.set(key, id)
  }
  return ids
}

/** Keys of objects by their pins inside the stack's directory. */
function predictedPins(world: World): ReadonlyMap<string, string> {
  const objects = [...world.maps, ...world.programs, ...world.links]
  return new Map(
    objects.flatMap(([key, { pins }]) =>
      [...pins].filter((path) => !path.startsWith('/')).map((path) => [path, key] as const),
    ),
  )
}

/** Every pinned array holds in each slot what was predicted. */
function expectSlots(world: World, after: CurrentState, ids: ReadonlyMap<string, string>): void {
  for (const [key, map] of world.maps) {
    const id = Number(ids.get(key)?.slice('map#'.length))
    const found = after.graph.maps.get(id as never)
    if ((found?.type !== 'prog_array' && found?.type !== 'struct_ops') || map.pins.size === 0) continue
    const predicted = [...map.slots].map(([index, program]) => [index, ids.get(program) ?? program])
    const observed = [...found.programs].map(([index, program]) => [index, `program#${program}`])
    expect(observed.sort(), `predicted slots of ${map.name} #${id}`).toEqual(predicted.sort())
  }
}

/** Every link runs the predicted program. */
function expectLinks(world: World, after: CurrentState, ids: ReadonlyMap<string, string>): void {
  const running = new Map(
    after.graph.roots.map(({ link, map, program }) => [`link#${link}`, map ? `map#${map}` : `program#${program}`]),
  )
  for (const [key, link] of world.links) {
    const id = ids.get(key)
    if (id === undefined || !running.has(id)) continue
    expect(running.get(id), `the program of ${key}`).toBe(ids.get(link.program) ?? link.program)
  }
}

function expectRecorded(plan: Plan, after: CurrentState): void {
  expect(after.generation, 'predicted generation').toBe(plan.generation.to)
  expect(timeless(after.record), 'predicted record').toEqual(timeless(finalRecord(plan)))
}

/** The record as the last step that writes it does: without the migrations that are finished by then. */
function finalRecord({ record, steps }: Plan): StackRecord | undefined {
  const isMigrated = steps.some((step) => step.kind === 'write-record' && step.migrated)
  if (!record || !isMigrated) return record
  const { migrations: _, ...finished } = record
  return finished
}

/** As it is after a journey through JSON, and without the moment until which it has to be confirmed. */
const timeless = (record: StackRecord | undefined): unknown =>
  record && JSON.parse(JSON.stringify(record, (key, value) => (key === 'deadline' ? undefined : value)))

/** What the manifest declares is what is there. */
function expectContents(desired: DesiredState, after: CurrentState): void {
  const addresses = (state: { readonly resources: ReadonlyMap<string, unknown> }): string[] =>
    [...state.resources.keys()].sort()
  expect(addresses(after), 'predicted resources').toEqual(addresses(desired))
  for (const wanted of desired.resources.values()) {
    const found = after.resources.get(wanted.address)
    expect(found && declaredOf(found, wanted), wanted.address).toEqual(declaredOf(wanted, wanted))
  }
}

function declaredOf(resource: Resource, wanted: Resource): unknown {
  if (resource.kind === 'link') return { program: resource.program, target: resource.target.kind }
  if (resource.kind !== 'map' || wanted.kind !== 'map') return {}
  const { contents } = resource
  if (wanted.contents.kind === 'entries' && contents.kind === 'entries') return [...contents.entries].sort(byKey)
  if (wanted.contents.kind === 'slots' && contents.kind === 'slots') return [...contents.slots].sort()
  if (wanted.contents.kind === 'members' && contents.kind === 'members')
    return { value: contents.value, slots: [...contents.slots].sort() }
  if (wanted.contents.kind === 'data' && wanted.contents.frozen && contents.kind === 'data') return contents.initial
  return {}
}

const byKey = (a: { readonly key: string }, b: { readonly key: string }): number => (a.key < b.key ? -1 : 1)
