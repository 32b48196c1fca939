import type { CurrentState, DesiredState } from '../model/state.ts'
import { carryOut, isHeld, type LedgerContext, settle } from './ledger-step.ts'
import { addMap, emptyWorld, type World, type WorldMap, worldOf } from './ledger-world.ts'
import type { Ledger, LedgerRow } from './plan.ts'
import type { Step } from './step.ts'

/** What the proof starts from. */
export interface LedgerInput {
  readonly current: CurrentState
  /** Undefined where nothing is made: destroy and recovery. */
  readonly desired?: DesiredState | undefined
  readonly steps: readonly Step[]
  readonly existing: Readonly<Record<string, number>>
}

/** A step after which a reachable array is lost, now or after a crash there. */
export interface Violation {
  readonly step: number
  readonly array: string
  readonly when: 'now' | 'after a crash'
  readonly what: 'no holder' | 'empty slot'
}

/**
 * Executes a list of steps on paper: for every array that the kernel would empty at its last user reference, its holders
 * after each step, and whether some live program that reaches it would miss a slot - in the running process, and with pins
 * alone as after SIGKILL. A plan is only emitted when there is no violation.
 */
export function keepLedger(input: LedgerInput): { readonly ledger: Ledger; readonly violations: readonly Violation[] } {
  const world = worldOf(input.current, input.existing)
  const context = contextOf(input)
  const rows: LedgerRow[] = []
  const violations: Violation[] = []
  const arrays = new Set<string>()
  input.steps.forEach((step, index) => {
    carryOut(world, step, context)
    const scoped = [...world.fragile.values()].filter((map) => map.scoped)
    if (scoped.length === 0) return
    const reachable = reach(world)
    for (const map of scoped) if (reachable.has(map)) arrays.add(map.name)
    rows.push({ step: index, holders: scoped.map((map) => describe(map, reachable)) })
    violations.push(...lost(scoped, reachable).map((it) => ({ step: index, when: 'now', ...it }) as const))
    const crashed = crash(world)
    violations.push(
      ...lost(crashed.fragile.values(), reach(crashed)).map(
        (it) => ({ step: index, when: 'after a crash', ...it }) as const,
      ),
    )
  })
  return { ledger: { arrays: [...arrays], rows }, violations }
}

/**
 * The world when every step is done, as the plan has it: who is pinned where, what each array holds, what each link runs. After an
 * apply the kernel holds exactly that, objects that the plan makes under the keys of their references.
 */
export function predict(input: LedgerInput): World {
  const world = worldOf(input.current, input.existing)
  const context = contextOf(input)
  for (const step of input.steps) carryOut(world, step, context)
  return world
}

const contextOf = (input: LedgerInput): LedgerContext => ({
  ...input,
  desired: input.desired,
  required: requiredSlots(input.steps),
  kept: new Set(),
})

/** The slots that the plan fills in each new array: all of them must be there before a live program gets to it. */
function requiredSlots(steps: readonly Step[]): Map<string, Set<number>> {
  const required = new Map<string, Set<number>>()
  for (const step of steps) {
    if (step.kind !== 'fill-slot') continue
    required.set(step.array, (required.get(step.array) ?? new Set()).add(step.index))
  }
  return required
}

function describe(map: WorldMap, reachable: ReadonlySet<WorldMap>): LedgerRow['holders'][number] {
  return { array: map.name, reachable: reachable.has(map), pins: [...map.pins].sort(), open: map.open }
}

/** Maps that some attached program can reach over its maps, the slots of arrays and the inner maps of outer ones. */
function reach(world: World): ReadonlySet<WorldMap> {
  const found = new Set<WorldMap>()
  const seen = new Set<string>()
  const pending = [...world.links.values()].flatMap((link) => (link.severed ? [] : [link.program]))
  for (let key = pending.pop(); key !== undefined; key = pending.pop()) {
    if (seen.has(key)) continue
    seen.add(key)
    const map = world.maps.get(key)
    if (map) found.add(map)
    pending.push(
      ...(world.programs.get(key)?.maps ?? []),
      ...(map ? [...map.slots.values(), ...map.inner.values()] : []),
    )
  }
  return found
}

type Loss = Pick<Violation, 'array' | 'what'>

function lost(maps: Iterable<WorldMap>, reachable: ReadonlySet<WorldMap>): Loss[] {
  return [...maps].flatMap((map): Loss[] => {
    if (!map.scoped || !reachable.has(map)) return []
    if (!isHeld(map)) return [{ array: map.name, what: 'no holder' }]
    return [...map.required].some((index) => !map.slots.has(index)) ? [{ array: map.name, what: 'empty slot' }] : []
  })
}

/** The world after the applying process died: descriptors are gone, pins stay. */
function crash(world: World): World {
  const closed = <T extends { readonly pins: Set<string> }>(all: ReadonlyMap<string, T>): Map<string, T> =>
    new Map([...all].map(([key, it]) => [key, { ...it, open: false }]))
  const left: World = { ...emptyWorld(), programs: closed(world.programs), links: closed(world.links) }
  for (const [key, map] of closed(world.maps)) addMap(left, key, { ...map, slots: new Map(map.slots) })
  settle(left)
  return left
}
