import type { InitialContents, MapSpec } from '../model/map-spec.ts'
import { type LinkedStructOps, linkStructOps } from '../object/link/link-struct-ops.ts'
import { complain, type FoundMap, type LoadedObject, type Reading } from './desired-reading.ts'

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

/** Maps that come with their programs: all of their members are wanted, and their section does not say otherwise. */
export const comesAlong = (spec: MapSpec, isWanted: (program: string) => boolean): boolean =>
  spec.contents.kind === 'members' && spec.autoload !== false && [...spec.contents.slots.values()].every(isWanted)
