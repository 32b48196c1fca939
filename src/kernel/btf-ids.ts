import type { BtfIndex } from '../btf/btf-index.ts'
import { indexBtf } from '../btf/index-btf.ts'
import type { Machine } from '../model/machine.ts'
import type { ProgramType } from '../model/program-types.ts'
import { btfMembers } from './btf-members.ts'
import { kernelError } from './errno.ts'

/** A type of the running kernel. */
export interface KernelType {
  readonly id: number
  /** The module whose BTF has it; undefined where vmlinux does. */
  readonly module?: string
}

/** What an attachment by BTF is to the kernel. */
export interface KernelAttachment extends KernelType {
  /** Of a member of a struct of functions: its index, which stands in the place of the attach type. */
  readonly member?: number
}

type Types = Pick<Machine, 'vmlinuxBtf' | 'moduleNames' | 'moduleBtf'>

/**
 * A function of the kernel or a module (for a `btf_trace_` name a typedef), or `STRUCT.MEMBER` for a struct_ops program, as
 * `attach_btf_id` wants it. `MODULE:NAME` looks into that module only (`vmlinux:` is the kernel itself). Throws a KernelError: ENOENT where the kernel has no BTF, K105 where the name is not in it.
 */
export function findAttachment(name: string, type: ProgramType, machine: Types): KernelAttachment {
  const [struct = '', member = ''] = name.split('.')
  if (type === 'struct_ops') return findMember(struct, member, machine)
  const [, module, fn = name] = /^([^:]*):(.*)$/.exec(name) ?? []
  const kind = fn.startsWith('btf_trace_') ? BTF_KIND_TYPEDEF : BTF_KIND_FUNC
  return find({ name, ...functionWords(fn), machine, module }, (index) => index.find(kind, fn)[0])
}

type Words = Pick<Question, 'what' | 'hint'>

/** The kernel describes what a program can be attached to by functions that it names itself. */
function functionWords(name: string): Words {
  const row = prefixes.find(([prefix]) => name.startsWith(prefix))
  if (!row) return { what: `function ${name}`, hint: functionHint }
  const [prefix, what, hint] = row
  return { what: `${what} ${name.slice(prefix.length)}`, hint }
}

const prefixes = [
  ['btf_trace_', 'tracepoint', 'its tracepoints are the directories of /sys/kernel/tracing/events'],
  ['bpf_lsm_', 'LSM hook', 'its hooks are the functions bpf_lsm_... in /proc/kallsyms'],
  ['bpf_iter_', 'iterator', 'its iterators are the functions bpf_iter_... in /proc/kallsyms'],
] as const

const functionHint =
  'this kernel may have it under another name, or inlined (/proc/kallsyms): name another by `attachTarget:`, and where that is a function of a BPF program also `attachProgram:`; or leave this program out'

/** The type of the value of a struct_ops map. Throws like `findAttachment`. */
export function findStructOpsValue(struct: string, machine: Types): KernelType {
  const name = valueName(struct)
  return find({ name, what: `struct_ops ${struct}`, machine }, (index) => index.find(BTF_KIND_STRUCT, name)[0])
}

const valueName = (struct: string): string => `bpf_struct_ops_${struct}`

/** The struct that the value has, in whichever BTF that is. */
function findMember(struct: string, member: string, machine: Types): KernelAttachment {
  const question = { name: `${struct}.${member}`, what: `struct_ops ${struct} with a member ${member}`, machine }
  let position = -1
  const found = find(question, (index) => {
    const [value] = index.find(BTF_KIND_STRUCT, valueName(struct))
    const id = value && btfMembers(index, value).find(({ type }) => index.nameOf(type) === struct)?.type
    position = id === undefined ? -1 : btfMembers(index, id).findIndex(({ name }) => name === member)
    return position < 0 ? undefined : id
  })
  return { ...found, member: position }
}

interface Question {
  readonly name: string
  readonly what: string
  readonly hint?: string
  readonly machine: Types
  /** Where to look: a module or `vmlinux`; default everywhere. */
  readonly module?: string | undefined
}

function find(
  { name, what, hint, machine, module: only }: Question,
  lookUp: (index: BtfIndex) => number | undefined,
): KernelType {
  const failure = { command: 'open', errno: 'ENOENT', doing: `find ${name} in the kernel's BTF`, target: name }
  const bytes = machine.vmlinuxBtf()
  if (!bytes) throw kernelError({ ...failure, what: 'this kernel does not describe its types (CONFIG_DEBUG_INFO_BTF)' })
  const vmlinux = indexBtf(bytes, { name: 'vmlinux' })
  const isWanted = (owner: string): boolean => only === undefined || only === owner
  const id = isWanted('vmlinux') ? lookUp(vmlinux) : undefined
  if (id !== undefined) return { id }
  for (const module of machine.moduleNames().filter(isWanted)) {
    const split = machine.moduleBtf(module)
    const inside = split && lookUp(indexBtf(split, { name: module, base: vmlinux }))
    if (inside !== undefined) return { id: inside, module }
  }
  const owner = only === undefined || only === 'vmlinux' ? 'this kernel' : `the module ${only} is not loaded, or`
  throw kernelError({ ...failure, what: `${owner} has no ${what}`, hint, code: 'K105' })
}

const BTF_KIND_STRUCT = 4
const BTF_KIND_TYPEDEF = 8
const BTF_KIND_FUNC = 12
