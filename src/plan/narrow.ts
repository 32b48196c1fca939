import { type Address, nameOf } from '../model/address.ts'
import { isSameObject } from '../model/outer-pin.ts'
import type { StackRecord } from '../model/record.ts'
import type { CurrentState, DesiredState, Resource } from '../model/state.ts'
import { markBlocked } from './block.ts'
import type { Change, Reason } from './change.ts'
import { byAddress, deletionOf } from './diff.ts'
import { planOf } from './make-plan.ts'
import { objectOf, outerPinAt } from './outer-paths.ts'
import { diffOuterPins, outerDirectories } from './outer-pins.ts'
import type { Plan } from './plan.ts'

/** Which part of a stack goes on. */
export interface Narrowing {
  readonly action: 'destroy' | 'forget'
  /** What stays, and why where that is to be said. */
  readonly stays: ReadonlyMap<Address, readonly Reason[]>
  /** What leaves the stack as it is, and the absolute path at which it is pinned from then on; default: nothing. */
  readonly leaves?: ReadonlyMap<Address, string>
}

/**
 * The plan that publishes a part of what is there, untouched: nothing is made, compared or repaired, and the record keeps its
 * rows. What neither stays nor leaves is retired with the live tree, and so is every former generation.
 */
export function narrow(current: CurrentState, record: StackRecord, narrowing: Narrowing): Plan {
  const { action, stays } = narrowing
  const desired = remainder(current, record, narrowing)
  const changes = [...current.resources.values()].sort(inOrder(stays)).map((it) => changeOf(it, narrowing))
  const pins = diffOuterPins({ current, desired, changes: byAddress(changes) }, { renew: false })
  const isRenewed = current.trees.length > 1 || changes.some(({ action: what }) => what !== 'keep')
  const plan = planOf(current, desired, { action, changes, pins, drift: [], isRenewed })
  if (plan.steps.length === 0) return markBlocked(plan)
  return markBlocked({
    ...plan,
    record: narrowRecord(record, { current, desired, generation: plan.generation.to, stays }),
  })
}

/** What stays as a wish, and the pins elsewhere that are or come to be. */
export function remainder(
  current: CurrentState,
  record: StackRecord,
  { stays, leaves = new Map() }: Narrowing,
): DesiredState {
  const resources = [...current.resources.values()].filter(({ address }) => stays.has(address)).map(asWanted)
  const { ownership, drain } = record
  return {
    stack: current.stack,
    generation: 0,
    resources: new Map(resources.map((it) => [it.address, it])),
    digest: () => record.manifest,
    btf: new Map(),
    pins: new Map([...pinsOf(current, record, { stays, leaves })].map(([path, address]) => [path, { address }])),
    ...(ownership && { ownership }),
    ...(drain !== undefined && { drain }),
  }
}

/** Nobody is asked which object is meant: it is the one that is there. Of somebody else's map its id tells that. */
function asWanted(resource: Resource): Resource {
  const { live, ...wanted } = resource
  if (resource.kind !== 'map' || resource.owner !== 'foreign' || !live) return wanted as Resource
  return { ...resource, live: { id: live.id, pins: [] } } as Resource
}

/** Recorded pins elsewhere that are in place, and those of what leaves. */
function* pinsOf(
  current: CurrentState,
  record: StackRecord,
  { stays, leaves }: Required<Pick<Narrowing, 'stays' | 'leaves'>>,
): Generator<readonly [string, Address]> {
  for (const [path, address] of Object.entries(record.pins ?? {})) {
    const isInPlace = isSameObject(outerPinAt(current, path)?.found, objectOf(current, address))
    if (isInPlace && (stays.has(address) || leaves.has(address))) yield [path, address]
  }
  for (const [address, path] of leaves) yield [path, address]
}

const kinds = ['map', 'program', 'link']

/** What stays first, in the order in which it is made; then what goes, in the order in which that is removed. */
const inOrder =
  (stays: Narrowing['stays']) =>
  (a: Resource, b: Resource): number => {
    const [first, second] = [stays.has(a.address), stays.has(b.address)]
    if (first !== second) return first ? -1 : 1
    const byKind = kinds.indexOf(a.kind) - kinds.indexOf(b.kind)
    return (first ? byKind : -byKind) || (nameOf(a.address) < nameOf(b.address) ? -1 : 1)
  }

function changeOf(resource: Resource, { stays, leaves }: Narrowing): Change {
  const { address, kind, live } = resource
  const known = live ? { liveId: live.id } : {}
  const because = stays.get(address)
  if (because) {
    const entries = kind === 'map' ? live?.entries : undefined
    return { action: 'keep', address, because, ...known, ...(entries !== undefined && { entries }) }
  }
  const path = leaves?.get(address)
  return path === undefined ? deletionOf(resource) : { action: 'delete', address, because: [], ...known, leaves: path }
}

interface Rest {
  readonly current: CurrentState
  readonly desired: DesiredState
  readonly generation: number
  readonly stays: Narrowing['stays']
}

function narrowRecord(record: StackRecord, { current, desired, generation, stays }: Rest): StackRecord {
  const { pins: recorded = {} } = record
  const rowsOf = <T>(kind: 'map' | 'program' | 'link', rows: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(rows).filter(([name]) => stays.has(`${kind}.${name}` as Address)))
  const pins = Object.fromEntries(Object.entries(recorded).filter(([, address]) => stays.has(address)))
  const kept = new Map(Object.entries(pins).map(([path, address]) => [path, { address }]))
  const directories = outerDirectories({ current, desired: { ...desired, pins: kept } })
  return {
    ...lastingIn(record),
    generation,
    phase: 'published',
    ...(kept.size > 0 && { pins }),
    ...leftBy({ current, desired, stays }),
    ...(directories.length > 0 && { directories }),
    maps: rowsOf('map', record.maps),
    programs: rowsOf('program', record.programs),
    links: rowsOf('link', record.links),
  }
}

/** The rest is about one generation alone. */
function lastingIn({ version, stack, manifest, drain, protect, ownership }: StackRecord): Omit<StackRecord, Rows> {
  return {
    version,
    stack,
    manifest,
    ...(drain !== undefined && { drain }),
    ...(protect && { protect }),
    ...(ownership && { ownership }),
  }
}

type Rows = 'generation' | 'phase' | 'maps' | 'programs' | 'links'

/** Without these a recovery would take the pins of what left for its own, and wait for what they hold. */
function leftBy({ current, desired, stays }: Omit<Rest, 'generation'>): Pick<StackRecord, 'left'> {
  const left = [...(desired.pins ?? [])].flatMap(([path, { address }]) => {
    const object = stays.has(address) ? undefined : objectOf(current, address)
    return object ? [[path, object] as const] : []
  })
  return left.length > 0 ? { left: Object.fromEntries(left) } : {}
}
