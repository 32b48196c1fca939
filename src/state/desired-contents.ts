import type { OwnMap } from '../manifest/manifest.ts'
import { type MapAddress, mapAddress, type ProgramAddress, programAddress } from '../model/address.ts'
import type { MapShape } from '../model/map-spec.ts'
import { mapTypeRule } from '../model/map-types.ts'
import type { MapContents } from '../model/state.ts'
import { toHex } from '../util/hex.ts'
import { readEntries } from './desired-entries.ts'
import { complain, type LoadedObject, type Reading } from './desired-reading.ts'
import { readMembers } from './desired-struct-ops.ts'
import type { ContentsQuestion } from './map-question.ts'

/** What a map must hold: what the manifest says, else what the object starts it with, else whatever comes. */
export function readContents(reading: Reading, question: ContentsQuestion): MapContents {
  const { spec, declared } = question
  const wrong = declared && findWrongKind(question, declared)
  if (wrong) complainWrongKind(reading, question, wrong)
  else if (declared?.slots) return { kind: 'slots', slots: readSlots(reading, question, declared.slots) }
  else if (declared?.inner) return { kind: 'inner', slots: readInner(reading, question, declared.inner) }
  else if (declared?.entries) return readEntries(reading, question, declared.entries)
  else if (spec.contents.kind === 'programs') return { kind: 'slots', slots: staticSlots(reading, question) }
  else if (spec.contents.kind === 'maps') return { kind: 'inner', slots: staticInner(question) }
  if (spec.contents.kind === 'members') return readMembers(reading, question)
  if (spec.contents.kind !== 'data') return { kind: 'runtime' }
  const bytes = question.object.data.get(spec.name) ?? spec.contents.bytes
  return { kind: 'data', initial: toHex(bytes), frozen: spec.contents.frozen }
}

type DeclaredKind = 'slots' | 'inner' | 'entries' | 'globals'

/** The key of the manifest that this type of map cannot have. */
function findWrongKind({ spec, shape }: ContentsQuestion, declared: OwnMap): DeclaredKind | undefined {
  const { holds } = mapTypeRule(shape.type)
  if (declared.slots && holds !== 'programs') return 'slots'
  if (declared.inner && holds !== 'maps') return 'inner'
  if (declared.globals && (shape.type === 'arena' || spec.contents.kind !== 'data' || spec.contents.frozen))
    return 'globals'
  if (declared.entries && (spec.contents.kind === 'members' || holds !== undefined || spec.contents.kind === 'data'))
    return 'entries'
  return undefined
}

const owners: Readonly<Record<DeclaredKind, string>> = {
  slots: 'slots belong to program arrays',
  inner: 'inner maps belong to maps of maps',
  entries: 'entries belong to maps with plain keys and values',
  globals: 'globals belong to the data sections that programs write',
}

function complainWrongKind(reading: Reading, { map, shape, spec }: ContentsQuestion, kind: DeclaredKind): void {
  const advice: Partial<Record<MapShape['type'], string>> = {
    prog_array: 'write `slots:`',
    array_of_maps: 'write `inner:`',
    hash_of_maps: 'write `inner:`',
  }
  const data = spec.contents.kind === 'data' && spec.contents
  const what = data ? `a ${data.frozen ? 'read-only ' : ''}data section` : `of type ${shape.type}`
  const leaveOut = `leave \`${kind}:\` out`
  complain(reading, 'M212', {
    detail: `cannot fill ${map.address}: it is ${what}, and ${owners[kind]}`,
    hint: kind === 'globals' ? leaveOut : data ? 'write `globals:` under the object' : (advice[shape.type] ?? leaveOut),
    address: map.address,
    path: ['maps', map.name, kind],
  })
}

type DeclaredSlots = NonNullable<OwnMap['slots']>

/** A map and its shape, where no more has to be known. */
export type ArrayQuestion = Pick<ContentsQuestion, 'map' | 'shape'>

/** Declared slots that hold a program; an index out of range is complained about. */
export function readSlots(
  reading: Reading,
  question: ArrayQuestion,
  declared: DeclaredSlots,
): Map<number, ProgramAddress> {
  const slots = new Map<number, ProgramAddress>()
  for (const [index, program] of [...declared].sort(([a], [b]) => a - b)) {
    if (program === undefined || !isInRange(reading, question, { index, kind: 'slots' })) continue
    slots.set(index, programAddress(program))
  }
  return slots
}

