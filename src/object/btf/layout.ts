import type { BtfTypes } from './btf-types.ts'
import type { Member } from './decode-type.ts'

const deepest = 64
const longest = 4 * 1024 * 1024

/**
 * Describes how a type lies in memory, as text: two types can stand in for each other iff their texts are equal. Typedefs
 * and qualifiers do not show, pointers are opaque but for those that the kernel keeps alive, enumerators do not count. Throws an
 * ObjectError (O040) for a type that is nested without end.
 */
export function describeLayout(types: BtfTypes, typeId: number): string {
  const budget = { left: longest }
  return describe({ types, budget, depth: 0 }, typeId)
}

interface Walk {
  readonly types: BtfTypes
  readonly budget: { left: number }
  readonly depth: number
}

function describe(walk: Walk, typeId: number): string {
  const text = describeOne({ ...walk, depth: walk.depth + 1 }, typeId)
  walk.budget.left -= text.length
  if (walk.depth > deepest || walk.budget.left < 0) {
    walk.types.fail('O040', 'a type is nested too deeply', typeId)
  }
  return text
}

function describeOne(walk: Walk, typeId: number): string {
  if (walk.depth > deepest + 1) return ''
  const { type } = walk.types.resolve(typeId)
  switch (type.kind) {
    case 'int':
      return type.bool ? `bool${bits(type)}` : `${type.signed ? 's' : 'u'}${bits(type)}`
    case 'enum':
      return `enum${type.signed ? 's' : 'u'}${type.size * 8}`
    case 'float':
      return `f${type.size * 8}`
    case 'pointer':
      return `pointer${kernelPointer(walk.types, type.to)}`
    case 'array':
      return `${describe(walk, type.element)}[${type.length}]`
    case 'struct':
    case 'union':
      return `${type.kind}${kernelName(type.name)} ${type.size}{${memberTexts(walk, type.members)}}`
    case 'section':
      return `section ${type.size}{${sectionTexts(walk, type.variables)}}`
    case 'variable':
      return `${type.name}:${describe(walk, type.to)}`
    default:
      return type.kind
  }
}

/** The bit width, which says the size as well. */
const bits = (type: { readonly size: number; readonly bits: number }): number => type.bits || type.size * 8

/** The kernel gives structs such as bpf_timer and bpf_spin_lock a meaning by their names. */
const kernelName = (name: string): string => (name.startsWith('bpf_') ? ` ${name}` : '')

/** What the kernel keeps alive for a map (`__kptr` and its like) is said by a type tag. */
function kernelPointer(types: BtfTypes, to: number): string {
  const target = types.get(to)
  return target.kind === 'type-tag' && /^(percpu_)?k?u?ptr(_untrusted|_ref)?$/.test(target.name)
    ? ` ${target.name}`
    : ''
}

function memberTexts(walk: Walk, members: readonly Member[]): string {
  const text = (member: Member): string => {
    const place =
      member.bitOffset % 8 === 0 ? `${member.bitOffset / 8}` : `${member.bitOffset >> 3}.${member.bitOffset & 7}`
    const width = member.bitSize === 0 ? '' : `/${member.bitSize}`
    return `${member.name}:${describe(walk, member.type)}${width}@${place}`
  }
  return members.map(text).join(',')
}

function sectionTexts(walk: Walk, variables: readonly { readonly type: number; readonly offset: number }[]): string {
  return variables.map(({ type, offset }) => `${describe(walk, type)}@${offset}`).join(',')
}
