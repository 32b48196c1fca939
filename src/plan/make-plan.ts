import { nameOf, type Ref } from '../model/address.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import { PlanError } from '../model/errors.ts'
import type { RecordedMigration } from '../model/migration.ts'
import type { CurrentState, DesiredState, Tree } from '../model/state.ts'
import { isBlocked, markBlocked } from './block.ts'
import type { Change } from './change.ts'
import { planCodes } from './codes.ts'
import { type Comparison, closedMode, compare, isSettled, ownershipOf } from './compare.ts'
import { byAddress } from './diff.ts'
import { displacedPins } from './displaced.ts'
import { expand, type Sides } from './expand.ts'
import { foreignPins } from './foreign-pins.ts'
import { guardChanges, guardDesired, withoutFormer } from './guard.ts'
import { guardPins } from './guard-pins.ts'
import { keepsOutgoing, type Succession, succeed } from './history.ts'
import { keepLedger } from './holders.ts'
import { guardImport, importPreconditions } from './import.ts'
import { lint } from './lint/lint.ts'
import { inLoadOrder } from './load-order.ts'
import { makeRecord } from './make-record.ts'
import { snapshotFolder } from './merge.ts'
import { order, type Staged } from './order.ts'
import { expandOuterPins, outerDirectories, outerPreconditions } from './outer-pins.ts'
import type { Plan } from './plan.ts'
import { applyPolicy } from './policy.ts'
import { adoptedPins, existingOf, preconditionsOf } from './preconditions.ts'
import { guardProtection, keepProtection, stackProtection } from './protection.ts'
import { writtenBy } from './settle-entries.ts'
import type { Operation } from './step.ts'

/**
 * The plan that turns what a stack is into what a manifest wants; no steps where nothing differs. Diagnostics of severity
 * `error` mean that it must not be applied. Pure: the same states give the same plan. Throws a PlanError (P101) when a program
 * array would be left without a holder, before anything is compared, and (P199) when the ledger finds its own order unsafe.
 */
export function makePlan(current: CurrentState, desired: DesiredState): Plan {
  refuseUnheld(desired)
  return markBlocked(applyPolicy(plan(current, keepProtection(desired, current.record)), desired))
}

const plan = (current: CurrentState, desired: DesiredState): Plan => planOf(current, desired, compare(current, desired))

/** The plan of changes that are known; no steps where all of them keep something. */
export function planOf(current: CurrentState, desired: DesiredState, comparison: Comparison): Plan {
  const { changes, pins, ownership, isRenewed = false } = comparison
  const sides: Sides = { current, desired, changes: byAddress(changes) }
  const protection = stackProtection(current, desired)
  const settled = !ownership && !protection && !isRenewed && isSettled(current, [...changes, ...pins])
  const head = {
    version: 1,
    action: comparison.action ?? actionOf(desired),
    stack: desired.stack,
    directory: current.directory,
    ...told(comparison, protection),
    diagnostics: dangersOf(sides, comparison, settled),
  } as const
  const scene = { current, desired, changes, steps: [] }
  if (settled) return { ...head, diagnostics: [...head.diagnostics, ...lint(scene)], ...nothingToDo(current) }
  const work = workOf(sides, comparison)
  const advice = [...lint({ ...scene, steps: work.steps }), ...guardConfirmation(sides)]
  return { ...head, diagnostics: [...head.diagnostics, ...advice], ...work }
}

/** What differs, where something does. */
const told = (
  { changes, pins, ownership, drift }: Comparison,
  protection: Plan['protection'],
): Pick<Plan, 'changes' | 'protection' | 'pins' | 'ownership' | 'drift'> => ({
  changes,
  ...(protection && { protection }),
  ...(pins.length > 0 && { pins }),
  ...(ownership && { ownership }),
  ...(drift.length > 0 && { drift }),
})

/** What is refused or lost. */
function dangersOf(sides: Sides, { changes, drift }: Comparison, settled: boolean): readonly Diagnostic[] {
  const { current, desired } = sides
  const risks = guardChanges(changes, current, desired)
  return [
    ...risks,
    ...guardProtected(sides, risks),
    ...guardImport(changes, desired),
    ...guardPins(current, desired),
    ...foreignPins(current, settled ? 'keep' : 'exchange'),
    ...(drift.length > 0 ? displacedPins(current) : []),
  ]
}

