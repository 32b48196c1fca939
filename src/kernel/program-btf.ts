import { BtfIndex } from '../btf/btf-index.ts'
import { loadAddon } from './addon.ts'
import { idAttr, infoLayout } from './attr-object.ts'
import { kernelError } from './errno.ts'
import { readInfoAlone } from './info.ts'
import type { Fd } from './kernel.ts'
import { encode, littleEndian, struct } from './layout.ts'
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
  if (btfId === 0) throw kernelError({ ...failure, doing, what: 'the program was loaded without BTF' })
  const [id] = new BtfIndex(readBtf(btfId), { name: `program #${info.id}` }).find(BTF_KIND_FUNC, name)
  if (id === undefined) throw kernelError({ ...failure, doing, what: 'the program has no such function' })
  return id
}

const BTF_KIND_FUNC = 12

/** `struct bpf_btf_info`, as far as its bytes are concerned. */
const btfBytesLayout = struct({ btf: 'pointer', btf_size: { count: 'btf' } })

/** Asks for the size first, then for the bytes. */
function readBtf(id: number): Uint8Array {
  const fd = bpf('BPF_BTF_GET_FD_BY_ID', idAttr(id), `open BTF #${id}`)
  try {
    const size = describe(fd, new Uint8Array(0))
    const bytes = new Uint8Array(size)
    describe(fd, bytes)
    return bytes
  } finally {
    loadAddon().close(fd)
  }
}

function describe(fd: number, bytes: Uint8Array): number {
  const info = encode(btfBytesLayout, { btf: bytes })
  loadAddon().point(info.bytes, info.pointers)
  bpf('BPF_OBJ_GET_INFO_BY_FD', encode(infoLayout, { bpf_fd: fd, info: info.bytes }), 'read BTF')
  return info.view.getUint32(btfBytesLayout.at.btf_size, littleEndian)
}
