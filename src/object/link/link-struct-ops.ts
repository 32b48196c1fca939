import type { InitialContents } from '../../model/map-spec.ts'
import type { Member } from '../btf/decode-type.ts'
import type { TypeSource } from '../btf/type-source.ts'
import type { KernelTypes } from '../kernel-btf/kernel-types.ts'
import type { ObjectFile } from '../object-file.ts'
import type { LinkProblem } from './link-problem.ts'
import type { LinkTarget } from './link-target.ts'

/** A struct of functions as one kernel wants it. */
export interface LinkedStructOps {
  /** The value of the map: the kernel's header, and its struct with the members that the object gives; programs are zero. */
  readonly value: Uint8Array
  /** Programs by byte offset in the value. Members that the kernel does not have are left out. */
  readonly slots: ReadonlyMap<number, string>
  /** What each program is loaded for, `tcp_congestion_ops.ssthresh`; undefined for a member that the kernel lacks. */
  readonly attachments: ReadonlyMap<string, string | undefined>
  /** Why the map cannot be made. */
  readonly problems: readonly LinkProblem[]
}

type Members = Extract<InitialContents, { readonly kind: 'members' }>

/**
 * Lays a struct of functions out as the kernel (or the module that has it) does, members matched by name. Where nothing is known
 * of the kernel it stays as compiled. Throws an ObjectError for damaged BTF.
 */
export function linkStructOps(
  contents: Members,
  { btf }: ObjectFile,
  target: Pick<LinkTarget, 'btf'>,
): LinkedStructOps {
  const found = target.btf && findStruct(target.btf, contents.type)
  if (!btf) return broken('its object has no BTF')
  if (!target.btf) return asCompiled(contents, btf.types)
  if (!found) return broken(`this kernel has no struct_ops of type ${contents.type}`)
  return layOut(contents, btf.types, found)
}

const broken = (what: string): LinkedStructOps => ({
  value: new Uint8Array(),
  slots: new Map(),
  attachments: new Map(),
  problems: [problem(what)],
})

const problem = (what: string): LinkProblem => ({ code: 'O230', what })

/** A struct of the kernel, and the value of a map that holds it. */
interface KernelStruct {
  readonly types: TypeSource
  readonly members: readonly Member[]
  readonly valueSize: number
  /** Byte offset of the struct in the value. */
  readonly offset: number
}

function findStruct(btf: NonNullable<LinkTarget['btf']>, type: string): KernelStruct | undefined {
  const { vmlinux } = btf
  const found = vmlinux && structIn(vmlinux, type)
  if (found) return found
  for (const module of btf.modules()) {
    const inside = structIn(module, type)
    if (inside) return inside
  }
  return undefined
}

/** A module's value may hold a struct of vmlinux. */
function structIn(types: KernelTypes, type: string): KernelStruct | undefined {
  const value = types.get(types.find('struct', `bpf_struct_ops_${type}`)[0] ?? 0)
  if (value.kind !== 'struct') return undefined
  for (const { type: id, bitOffset } of value.members) {
    const struct = types.get(id)
    if (struct.kind === 'struct' && struct.name === type)
      return { types, members: struct.members, valueSize: value.size, offset: bitOffset / 8 }
  }
  return undefined
}

/** The header of every value and its padding, as kernels have them. */
const cacheLine = 64

function asCompiled(contents: Members, types: TypeSource): LinkedStructOps {
  const struct = types.get(contents.typeId)
  const members = struct.kind === 'struct' ? struct.members : []
  const valueSize = Math.ceil((cacheLine + contents.bytes.length) / cacheLine) * cacheLine
  return layOut(contents, types, { types, members, valueSize, offset: cacheLine })
}

function layOut(contents: Members, types: TypeSource, kernel: KernelStruct): LinkedStructOps {
  const struct = types.get(contents.typeId)
  const pairs = (struct.kind === 'struct' ? struct.members : []).map((member) => ({
    member,
    there: kernel.members.find(({ name }) => name === member.name),
    bytes: bytesOf(contents, types, member),
    program: contents.slots.get(member.name),
  }))
  const problems = pairs.flatMap(({ there, ...pair }) => {
    const what = there ? mismatch({ types, kernel, there, ...pair }) : lacking(contents, pair)
    return what === undefined ? [] : [problem(what)]
  })
  const value = new Uint8Array(kernel.valueSize)
  const slots = new Map<number, string>()
  for (const { member, there, bytes, program } of problems.length > 0 ? [] : pairs) {
    const at = kernel.offset + (there?.bitOffset ?? 0) / 8
    if (there && program !== undefined) slots.set(at, program)
    else if (there && types.resolve(member.type).type.kind !== 'pointer') value.set(bytes, at)
  }
  const { attachments, twice } = attach(contents.type, pairs)
  return { value, slots, attachments, problems: [...problems, ...twice] }
}

/** A member of the object's struct, and that of the kernel's with its name. */
interface Pair {
  readonly member: Member
  readonly there: Member | undefined
  readonly bytes: Uint8Array
  readonly program: string | undefined
}

/** A program is loaded for one member. */
function attach(
  type: string,
  pairs: readonly Pair[],
): { readonly attachments: Map<string, string | undefined>; readonly twice: LinkProblem[] } {
  const attachments = new Map<string, string | undefined>()
  const twice: LinkProblem[] = []
  for (const { member, there, program } of pairs) {
    if (program === undefined) continue
    const known = attachments.get(program)
    const attachment = there && `${type}.${member.name}`
    if (known && attachment) twice.push(problem(`${program} is both ${known} and ${attachment}`))
    attachments.set(program, known ?? attachment)
  }
  return { attachments, twice }
}

function bytesOf({ bytes }: Members, types: TypeSource, { type, bitOffset }: Member): Uint8Array {
  const at = Math.floor(bitOffset / 8)
  return bytes.subarray(at, at + (types.sizeOf(type) ?? 0))
}

const lacking = ({ type }: Members, { member, bytes }: Pick<Pair, 'member' | 'bytes'>): string | undefined =>
  bytes.some((byte) => byte !== 0)
    ? `the kernel's ${type} has no member ${member.name}, and the object sets it`
    : undefined

interface Match extends Pair {
  readonly types: TypeSource
  readonly kernel: KernelStruct
  readonly there: Member
}

/** What is different about a member that both have; what is not set may be anything. */
function mismatch({ types, member, kernel, there, bytes, program }: Match): string | undefined {
  const { name } = member
  if (member.bitSize !== 0 || there.bitSize !== 0) return `its member ${name} is a bit field`
  const [ours, theirs] = [types.resolve(member.type).type, kernel.types.resolve(there.type).type]
  if (ours.kind !== theirs.kind) return `its member ${name} is a ${ours.kind} in the object and a ${theirs.kind} here`
  if (theirs.kind === 'pointer') {
    const isFunction = kernel.types.resolve(theirs.to).type.kind === 'prototype'
    return program === undefined || isFunction ? undefined : `its member ${name} is no function here`
  }
  const size = kernel.types.sizeOf(there.type)
  if (size === bytes.length) return undefined
  return `its member ${name} has ${bytes.length} bytes in the object and ${size} in the kernel`
}