/** What is done, and what it rests on. */
function workOf(sides: Sides, { changes, pins }: Comparison) {
  const { current, desired } = sides
  const [from, to] = [current.generation, nextGeneration(current)]
  const existing = { ...existingOf(current), ...openedBy(desired) }
  const directories = outerDirectories(sides)
  const expanded = inLoadOrder(changes, desired).flatMap((change) => expand(change, sides))
  const steps = order([...expanded, ...expandOuterPins(pins, sides), ...around(sides)])
  return {
    generation: { from, to },
    ...(desired.confirmWithin !== undefined && { confirmWithin: desired.confirmWithin }),
    steps,
    record: makeRecord(desired, to, {
      former: from,
      migrations: migrationsIn(changes),
      directories,
      written: writtenBy(steps),
    }),
    existing,
    preconditions: [
      ...preconditionsOf(current),
      ...adoptedPins(desired),
      ...importPreconditions(current),
      ...outerPreconditions(pins, current),
    ],
    ledger: prove({ current, desired, steps, existing }),
  }
}

/** Newer than every former generation: they may be younger than a live tree that has lost its record. */
function nextGeneration({ generation, trees }: CurrentState): number {
  const former = trees.filter(({ name }) => name !== 'next').map(({ record }) => record?.generation ?? 0)
  return Math.max(generation, ...former) + 1
}

function actionOf({ restores, imports }: DesiredState): Plan['action'] {
  if (imports) return 'import'
  return restores === undefined ? 'apply' : 'rollback'
}

function nothingToDo(
  current: CurrentState,
): Pick<Plan, 'generation' | 'steps' | 'existing' | 'preconditions' | 'ledger'> {
  const generation = { from: current.generation, to: current.generation }
  return { generation, steps: [], existing: {}, preconditions: [], ledger: { arrays: heldNow(current), rows: [] } }
}

/** True when an apply of this plan would do something. */
export const hasChanges = (plan: Plan): boolean => plan.steps.length > 0

/** The ledger of a list of steps; throws a PlanError (P199) that names the first step after which an array is lost. */
export function prove(input: Parameters<typeof keepLedger>[0]): Plan['ledger'] {
  const { ledger, violations } = keepLedger(input)
  const first = violations[0]
  if (!first) return ledger
  const step = input.steps[first.step]
  throw new PlanError(
    `cannot plan ${input.current.stack}: step ${first.step + 1} (${step?.kind}) leaves ${first.array} with ${first.what} ${first.when}`,
    { code: planCodes.unproven.code, hint: 'nothing was changed; please report this plan' },
  )
}

function refuseUnheld(desired: DesiredState): void {
  const problems = guardDesired(desired)
  if (problems.length === 0) return
  const addresses = problems.map((problem) => problem.address).join(', ')
  throw new PlanError(
    `cannot plan ${desired.stack}: nothing would hold ${addresses}`,
    { code: planCodes.unheld.code },
    problems,
  )
}

/** Program arrays of a stack that nothing has to be done to. */
function heldNow(current: CurrentState): string[] {
  const maps = [...current.resources.values()].filter((it) => it.kind === 'map' && it.shape.type === 'prog_array')
  return maps.map((map) => `live:${map.address}`)
}

/** Ids of what the plan takes over: foreign maps, and the objects of a former generation. */
function openedBy(desired: DesiredState): Record<Ref, number> {
  const opened: Record<Ref, number> = {}
  for (const wanted of desired.resources.values()) if (wanted.live) opened[`next:${wanted.address}`] = wanted.live.id
  return opened
}

/** The maps whose entries are carried over. */
const migrationsIn = (changes: readonly Change[]): RecordedMigration[] =>
  changes.flatMap(({ address, migration, liveId }) =>
    migration && liveId !== undefined ? [{ map: nameOf(address), source: liveId, ...migration }] : [],
  )

