import { phraseOf } from '../layout/diff-layout.ts'
import { type LayoutMember, type LayoutType, parseLayout } from '../layout/parse-layout.ts'
import type { MapContents, MapState } from '../model/state.ts'
import type { ByteOrder } from '../object/cursor.ts'
import { fromHex, type Hex } from '../util/hex.ts'
import type { ValueDifference, ValuesDifference } from './difference.ts'
import type { DifferenceQuestion } from './find-differences.ts'
import { formatKey, formatPair } from './format-value.ts'
import { heldAfter, heldBefore } from './held.ts'
import { inside, type NamedType, type typesOf } from './named-type.ts'

/** With the types of the new objects. */
export type TypedQuestion = DifferenceQuestion & { readonly typeOf: ReturnType<typeof typesOf> }

/** What differs of what a map holds: entries, variables, slots; a part for each that does. */
export function contentDifferences(
  before: MapState,
  after: MapState,
  question: TypedQuestion,
): readonly ValuesDifference[] {
  const sides = { before, after, question, byteOrder: question.byteOrder, typeOf: question.typeOf }
  const parts: ValuesDifference[] = [
    { kind: 'entries', values: entryValues(sides) },
    { kind: 'variables', values: variableValues(sides) },
    ...heldParts(sides),
  ]
  return parts.filter(({ values }) => values.length > 0)
}

interface Sides {
  readonly before: MapState
  readonly after: MapState
  readonly question: DifferenceQuestion
  readonly byteOrder: ByteOrder
  readonly typeOf: ReturnType<typeof typesOf>
}

/** Declared entries, and those that are not declared any more. */
function entryValues(sides: Sides): ValueDifference[] {
  const { before, after, byteOrder } = sides
  const [old, wanted] = [entriesOf(before.contents), entriesOf(after.contents)]
  return [...new Set([...wanted.keys(), ...old.keys()])]
    .filter((key) => old.get(key) !== wanted.get(key))
    .map((key) => {
      const owner = wanted.has(key) ? after : before
      const named = commonType(sides, 'key')
      const pair = formatPair(valueIn(sides, before, old.get(key)), valueIn(sides, after, wanted.get(key)), byteOrder)
      return { name: formatKey({ bytes: fromHex(key), named }, owner, byteOrder), ...pair }
    })
}

function valueIn(sides: Sides, { layout }: MapState, value: Hex | undefined) {
  if (value === undefined) return undefined
  const type = layout.value === undefined ? undefined : parseLayout(layout.value)
  return { bytes: fromHex(value), type, named: commonType(sides, 'value') }
}

/** Names of numbers are told on both sides or on none, since the object that the old one is of is not known any more. */
const commonType = ({ before, after, typeOf }: Sides, part: 'key' | 'value'): NamedType | undefined =>
  before.layout[part] === after.layout[part] ? typeOf(after, part) : undefined

const entriesOf = (contents: MapContents): ReadonlyMap<Hex, Hex> =>
  new Map(contents.kind === 'entries' ? contents.entries.map(({ key, value }) => [key, value]) : [])

/** Variables of a data section, or what a struct of functions says beside its programs. */
function variableValues(sides: Sides): ValueDifference[] {
  const { before, after, byteOrder, typeOf } = sides
  const [old, wanted] = [bytesOf(before.contents), bytesOf(after.contents)]
  if (old === undefined || wanted === undefined || old === wanted) return []
  const [oldBytes, newBytes] = [fromHex(old), fromHex(wanted)]
  const [oldOnes, newOnes] = [variablesOf(before, oldBytes), variablesOf(after, newBytes, typeOf(after, 'value'))]
  const names = [...new Set([...newOnes.keys(), ...oldOnes.keys()])]
  const values = names.flatMap((name) => {
    const [one, other] = [oldOnes.get(name), newOnes.get(name)]
    const isSameType = one && other && one.type.text === other.type.text
    if (isSameType && sameBytes(one.bytes, other.bytes)) return []
    const old = isSameType ? { ...one, named: other.named } : one
    return [{ name, ...retyped(formatPair(old, other, byteOrder), one?.type, other?.type) }]
  })
  return values.length > 0 ? values : rowsOfBytes(oldBytes, newBytes)
}

