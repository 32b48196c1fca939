import { type Instructions, pseudo, pseudoCall } from '../programs/instructions.ts'
import type { KernelExtern } from './extern.ts'
import type { FoundExtern } from './find-extern.ts'

/** An instruction that names something of the kernel. */
export interface BindSite {
  readonly instructions: Instructions
  /** Index of its first slot. */
  readonly at: number
  /** Modules that the program needs so far; its instructions name them by the place in this list, from 1 on. */
  readonly modules: string[]
}

/** libbpf's number for a call of a missing weak function: the verifier says `invalid func unknown#2002000013`. */
const missingFunctionBase = 2_002_000_000

/** Binds a call to a kfunc (Linux 5.13; of a module 5.17), or to nothing where the function is missing. */
export function bindCall({ instructions, at, modules }: BindSite, { order }: KernelExtern, found: FoundExtern): void {
  if (found.kind !== 'type') {
    instructions.setSource(at, pseudoCall.helper)
    instructions.setImmediate(at, missingFunctionBase + order)
    return
  }
  instructions.setSource(at, pseudoCall.kernel)
  instructions.setImmediate(at, found.id)
  if (found.module !== undefined) instructions.setOffset(at, placeOf(modules, found.module))
}

/** Binds a load of an address. A module's place in the second half becomes a descriptor of its BTF when the program is loaded. */
export function bindLoad({ instructions, at, modules }: BindSite, found: FoundExtern): void {
  if (found.kind === 'type') {
    instructions.setSource(at, pseudo.btfId)
    instructions.setImmediate(at, found.id)
    instructions.setImmediate(at + 1, found.module === undefined ? 0 : placeOf(modules, found.module))
    return
  }
  const address = found.kind === 'address' ? found.address : 0n
  instructions.setSource(at, 0)
  instructions.setImmediate(at, Number(BigInt.asIntN(32, address)))
  instructions.setImmediate(at + 1, Number(BigInt.asIntN(32, address >> 32n)))
}

/** Entry 0 of the kernel's list is vmlinux. */
function placeOf(modules: string[], module: string): number {
  if (!modules.includes(module)) modules.push(module)
  return modules.indexOf(module) + 1
}