/** What is done around the changes: the new tree and its record, publishing, and the end of the old tree. */
function around(sides: Sides): Staged[] {
  const { current, desired, changes } = sides
  const live = current.trees.find((tree) => tree.name === 'live')
  const migrates = [...changes.values()].some((change) => change.migration)
  const directories = [
    'next',
    'next/maps',
    'next/programs',
    'next/links',
    ...(migrates ? [snapshotFolder('next')] : []),
  ]
  const staged = (stage: Staged['stage'], operations: readonly Operation[]): Staged[] =>
    operations.map((operation) => ({ stage, operation }))
  const former = current.record?.ownership && ownershipOf(undefined)
  const ownership = desired.ownership ?? former ?? (current.misowned && { mode: closedMode })
  return [
    ...staged(
      'directories',
      directories.map((path) => ({ kind: 'make-directory', path }) as const),
    ),
    ...staged('record', [{ kind: 'write-record', path: 'next/record' }]),
    ...(ownership ? staged('ownership', [{ kind: 'set-ownership', path: 'next', ownership }]) : []),
    ...staged('publish', [
      live ? { kind: 'exchange', a: 'next', b: 'live' } : { kind: 'rename', from: 'next', to: 'live' },
    ]),
    // After the exchange, whose inverse takes everything back; the way into the stack opens last.
    ...(ownership ? staged('publish', [{ kind: 'set-ownership', path: '', ownership }]) : []),
    ...(desired.confirmWithin === undefined ? [] : staged('publish', [startClock])),
    ...(live ? staged('retire', succeed(successionOf(live, sides))) : []),
  ]
}

/** Not for what is forbidden already: that loses nothing. */
function guardProtected(sides: Sides, risks: readonly Diagnostic[]): readonly Diagnostic[] {
  const { current, desired, changes } = sides
  const live = current.trees.find((tree) => tree.name === 'live')
  const keeps = live !== undefined && desired.restores !== undefined && keepsOutgoing(successionOf(live, sides))
  const forbidden = new Set(risks.filter(isBlocked).map(({ address }) => address))
  const others = [...changes.values()].filter(({ address }) => !forbidden.has(address))
  return guardProtection(others, { current, desired, keepsOutgoing: keeps })
}

/** What is to be confirmed must be able to go back. */
function guardConfirmation(sides: Sides): Diagnostic[] {
  const live = sides.current.trees.find((tree) => tree.name === 'live')
  if (sides.desired.confirmWithin === undefined || !live || keepsOutgoing(successionOf(live, sides))) return []
  return [withoutFormer(sides.current)]
}

/** The time to confirm a generation begins when it is published, not when its programs are being loaded. */
const startClock: Operation = { kind: 'write-record', path: 'live/record', startsClock: true }

function successionOf(live: Tree, sides: Sides): Succession {
  const { current, desired, changes } = sides
  const { published, removed, links } = staying(sides)
  const adopted = new Set<string>()
  for (const wanted of desired.resources.values()) {
    if (wanted.kind === 'map' && wanted.live) published.add(wanted.live.id)
    for (const pin of wanted.live?.pins ?? []) adopted.add(pin.slice(0, pin.indexOf('/')))
  }
  const merging = { migrations: migrationsIn([...changes.values()]), published: 'next', links } as const
  const isMixed = hasDisplaced(live, current)
  return { current, outgoing: live, published, history: desired.history ?? 0, removed, adopted, merging, isMixed }
}

/** True where the map that is meant by an address is not the one at its pin. */
const hasDisplaced = ({ pins }: Tree, { resources }: CurrentState): boolean =>
  pins.some((pin) => {
    const meant = pin.kind === 'map' ? resources.get(pin.address)?.live : undefined
    return meant !== undefined && pin.kind === 'map' && meant.id !== pin.id
  })

/** Ids of the live maps and links that the new tree has, too, and pins that are gone by the time it is published. */
function staying({ current, changes }: Sides) {
  const [published, links] = [new Set<number>(), new Set<number>()]
  const removed = new Set<string>()
  for (const { kind, address, live } of current.resources.values()) {
    const change = changes.get(address)
    if (kind === 'map' && live && stays(change)) published.add(live.id)
    if (kind === 'link' && live && stays(change)) links.add(live.id)
    if (kind === 'link' && isGap(change)) for (const path of live?.pins ?? []) removed.add(path)
  }
  return { published, links, removed }
}

const stays = (change: Change | undefined): boolean =>
  change?.action === 'keep' || change?.action === 'update' || change?.leaves !== undefined

const isGap = (change: Change | undefined): boolean => change?.action === 'replace' && change.verdict === 'gap'
