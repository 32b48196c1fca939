import { type LayoutMember, type LayoutType, parseLayout } from './parse-layout.ts'

/** One field that is not the same on both sides; a side that does not have it is undefined. */
export interface FieldDifference {
  /** Path of names and array brackets: `stats.packets`, `rules[].action`; empty for the whole. */
  readonly field: string
  readonly live: string | undefined
  readonly wanted: string | undefined
}

/** The fields in which two canonical layouts differ, in the order of the wanted one; none for equal texts. */
export function diffLayout(live: string, wanted: string): readonly FieldDifference[] {
  if (live === wanted) return []
  const [before, after] = [parseLayout(live), parseLayout(wanted)]
  if (!before || !after) return [{ field: '', live, wanted }]
  const found = compare(before, after, '')
  // A field that only lies elsewhere, since another one grew, is no news beside that one.
  const changed = found.filter((difference) => !difference.moved)
  const shown = (changed.length > 0 ? changed : found).map(({ moved: _, ...difference }) => difference)
  return shown.length > 0 ? shown : [{ field: '', live: sized(before), wanted: sized(after) }]
}

/** A type in a few characters: `u32`, `u8[16]`, `struct of 24 bytes`. */
export function phraseOf(type: LayoutType): string {
  if (type.kind === 'array') return `${phraseOf(type.element)}[${type.length}]`
  if (type.kind !== 'struct' && type.kind !== 'union') return type.text
  return type.name === '' ? `${type.kind} of ${type.size} bytes` : `struct ${type.name}`
}

const sized = (type: LayoutType): string => `${type.size} bytes`

interface Difference extends FieldDifference {
  /** Only its place differs. */
  readonly moved: boolean
}

function compare(live: LayoutType, wanted: LayoutType, path: string): Difference[] {
  if (live.text === wanted.text) return []
  if (live.kind === 'struct' && wanted.kind === 'struct' && live.name === wanted.name)
    return compareMembers(live.members, wanted.members, path)
  if (live.kind === 'array' && wanted.kind === 'array' && live.length === wanted.length)
    return compare(live.element, wanted.element, `${path}[]`)
  return [{ field: path, live: phraseOf(live), wanted: phraseOf(wanted), moved: false }]
}

function compareMembers(live: readonly LayoutMember[], wanted: readonly LayoutMember[], path: string): Difference[] {
  const before = membersByName(live)
  const after = membersByName(wanted)
  const inside = (name: string): string => (path === '' ? name : `${path}.${name}`)
  const changed = [...after].flatMap(([name, member]): Difference[] => {
    const old = before.get(name)
    if (old) return compareMember(old, member, inside(name))
    return [{ field: inside(name), live: undefined, wanted: memberPhrase(member), moved: false }]
  })
  const removed = [...before]
    .filter(([name]) => !after.has(name))
    .map(([name, member]) => ({ field: inside(name), live: memberPhrase(member), wanted: undefined, moved: false }))
  return [...changed, ...removed]
}

function compareMember(live: LayoutMember, wanted: LayoutMember, path: string): Difference[] {
  if (live.bitSize !== wanted.bitSize)
    return [{ field: path, live: memberPhrase(live), wanted: memberPhrase(wanted), moved: false }]
  const inside = compare(live.type, wanted.type, path)
  if (inside.length > 0 || live.bitOffset === wanted.bitOffset) return inside
  return [{ field: path, live: placed(live), wanted: placed(wanted), moved: true }]
}

const memberPhrase = ({ type, bitSize }: LayoutMember): string =>
  bitSize === 0 ? phraseOf(type) : `${phraseOf(type)}:${bitSize}`

const placed = (member: LayoutMember): string => {
  const { bitOffset } = member
  const bit = bitOffset % 8 === 0 ? '' : `, bit ${bitOffset % 8}`
  return `${memberPhrase(member)} at byte ${bitOffset >> 3}${bit}`
}

/**
 * Members by the name that tells them from others: those of an anonymous struct count as the outer one's own, as in C, and
 * an anonymous union goes by what it offers.
 */
export function membersByName(members: readonly LayoutMember[], base = 0): Map<string, LayoutMember> {
  const found = new Map<string, LayoutMember>()
  for (const member of members) {
    const bitOffset = base + member.bitOffset
    const { type } = member
    const isStruct = type.kind === 'struct'
    if (member.name === '' && isStruct) {
      for (const [name, inner] of membersByName(type.members, bitOffset)) found.set(name, inner)
    } else if (member.name === '' && type.kind === 'union') {
      found.set([...membersByName(type.members).keys()].join('|'), { ...member, bitOffset })
    } else found.set(member.name, { ...member, bitOffset })
  }
  return found
}