/** The object goes by its functions' names, the manifest perhaps by others. */
function staticSlots(reading: Reading, question: ContentsQuestion): Map<number, ProgramAddress> {
  const { map, spec, object, programs } = question
  const slots = new Map<number, ProgramAddress>()
  if (spec.contents.kind !== 'programs') return slots
  for (const [index, fn] of [...spec.contents.slots].sort(([a], [b]) => a - b)) {
    const program = programs.find((found) => found.object === object && found.spec.name === fn)
    if (program) slots.set(index, program.address)
    else if (!isDeclared(reading, object, fn)) complainUndeclared(reading, question, { index, fn })
    if (program) isInRange(reading, { ...question, map }, { index, kind: 'slots' })
  }
  return slots
}

/** Declared but not found: that has its complaint. */
const isDeclared = ({ loaded }: Reading, object: LoadedObject, fn: string): boolean =>
  [...loaded.manifest.programs.values()].some(
    (program) => program.function === fn && (program.object === undefined || program.object === object.name),
  )

interface StaticSlot {
  readonly index: number
  readonly fn: string
}

function complainUndeclared(reading: Reading, { map, object }: ContentsQuestion, { index, fn }: StaticSlot): void {
  complain(reading, 'M214', {
    detail: `cannot fill ${map.address}: ${object.file.name} puts ${fn} into slot ${index}, and the manifest does not declare that program`,
    hint: `add \`${fn}: {}\` under \`programs:\`, or write \`slots:\` for the map without it`,
    address: map.address,
    path: map.declared ? ['maps', map.name] : ['programs'],
  })
}

type DeclaredInner = NonNullable<OwnMap['inner']>

function readInner(reading: Reading, question: ContentsQuestion, declared: DeclaredInner): Map<number, MapAddress> {
  const slots = new Map<number, MapAddress>()
  for (const [index, name] of [...declared].sort(([a], [b]) => a - b)) {
    if (!isInRange(reading, question, { index, kind: 'inner' })) continue
    if (fitsTemplate(reading, question, { index, name })) slots.set(index, mapAddress(name))
  }
  return slots
}

function fitsTemplate(
  reading: Reading,
  { map, maps, shape }: ContentsQuestion,
  { index, name }: { readonly index: number; readonly name: string },
): boolean {
  const inner = maps.get(mapAddress(name))
  const place = { address: map.address, path: ['maps', map.name, 'inner', String(index)] }
  if (!inner) {
    const detail = `cannot fill ${map.address}: no program uses map.${name}, and the manifest does not list it`
    complain(reading, 'M216', { detail, hint: `add \`${name}: {}\` under \`maps:\``, ...place })
    return false
  }
  const found = inner.spec?.shape
  const fields = (['type', 'keySize', 'valueSize'] as const).filter(
    (field) => found && shape.inner && found[field] !== shape.inner[field],
  )
  if (fields.length === 0) return true
  const detail = `cannot fill ${map.address}: map.${name} differs from the template of its inner maps in ${fields.map((field) => `${field} (${found?.[field]} instead of ${shape.inner?.[field]})`).join(', ')}`
  complain(reading, 'M216', { detail, ...place })
  return false
}

function staticInner({ spec, object, maps }: ContentsQuestion): Map<number, MapAddress> {
  const slots = spec.contents.kind === 'maps' ? [...spec.contents.slots] : []
  return new Map(slots.sort(([a], [b]) => a - b).map(([index, name]) => [index, maps.addressIn(object, name)]))
}

function isInRange(
  reading: Reading,
  { map, shape }: ArrayQuestion,
  { index, kind }: { readonly index: number; readonly kind: 'slots' | 'inner' },
): boolean {
  if (shape.type === 'hash_of_maps' || index < shape.maxEntries) return true
  complain(reading, 'M213', {
    detail: `cannot fill ${map.address}: index ${index} is beyond the last, ${shape.maxEntries - 1}`,
    hint: `write \`maxEntries: ${index + 1}\`, or a smaller index`,
    address: map.address,
    path: ['maps', map.name, kind, String(index)],
  })
  return false
}