const bytesOf = (contents: MapContents): Hex | undefined =>
  contents.kind === 'data' ? contents.initial : contents.kind === 'members' ? contents.value : undefined

interface Variable {
  readonly type: LayoutType
  readonly bytes: Uint8Array
  readonly named: NamedType | undefined
}

/** By name; static variables of functions may share one. */
function variablesOf({ layout }: MapState, bytes: Uint8Array, named?: NamedType) {
  const section = layout.value === undefined ? undefined : parseLayout(layout.value)
  const found = new Map<string, Variable>()
  if (section?.kind !== 'struct') return found
  for (const [index, { name, type, bitOffset, bitSize }] of section.members.entries()) {
    const at = bitOffset >> 3
    if (bitSize !== 0) continue
    const variable = { type, bytes: bytes.subarray(at, at + type.size), named: inside(named, index) }
    found.set(unused(name, found), variable)
  }
  return found
}

function unused(name: LayoutMember['name'], found: ReadonlyMap<string, unknown>): string {
  for (let count = 1; ; count++) {
    const candidate = count === 1 ? name : `${name} (${count})`
    if (!found.has(candidate)) return candidate
  }
}

/** A type that differs is told with the value. */
function retyped(pair: Omit<ValueDifference, 'name'>, old: LayoutType | undefined, wanted: LayoutType | undefined) {
  const { before, after } = pair
  if (!old || !wanted || old.text === wanted.text) return pair
  return { before: `${before} (${phraseOf(old)})`, after: `${after} (${phraseOf(wanted)})` }
}

const sameBytes = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, index) => byte === other[index])

const bytesInRow = 16

/** Where no layout says what they mean. */
function rowsOfBytes(old: Uint8Array, wanted: Uint8Array): ValueDifference[] {
  const rows: ValueDifference[] = []
  for (let at = 0; at < Math.max(old.length, wanted.length); at += bytesInRow) {
    const [one, other] = [old, wanted].map((bytes) => bytes.subarray(at, at + bytesInRow))
    if (!one || !other || sameBytes(one, other)) continue
    const pair = formatPair(
      one.length > 0 ? { bytes: one } : undefined,
      other.length > 0 ? { bytes: other } : undefined,
      'little',
    )
    rows.push({ name: `byte ${at}`, ...pair })
  }
  return rows
}

const heldKinds = { slots: 'slots', inner: 'inner-maps', members: 'members' } as const

/** What is held by index: programs, inner maps. One that is made anew keeps its name and is another one. */
function heldParts({ before: old, after: wanted, question }: Sides): ValuesDifference[] {
  const [before, after] = [old.contents, wanted.contents]
  if (after.kind !== 'slots' && after.kind !== 'inner' && after.kind !== 'members') return []
  const was: ReadonlyMap<number, string> = before.kind === after.kind ? before.slots : new Map()
  const becomes: ReadonlyMap<number, string> = after.slots
  // Inner maps that are not declared stay.
  const indexes = new Set([...(after.kind === 'inner' ? [] : was.keys()), ...becomes.keys()])
  const values = [...indexes]
    .sort((a, b) => a - b)
    .flatMap((index): ValueDifference[] => {
      const [one, other] = [was.get(index), becomes.get(index)]
      const former = one === undefined ? {} : { before: heldBefore(one, question) }
      const next = other === undefined ? {} : { after: heldAfter(other, question) }
      return former.before === next.after ? [] : [{ name: `${index}`, ...former, ...next }]
    })
  return [{ kind: heldKinds[after.kind], values }]
}
