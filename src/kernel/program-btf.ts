import { BtfIndex } from '../btf/btf-index.ts'
import { loadAddon } from './addon.ts'
import { idAttr } from './attr-object.ts'
import { kernelError } from './errno.ts'
import { readInfoAlone } from './info.ts'
import type { Fd } from './kernel.ts'
import { btfBytes } from './loaded-btf.ts'
import { bpf } from './syscall.ts'

/**
 * Id of a function in the BTF that a program was loaded with, as `attach_btf_id` wants it of what extends or traces that
 * program. Throws a KernelError: K105 where the program has no BTF, or no such function.
 */
export function programFunctionId(program: Fd<'program'>, name: string): number {
  const info = readInfoAlone(program)
  const btfId = info.kind === 'program' ? info.btfId : 0
  const failure = { command: 'BPF_OBJ_GET_INFO_BY_FD', errno: 'ENOENT', target: name, code: 'K105' }
  const doing = `find ${name} in program #${info.id}`
  if (btfId === 0)
    throw kernelError({
      ...failure,
      doing,
      what: `program #${info.id} was loaded without BTF`,
      hint: 'compile it with -g',
    })
  const [id] = new BtfIndex(readBtf(btfId), { name: `program #${info.id}` }).find(BTF_KIND_FUNC, name)
  if (id === undefined)
    throw kernelError({
      ...failure,
      doing,
      what: `program #${info.id} has no function ${name}`,
      hint: 'name another by `attachTarget:`',
    })
  return id
}

const BTF_KIND_FUNC = 12

function readBtf(id: number): Uint8Array {
  const fd = bpf('BPF_BTF_GET_FD_BY_ID', idAttr(id), `open BTF #${id}`)
  try {
    return btfBytes(fd)
  } finally {
    loadAddon().close(fd)
  }
}
