import { membersByName, phraseOf } from './diff-layout.ts'
import { type LayoutMember, type LayoutType, parseLayout } from './parse-layout.ts'

/** One side of a conversion: how many bytes, and what they mean where BTF says so. */
export interface Side {
  /** Bytes. */
  readonly size: number
  /** Canonical layout (MapLayout). */
  readonly layout?: string | undefined
}

/** What becomes of one key or value, as moves of bytes; everything that no move reaches is zero. */
export interface Conversion {
  /** Every byte stays where it is. */
  readonly same: boolean
  readonly moves: readonly Move[]
  /** Whole numbers that both sides have, to be added to. */
  readonly counters: readonly Counter[]
  /** Fields that the new layout does not have. */
  readonly dropped: readonly string[]
  /** Fields whose values may not survive, each with why: `count: s64 becomes u32`. */
  readonly lossy: readonly string[]
  /** Why it cannot be done at all. */
  readonly impossible: readonly string[]
}

export type Move =
  | { readonly kind: 'copy'; readonly from: number; readonly to: number; readonly size: number }
  /** An integer into a larger or smaller one. Sizes in bytes. */
  | {
      readonly kind: 'resize'
      readonly from: number
      readonly to: number
      readonly fromSize: number
      readonly toSize: number
      readonly signed: boolean
    }
  /** A bit field. Offsets and widths in bits. */
  | {
      readonly kind: 'bits'
      readonly from: number
      readonly to: number
      readonly fromWidth: number
      readonly toWidth: number
      readonly signed: boolean
    }

/** An integer on both sides; bytes. */
export interface Counter {
  readonly from: number
  readonly fromSize: number
  readonly to: number
  readonly toSize: number
}

/** How values of one layout become values of another: by field name, for good or with what is lost. */
export function planConversion(from: Side, to: Side): Conversion {
  const draft = new Draft()
  const [before, after] = [readSide(from), readSide(to)]
  if (before && after) {
    for (const what of new Set([...specialsOf(before), ...specialsOf(after)]))
      draft.impossible.push(`it holds a ${what}, which cannot be copied`)
    convert(draft, { from: before, to: after }, { from: 0, to: 0, path: '' })
  } else if (from.size === to.size && from.layout === to.layout) draft.copy(0, 0, from.size)
  else draft.impossible.push('no type information says what its bytes mean')
  const whole = before && after && before.text === after.text && from.size === to.size
  // Bytes between the fields count where nothing changes: a key is compared with them.
  if (whole) draft.moves.splice(0, draft.moves.length, { kind: 'copy', from: 0, to: 0, size: from.size })
  const { moves, counters, dropped, lossy, impossible } = draft
  const [only] = moves
  const same = moves.length === 1 && only?.kind === 'copy' && only.size === from.size && from.size === to.size
  return { same, moves, counters, dropped, lossy, impossible }
}

/** A layout that does not fit the size is not believed. */
function readSide({ layout, size }: Side): LayoutType | undefined {
  const type = layout === undefined ? undefined : parseLayout(layout)
  return type?.size === size ? type : undefined
}

/** More moves than this cost more than they are worth; a struct of so many parts is better converted by its owner. */
const mostMoves = 4096

class Draft {
  readonly moves: Move[] = []
  readonly counters: Counter[] = []
  readonly dropped: string[] = []
  readonly lossy: string[] = []
  readonly impossible: string[] = []

  copy(from: number, to: number, size: number): void {
    const last = this.moves.at(-1)
    const adjacent = last?.kind === 'copy' && last.from + last.size === from && last.to + last.size === to
    if (adjacent) this.moves[this.moves.length - 1] = { ...last, size: last.size + size }
    else this.add({ kind: 'copy', from, to, size })
  }

  add(move: Move): void {
    if (this.moves.length < mostMoves) this.moves.push(move)
    else this.impossible.splice(0, Infinity, 'it has too many fields that move')
  }

  /** Adds the conversion of an array's element once for each; what there is to complain about is said once. */
  repeat(one: Draft, count: number, { from, to }: { readonly from: Row; readonly to: Row }): void {
    this.dropped.push(...one.dropped)
    this.lossy.push(...one.lossy)
    this.impossible.push(...one.impossible)
    for (let index = 0; index < count && this.impossible.length === 0; index++) {
      const by = { from: from.start + index * from.step, to: to.start + index * to.step }
      for (const move of one.moves) {
        if (move.kind === 'copy') this.copy(move.from + by.from, move.to + by.to, move.size)
        else this.add(shifted(move, move.kind === 'bits' ? { from: by.from * 8, to: by.to * 8 } : by))
      }
      this.counters.push(...one.counters.map((counter) => shifted(counter, by)))
    }
  }
}

/** Elements of an array: where the first lies, and how far it is to the next; bytes. */
interface Row {
  readonly start: number
  readonly step: number
}

const shifted = <T extends { readonly from: number; readonly to: number }>(
  it: T,
  by: { readonly from: number; readonly to: number },
): T => ({ ...it, from: it.from + by.from, to: it.to + by.to })

interface Pair {
  readonly from: LayoutType
  readonly to: LayoutType
}

interface Place {
  /** Bytes. */
  readonly from: number
  readonly to: number
  readonly path: string
}

function convert(draft: Draft, { from, to }: Pair, place: Place): void {
  if (from.kind === 'struct' && to.kind === 'struct' && from.name === to.name)
    return convertMembers(draft, { from, to }, place)
  if (from.kind === 'array' && to.kind === 'array') return convertElements(draft, { from, to }, place)
  if (from.text === to.text) return copySame(draft, from, place)
  if (isNumber(from) && isNumber(to)) return convertNumber(draft, { from, to }, place)
  const what = place.path === '' ? '' : `${place.path}: `
  const same = from.kind === 'union' && to.kind === 'union'
  draft.impossible.push(same ? `${what}the union differs` : `${what}${phraseOf(from)} cannot become ${phraseOf(to)}`)
}

