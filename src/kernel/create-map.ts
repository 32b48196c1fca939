import type { Machine } from '../model/machine.ts'
import { mapCreateAttr } from './attr-map.ts'
import { findStructOpsValue } from './btf-ids.ts'
import { kernelError } from './errno.ts'
import type { MapCreate } from './kernel.ts'
import { ModuleBtf } from './module-btf.ts'
import { tryBpf } from './syscall.ts'

/** BPF_MAP_CREATE; the descriptor. The KernelError of a refusal names what was asked for. */
export function createMap(request: MapCreate, machine: Machine): number {
  if (request.structOps !== undefined) return createStructOps(request, request.structOps, machine)
  const { btf, ...plain } = request
  const described = tryBpf('BPF_MAP_CREATE', mapCreateAttr(request))
  if (described >= 0) return described
  // A key or value type that the kernel does not want to see (an LPM trie's key that is no struct) is no reason to fail:
  // BTF only describes. When it was not the BTF, this fails too and tells why.
  const result = btf ? tryBpf('BPF_MAP_CREATE', mapCreateAttr(plain)) : described
  if (result >= 0) return result
  throw refusal(request, -result)
}

function createStructOps(request: MapCreate, struct: string, machine: Machine): number {
  const { id, module } = findStructOpsValue(struct, machine)
  using modules = new ModuleBtf(module === undefined ? [] : [module])
  const [fd] = modules.fds
  const result = tryBpf('BPF_MAP_CREATE', mapCreateAttr(request, fd === undefined ? { id } : { id, module: fd }))
  if (result >= 0) return result
  const isLinked = (request.shape.flags & BPF_F_LINK) !== 0
  throw refusal(request, -result, isLinked ? 'structs of functions are attached by links from Linux 6.4 on' : undefined)
}

const BPF_F_LINK = 1 << 13

function refusal({ name, shape }: MapCreate, errno: number, hint?: string): Error {
  const { type, keySize, valueSize, maxEntries, flags } = shape
  const asked = `${maxEntries} entries of ${keySize} + ${valueSize} bytes, flags 0x${flags.toString(16)}`
  return kernelError({
    command: 'BPF_MAP_CREATE',
    errno,
    doing: `create map ${name}`,
    target: name,
    asked: `${type} of ${asked}`,
    ...(hint === undefined ? {} : { hint }),
  })
}
