import { essentialName } from '../../btf/flavour.ts'
import type { TypeSource } from '../btf/type-source.ts'
import { areTypesCompatible } from '../core/compatible.ts'
import { Budget, CoreFailure } from '../core/core-failure.ts'
import type { KernelTypes } from '../kernel-btf/kernel-types.ts'
import type { LinkProblem } from '../link/link-problem.ts'
import type { LinkTarget } from '../link/link-target.ts'
import type { ObjectFile } from '../object-file.ts'
import type { KernelExtern } from './extern.ts'

/** What a kernel has of a name. */
export type FoundExtern =
  | { readonly kind: 'address'; readonly address: bigint }
  /** A function or variable by its id in the BTF of vmlinux or of a module. */
  | { readonly kind: 'type'; readonly id: number; readonly module?: string }
  | { readonly kind: 'missing' }

export interface ExternProblem {
  readonly kind: 'problem'
  readonly problem: LinkProblem
}

interface Question {
  readonly object: ObjectFile
  readonly target: LinkTarget
}

/** Looks a variable or function up in the kernel; one that is weak may be missing. */
export function findExtern(extern: KernelExtern, question: Question): FoundExtern | ExternProblem {
  return extern.typeId === undefined ? findSymbol(extern, question) : findTyped(extern, question)
}

/** By its address in /proc/kallsyms. */
function findSymbol(extern: KernelExtern, { object, target }: Question): FoundExtern | ExternProblem {
  const found = target.symbols?.find(extern.name, untypedNames(object))
  if (!found) return missing(extern, `the kernel symbol ${extern.name}, which ${kernelOf(target)} does not have`)
  if (found.ambiguous) return problem(`the kernel symbol ${extern.name}, of which ${kernelOf(target)} has several`)
  if (found.address === 0n) {
    const hint = 'it needs CAP_SYSLOG, and kernel.kptr_restrict below 2'
    return problem(`the address of the kernel symbol ${extern.name}, which the kernel hides`, hint)
  }
  return { kind: 'address', address: found.address }
}

/** One pass over kallsyms serves all of an object. */
const untypedNames = ({ externs }: ObjectFile): ReadonlySet<string> =>
  new Set([...externs.values()].flatMap((it) => (it.kind !== 'config' && it.typeId === undefined ? [it.name] : [])))

function findTyped(extern: KernelExtern, { object, target }: Question): FoundExtern | ExternProblem {
  const what = extern.kind === 'function' ? 'kernel function' : 'kernel variable'
  const vmlinux = target.btf?.vmlinux
  if (!vmlinux || !object.btf) {
    const hint = 'boot a kernel with CONFIG_DEBUG_INFO_BTF'
    return problem(`the ${what} ${extern.name}, and ${kernelOf(target)} has no BTF to find it by`, hint)
  }
  // Several prototypes of one function may stand side by side in an object.
  const name = extern.kind === 'function' ? essentialName(extern.name) : extern.name
  for (const [types, module] of sources(target)) {
    const [id] = types.find(extern.kind, name)
    if (id === undefined) continue
    if (isSameType(extern, object.btf.types, { types, id }))
      return { kind: 'type', id, ...(module === undefined ? {} : { module }) }
    return missing(
      extern,
      `the ${what} ${extern.name}, which ${kernelOf(target)} has with another ${typeWords[extern.kind]}`,
    )
  }
  return missing(extern, `the ${what} ${extern.name}, which ${kernelOf(target)} does not have`)
}

const typeWords = { function: 'prototype', variable: 'type' } as const

interface KernelPlace {
  readonly types: KernelTypes
  readonly id: number
}

/** As CO-RE compares types; what is only declared in the object (`struct x;`) is not the kernel's struct. */
function isSameType({ typeId = 0 }: KernelExtern, local: TypeSource, { types, id }: KernelPlace): boolean {
  const theirs = types.get(id)
  const both = { local, target: types, budget: new Budget() }
  try {
    if (theirs.kind === 'function') return areTypesCompatible(both, typeId, theirs.prototype)
    return theirs.kind === 'variable' && areTypesCompatible(both, local.resolve(typeId).id, types.resolve(theirs.to).id)
  } catch (error) {
    if (error instanceof CoreFailure) return false
    throw error
  }
}

/** vmlinux first, then the modules. */
function* sources({ btf }: LinkTarget) {
  if (!btf?.vmlinux) return
  yield [btf.vmlinux, undefined] as const
  for (const types of btf.modules()) yield [types, types.name] as const
}

const missing = ({ weak }: KernelExtern, what: string): FoundExtern | ExternProblem =>
  weak ? { kind: 'missing' } : problem(what, optional)

const optional =
  'a module that is not loaded may have it, or a kernel built otherwise; declare it __weak and test for it (bpf_ksym_exists()) where the program can do without'

const problem = (needs: string, hint?: string): ExternProblem => ({
  kind: 'problem',
  problem: { code: 'O204', what: `it needs ${needs}`, ...(hint === undefined ? {} : { hint }) },
})

const kernelOf = ({ machine }: LinkTarget): string => (machine ? `Linux ${machine.release}` : 'this kernel')
