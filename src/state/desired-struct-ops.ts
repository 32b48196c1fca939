import type { ProgramAddress } from '../model/address.ts'
import type { LinkTarget } from '../model/link-spec.ts'
import type { InitialContents, MapShape, MapSpec } from '../model/map-spec.ts'
import type { MapContents } from '../model/state.ts'
import { type LinkedStructOps, linkStructOps } from '../object/link/link-struct-ops.ts'
import { toHex } from '../util/hex.ts'
import { complain, type FoundMap, type LoadedObject, type Reading } from './desired-reading.ts'
import type { ContentsQuestion } from './map-question.ts'

type Members = Extract<InitialContents, { readonly kind: 'members' }>

/** What says what a struct_ops program is loaded for. */
export interface MemberQuestion {
  readonly object: LoadedObject
  /** Name of the program in the object. */
  readonly program: string
}

/** What nothing tells of a program is a sentence's end. */
export type Attachment = { readonly name: string } | { readonly problem: string }

/** Finds the member of a kernel's struct that a program is loaded for, by the struct_ops maps of its object. */
export function attachmentOf(reading: Reading, { object, program }: MemberQuestion): Attachment {
  const found = new Set<string>()
  let lacking: string | undefined
  for (const contents of structsWith(object, program)) {
    const { attachments, problems } = linkStructOps(contents, object.file, reading.linkTarget)
    const attachment = attachments.get(program)
    if (attachment !== undefined) found.add(attachment)
    else lacking ??= problems[0]?.what ?? `this kernel's ${contents.type} has no such member`
  }
  const [name, other] = [...found]
  if (other !== undefined) return { problem: `it is both ${name} and ${other}, and a program is loaded for one member` }
  if (name !== undefined) return { name }
  return {
    problem: lacking ?? `no variable in .struct_ops or .struct_ops.link of ${object.file.name} has it as a member`,
  }
}

const structsWith = ({ file }: LoadedObject, program: string): readonly Members[] =>
  file.maps.flatMap(({ contents }) =>
    contents.kind === 'members' && [...contents.slots.values()].includes(program) ? [contents] : [],
  )

/** A struct_ops map as the kernel has it; undefined for a map of another type, or one that is complained about. */
export function linkMembers(
  reading: Reading,
  map: FoundMap,
  { object, spec }: { readonly object: LoadedObject; readonly spec: MapSpec },
): LinkedStructOps | undefined {
  if (spec.contents.kind !== 'members') return undefined
  const linked = linkStructOps(spec.contents, object.file, reading.linkTarget)
  for (const { code, what, hint } of linked.problems) {
    const path = map.declared ? ['maps', map.name] : ['objects', object.name]
    complain(reading, code, { detail: `cannot create ${map.address}: ${what}`, hint, address: map.address, path })
  }
  return linked.problems.length === 0 ? linked : undefined
}

/** BPF_F_LINK. Linux 6.4. */
const attachedByLink = 1 << 13

/**
 * The shape of a struct_ops map. One that a link attaches is made for that, whatever its section: without BPF_F_LINK writing it
 * would register it at once, which an apply could neither prepare nor take back.
 */
export function structShape(
  { loaded }: Reading,
  { name }: FoundMap,
  { shape, linked }: { readonly shape: MapShape; readonly linked: LinkedStructOps },
): MapShape {
  const links = [...loaded.manifest.links.values()]
  const isAttached = links.some(({ attach }) => attach?.kind === 'struct_ops' && attach.map === name)
  return { ...shape, valueSize: linked.value.length, flags: shape.flags | (isAttached ? attachedByLink : 0) }
}

/** What a struct_ops map has to hold: nothing where nobody could attach it. */
export function readMembers(reading: Reading, question: ContentsQuestion): MapContents {
  const { linked, shape, map, object, programs } = question
  if (!linked || (shape.flags & attachedByLink) === 0) return { kind: 'runtime' }
  const slots = new Map<number, ProgramAddress>()
  for (const [at, fn] of linked.slots) {
    const program = programs.find((found) => found.object === object && found.spec.name === fn)
    if (program) slots.set(at, program.address)
    else complainUndeclared(reading, { map, object }, fn)
  }
  return { kind: 'members', value: toHex(linked.value), slots }
}

/** One that is declared but not found has its complaint. */
function complainUndeclared(
  reading: Reading,
  { map, object }: Pick<ContentsQuestion, 'map' | 'object'>,
  fn: string,
): void {
  if ([...reading.loaded.manifest.programs.values()].some((program) => program.function === fn)) return
  complain(reading, 'M214', {
    detail: `cannot fill ${map.address}: ${object.file.name} has ${fn} as a member of it, and the manifest does not declare that program`,
    hint: `add \`${fn}: {}\` under \`programs:\``,
    address: map.address,
    path: map.declared ? ['maps', map.name] : ['programs'],
  })
}

/** Where a struct is attached: the kernel's struct, and the name that its value has there. */
export function structTarget({ object, spec }: FoundMap): LinkTarget | undefined {
  if (!object || spec?.contents.kind !== 'members') return undefined
  const { type, typeId, bytes } = spec.contents
  const struct = object.file.btf?.types.get(typeId)
  const name = struct?.kind === 'struct' ? struct.members.find((member) => naming.has(member.name)) : undefined
  const text =
    name &&
    Buffer.from(bytes.subarray(name.bitOffset / 8))
      .toString('latin1')
      .split('\0')[0]
  return { kind: 'struct_ops', type, ...(text ? { name: text } : {}) }
}

/** Members by which kernels tell structs of one type apart. */
const naming: ReadonlySet<string> = new Set(['name', 'id'])

/** Maps that come with their programs: all of their members are wanted, and their section does not say otherwise. */
export const comesAlong = (spec: MapSpec, isWanted: (program: string) => boolean): boolean =>
  spec.contents.kind === 'members' && spec.autoload !== false && [...spec.contents.slots.values()].every(isWanted)