type StructType = LayoutType & { readonly kind: 'struct' | 'union' }
type ArrayType = LayoutType & { readonly kind: 'array' }
type NumberType = LayoutType & { readonly kind: 'integer' | 'enum' | 'bool' }

const isNumber = (type: LayoutType): type is NumberType =>
  type.kind === 'integer' || type.kind === 'enum' || type.kind === 'bool'

function copySame(draft: Draft, type: LayoutType, { from, to }: Place): void {
  draft.copy(from, to, type.size)
  if (type.kind === 'integer') draft.counters.push({ from, to, fromSize: type.size, toSize: type.size })
}

function convertMembers(
  draft: Draft,
  pair: { readonly from: StructType; readonly to: StructType },
  place: Place,
): void {
  const before = membersByName(pair.from.members)
  const after = membersByName(pair.to.members)
  const pathOf = (name: string): string => (place.path === '' ? name : `${place.path}.${name}`)
  for (const [name, to] of after) {
    const from = before.get(name)
    if (from) convertMember(draft, { from, to }, { ...place, path: pathOf(name) })
  }
  for (const name of before.keys()) if (!after.has(name)) draft.dropped.push(pathOf(name))
}

function convertMember(
  draft: Draft,
  { from, to }: { readonly from: LayoutMember; readonly to: LayoutMember },
  place: Place,
): void {
  if (from.bitSize === 0 && to.bitSize === 0) {
    const inner = { from: place.from + from.bitOffset / 8, to: place.to + to.bitOffset / 8, path: place.path }
    return convert(draft, { from: from.type, to: to.type }, inner)
  }
  const [narrow, wide] = [from.type, to.type]
  if (!isNumber(narrow) || !isNumber(wide)) {
    draft.impossible.push(`${place.path}: a bit field cannot become ${phraseOf(wide)}`)
    return
  }
  const fromWidth = from.bitSize || narrow.size * 8
  const toWidth = to.bitSize || wide.size * 8
  const signed = isSigned(narrow)
  noteLoss(draft, { from: { bits: fromWidth, type: narrow }, to: { bits: toWidth, type: wide } }, place.path)
  draft.add({
    kind: 'bits',
    from: place.from * 8 + from.bitOffset,
    to: place.to * 8 + to.bitOffset,
    fromWidth,
    toWidth,
    signed,
  })
}

function convertElements(draft: Draft, pair: { readonly from: ArrayType; readonly to: ArrayType }, place: Place): void {
  const { from, to } = pair
  const length = Math.min(from.length, to.length)
  if (from.length > to.length) draft.lossy.push(`${place.path || 'it'}: ${phraseOf(from)} becomes ${phraseOf(to)}`)
  // Bytes in a row are one move, and nobody counts in them.
  if (from.element.text === to.element.text && from.element.size === 1) return draft.copy(place.from, place.to, length)
  const one = new Draft()
  convert(one, { from: from.element, to: to.element }, { from: 0, to: 0, path: `${place.path}[]` })
  draft.repeat(one, length, {
    from: { start: place.from, step: from.element.size },
    to: { start: place.to, step: to.element.size },
  })
}

function convertNumber(
  draft: Draft,
  { from, to }: { readonly from: NumberType; readonly to: NumberType },
  { from: at, to: target, path }: Place,
): void {
  noteLoss(draft, { from: { bits: from.size * 8, type: from }, to: { bits: to.size * 8, type: to } }, path)
  if (from.kind === 'integer' && to.kind === 'integer')
    draft.counters.push({ from: at, to: target, fromSize: from.size, toSize: to.size })
  if (from.size === to.size) return draft.copy(at, target, from.size)
  draft.add({
    kind: 'resize',
    from: at,
    to: target,
    fromSize: from.size,
    toSize: to.size,
    signed: isSigned(from),
  })
}

const isSigned = (type: NumberType): boolean => type.kind !== 'bool' && type.signed

interface Width {
  readonly bits: number
  readonly type: NumberType
}

/** An integer survives in one of at least its bits, and of its sign (or with a bit more). */
function noteLoss(draft: Draft, { from, to }: { readonly from: Width; readonly to: Width }, path: string): void {
  const [before, after] = [isSigned(from.type), isSigned(to.type)]
  const fits = before === after ? to.bits >= from.bits : before ? false : to.bits > from.bits
  const truth = to.type.kind === 'bool' && from.type.kind !== 'bool'
  if (fits && !truth) return
  const phrase = ({ bits, type }: Width): string =>
    bits === type.size * 8 ? phraseOf(type) : `${phraseOf(type)}:${bits}`
  draft.lossy.push(`${path || 'it'}: ${phrase(from)} becomes ${phrase(to)}`)
}

/** Structs that the kernel gives a meaning by their names: locks, timers, lists and what they hold. */
const specialStructs = new Set([
  'bpf_spin_lock',
  'bpf_res_spin_lock',
  'bpf_timer',
  'bpf_wq',
  'bpf_task_work',
  'bpf_list_head',
  'bpf_list_node',
  'bpf_rb_root',
  'bpf_rb_node',
  'bpf_refcount',
])

function specialsOf(type: LayoutType): readonly string[] {
  if (type.kind === 'pointer') return type.tag === '' ? [] : [type.tag]
  if (type.kind === 'array') return specialsOf(type.element)
  if (type.kind !== 'struct' && type.kind !== 'union') return []
  if (specialStructs.has(type.name)) return [type.name]
  return type.members.flatMap((member) => specialsOf(member.type))
}
