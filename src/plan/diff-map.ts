import { diffLayout as diffFields } from '../layout/diff-layout.ts'
import type { MapShape } from '../model/map-spec.ts'
import { isRoundedSize, mapTypeRule } from '../model/map-types.ts'
import type { MapContents, MapState } from '../model/state.ts'
import type { Reason } from './change.ts'

/** How a live map differs from the wanted one. */
export interface MapDifference {
  /** Fixed when the map was made: it can only be replaced. */
  readonly fixed: readonly Reason[]
  /** Entries and inner maps, which are written into the live map. */
  readonly contents: readonly Reason[]
  /** Slots of a program array by index; a new array is made unless the manifest allows one to be replaced in place. */
  readonly slots: ReadonlyMap<number, Reason>
}

/** Compares a live map with the wanted one, after what the kernel itself adjusts. */
export function diffMap(before: MapState, after: MapState): MapDifference {
  return {
    fixed: [
      ...differing('owner', before.owner, after.owner),
      ...identityOf(before, after),
      ...diffShape(before.shape, after.shape, ''),
      ...diffLayout(before, after),
      ...diffInitial(before.contents, after.contents),
      ...diffValue(before.contents, after.contents),
    ],
    contents: [...diffEntries(before.contents, after.contents), ...diffInner(before.contents, after.contents)],
    slots: diffSlots(before.contents, after.contents),
  }
}

/** A foreign map is another one as soon as its id is: its owner may have replaced it under the same path. */
function identityOf(before: MapState, after: MapState): Reason[] {
  if (after.owner !== 'foreign' || before.owner !== 'foreign') return []
  return differing('id', before.live?.id, after.live?.id)
}

function diffShape(before: MapShape, after: MapShape, prefix: string): Reason[] {
  const reasons = [
    ...differing(`${prefix}type`, before.type, after.type),
    ...differing(`${prefix}keySize`, before.keySize, after.keySize),
    ...differing(`${prefix}valueSize`, before.valueSize, after.valueSize),
    ...diffMaxEntries(before, after, prefix),
    ...differing(`${prefix}flags`, comparableFlags(before), comparableFlags(after)),
    ...differing(`${prefix}mapExtra`, before.mapExtra, after.mapExtra),
  ]
  if (before.inner && after.inner) reasons.push(...diffShape(before.inner, after.inner, `${prefix}inner.`))
  return reasons
}

const BPF_F_RDONLY_PROG = 1 << 7
const BPF_F_MMAPABLE = 1 << 10
const BPF_F_VTYPE_BTF_OBJ_FD = 1 << 15

function diffMaxEntries(before: MapShape, after: MapShape, prefix: string): Reason[] {
  const { maxEntries } = before
  return isRoundedSize(maxEntries, after) ? [] : differing(`${prefix}maxEntries`, maxEntries, after.maxEntries)
}

/** The flags without what says nothing about the map's use, or what the kernel sets itself. */
function comparableFlags(shape: MapShape): number {
  // Since 0cdbb4b09a06 the kernel sets RDONLY_PROG on every devmap, asked for or not.
  const kernels = mapTypeRule(shape.type).adjusted === 'sets-rdonly-prog' ? BPF_F_RDONLY_PROG : 0
  // Loaders set MMAPABLE on data sections where the kernel has it; the same bytes are in there either way.
  // Where the kernel's type of a struct_ops value is in a module, its BTF was named by a descriptor.
  return shape.flags & ~(kernels | BPF_F_MMAPABLE | BPF_F_VTYPE_BTF_OBJ_FD)
}

/** Same sizes but other fields is a change too. Unknown on either side (no BTF, no record) is not compared. */
function diffLayout(before: MapState, after: MapState): Reason[] {
  const sides = ['key', 'value'] as const
  return sides.flatMap((side) => {
    const [old, wanted] = [before.layout[side], after.layout[side]]
    if (old === undefined || wanted === undefined) return []
    return diffFields(old, wanted).map(({ field, live, wanted: after }) => ({
      attribute: field === '' ? `layout.${side}` : `layout.${side}.${field}`,
      before: live,
      after,
    }))
  })
}

function diffInitial(before: MapContents, after: MapContents): Reason[] {
  if (after.kind !== 'data' || before.kind !== 'data' || before.initial === undefined) return []
  return before.initial === after.initial ? [] : [{ attribute: 'initial' }]
}

function diffEntries(before: MapContents, after: MapContents): Reason[] {
  const found = new Map(before.kind === 'entries' ? before.entries.map((entry) => [entry.key, entry.value]) : [])
  const wanted = after.kind === 'entries' ? after.entries : []
  const wantedKeys = new Set(wanted.map((entry) => entry.key))
  const changed = wanted.filter((entry) => found.get(entry.key) !== entry.value)
  const removed = [...found].filter(([key]) => !wantedKeys.has(key))
  return [
    ...changed.map(({ key, value }) => ({ attribute: `entries.${key}`, before: found.get(key), after: value })),
    ...removed.map(([key, value]) => ({ attribute: `entries.${key}`, before: value, after: undefined })),
  ]
}

/** What a struct of functions says beside its programs; unknown without a record. */
function diffValue(before: MapContents, after: MapContents): Reason[] {
  if (before.kind !== 'members' || after.kind !== 'members') return []
  return before.value === undefined || after.value === undefined ? [] : differing('value', before.value, after.value)
}

function diffInner(before: MapContents, after: MapContents): Reason[] {
  if (after.kind !== 'inner') return []
  const found = before.kind === 'inner' ? before.slots : new Map<number, string>()
  return [...after.slots].flatMap(([index, map]) => differing(`inner.${index}`, found.get(index), map))
}

function diffSlots(before: MapContents, after: MapContents): Map<number, Reason> {
  const reasons = new Map<number, Reason>()
  if (after.kind !== 'slots' && after.kind !== 'members') return reasons
  const found = before.kind === after.kind ? before.slots : new Map<number, string>()
  for (const index of [...new Set([...found.keys(), ...after.slots.keys()])].sort((a, b) => a - b)) {
    for (const reason of differing(`${after.kind}.${index}`, found.get(index), after.slots.get(index)))
      reasons.set(index, reason)
  }
  return reasons
}

/** One reason where two values differ, else none. */
export function differing(
  attribute: string,
  before: string | number | undefined,
  after: string | number | undefined,
): Reason[] {
  return before === after ? [] : [{ attribute, before, after }]
}
