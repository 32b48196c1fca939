import { type MapType, mapTypeRule } from '../model/map-types.ts'
import type { Migration, MigrationSide } from '../model/migration.ts'
import { type Conversion, planConversion } from './conversion.ts'

/** How keys and values of a migration are converted. */
export interface Conversions {
  readonly key: Conversion
  readonly value: Conversion
}

/** The conversions of a migration; a side without type information is taken for the other one where the sizes are equal. */
export function planConversions({ from, to }: Pick<Migration, 'from' | 'to'>): Conversions {
  return {
    key: conversionOf({ size: from.keySize, layout: from.layout.key }, { size: to.keySize, layout: to.layout.key }),
    value: conversionOf(
      { size: from.valueSize, layout: from.layout.value },
      { size: to.valueSize, layout: to.layout.value },
    ),
  }
}

type Side = Parameters<typeof planConversion>[0]

function conversionOf(from: Side, to: Side): Conversion {
  const same = from.size === to.size
  const [before, after] = [from.layout ?? (same ? to.layout : undefined), to.layout ?? (same ? from.layout : undefined)]
  return planConversion({ ...from, layout: before }, { ...to, layout: after })
}

/** Why the entries of one map cannot be carried over into the other, one sentence's end each; none where they can. */
export function migrationProblems(migration: Migration): readonly string[] {
  const { from, to } = migration
  const types = typeProblems(from.type, to.type)
  if (types.length > 0) return types
  const conversions = planConversions(migration)
  return [
    ...keyProblems(from, conversions.key),
    ...valueProblems(migration, conversions.value),
    ...sizeProblems(migration),
    ...(migration.merge === 'sum' ? sumProblems(migration, conversions.value) : []),
  ]
}

/** Maps whose entries mean the same in each other. Types that are in no family hold no entries of their own to carry over. */
const families: readonly (readonly MapType[])[] = [
  ['hash', 'lru_hash'],
  ['percpu_hash', 'lru_percpu_hash'],
  ['array'],
  ['percpu_array'],
  ['lpm_trie'],
  ['array_of_maps'],
  ['hash_of_maps'],
]

function typeProblems(from: MapType, to: MapType): string[] {
  const unknown = [...new Set([from, to])].filter((type) => !families.some((family) => family.includes(type)))
  if (unknown.length > 0)
    return unknown.map((type) => `maps of type ${type} have no entries that could be carried over`)
  const related = families.some((family) => family.includes(from) && family.includes(to))
  return related ? [] : [`the entries of a map of type ${from} mean nothing in one of type ${to}`]
}

/** Two keys must stay two keys, whatever may be lost of values. */
function keyProblems({ type }: MigrationSide, key: Conversion): string[] {
  if (key.same) return []
  if (type === 'lpm_trie') return ['the keys of a trie cannot be converted']
  if (key.impossible.length > 0) return key.impossible.map((what) => `key: ${what}`)
  return [
    ...key.lossy.map((what) => `key: ${what}, so that two keys could become one`),
    ...key.dropped.map((field) => `key: without ${field} two keys could become one`),
  ]
}

function valueProblems({ onLossy, from }: Migration, value: Conversion): string[] {
  if (value.impossible.length > 0) return value.impossible.map((what) => `value: ${what}`)
  if (mapTypeRule(from.type).holds && !value.same) return ['the maps in it cannot be converted']
  return onLossy === 'truncate' ? [] : value.lossy.map((what) => `value: ${what}, which may lose something`)
}

/** Every element of an array is an entry. */
function sizeProblems({ from, to, onLossy }: Migration): string[] {
  const isArray = from.type === 'array' || from.type === 'percpu_array' || from.type === 'array_of_maps'
  if (!isArray || to.maxEntries >= from.maxEntries || onLossy === 'truncate') return []
  return [`elements ${to.maxEntries} to ${from.maxEntries - 1} have no place in it, which may lose something`]
}

/** Keys lie on the stack of the program that adds. */
const longestSummedKey = 240
const mostSummed = 500

function sumProblems({ from, to }: Migration, value: Conversion): string[] {
  if (mapTypeRule(from.type).holds) return ['maps in a map cannot be summed']
  // A lookup finds the longest prefix that covers the key, not the key.
  if (from.type === 'lpm_trie') return ['the values of a trie cannot be summed']
  const counters = summable(value)
  if (counters.length === 0) return ['"merge: sum" needs integers of 4 or 8 bytes in both values']
  if (counters.length > mostSummed) return [`"merge: sum" takes at most ${mostSummed} integers, not ${counters.length}`]
  const longest = Math.max(from.keySize, to.keySize)
  return longest > longestSummedKey ? [`"merge: sum" takes keys of at most ${longestSummedKey} bytes`] : []
}

/** The integers that the kernel can add to in one instruction. */
export const summable = (value: Conversion): Conversion['counters'] =>
  value.counters.filter(({ to, toSize }) => (toSize === 4 || toSize === 8) && to % toSize === 0)
