import { loadAddon } from './addon.ts'
import { idAttr, infoLayout, nextId } from './attr-object.ts'
import { kernelError } from './errno.ts'
import { type Attr, encode, littleEndian, struct, textAt } from './layout.ts'
import { bpf, is, tryBpf } from './syscall.ts'

/** BTF that the kernel itself brings, vmlinux or a module. */
export interface KernelBtf {
  readonly name: string
  /** Whoever takes it has to close it. */
  readonly fd: number
}

/** All of it, vmlinux first. Throws a KernelError: EPERM without CAP_SYS_ADMIN. Linux 5.11. */
export function* kernelBtf(): Generator<KernelBtf> {
  for (let id = 0; ; ) {
    const next = idAttr(id)
    const result = tryBpf('BPF_BTF_GET_NEXT_ID', next)
    if (is(result, 'ENOENT')) return
    if (result < 0) throw kernelError({ command: 'BPF_BTF_GET_NEXT_ID', errno: -result, doing: 'list BTF' })
    id = nextId(next)
    const fd = tryBpf('BPF_BTF_GET_FD_BY_ID', idAttr(id))
    if (fd < 0) continue
    const name = kernelNameOf(fd)
    if (name === undefined) loadAddon().close(fd)
    else yield { name, fd }
  }
}

/**
 * BTF of vmlinux by one call: /sys/kernel/btf/vmlinux has the same bytes, but gives 4 KiB to a read. Undefined where this user may not
 * ask for it, or the kernel has not loaded it yet.
 */
export function loadedVmlinuxBtf(): Uint8Array | undefined {
  const fd = tryBpf('BPF_BTF_GET_FD_BY_ID', idAttr(firstId))
  if (fd < 0) return undefined
  try {
    return kernelNameOf(fd) === 'vmlinux' ? btfBytes(fd) : undefined
  } finally {
    loadAddon().close(fd)
  }
}

const firstId = 1

/** The bytes of BTF: asks for their number first. */
export function btfBytes(fd: number): Uint8Array {
  const size = describe(fd, encode(bytesLayout, { btf: new Uint8Array(0) })).getUint32(
    bytesLayout.at.btf_size,
    littleEndian,
  )
  const bytes = new Uint8Array(size)
  describe(fd, encode(bytesLayout, { btf: bytes }))
  return bytes
}

/** `struct bpf_btf_info`, as far as its bytes are concerned. */
const bytesLayout = struct({ btf: 'pointer', btf_size: { count: 'btf' } })

/** `struct bpf_btf_info`. */
const nameLayout = struct({
  btf: 'u64',
  btf_size: 'u32',
  id: 'u32',
  name: 'pointer',
  name_len: { count: 'name' },
  kernel_btf: 'u32',
})

/** Undefined for BTF that a program brought, as all of it is before Linux 5.11, which tells no names (E2BIG). */
function kernelNameOf(fd: number): string | undefined {
  const name = Buffer.alloc(64)
  const info = encode(nameLayout, { name })
  const result = tryBpf('BPF_OBJ_GET_INFO_BY_FD', questionOf(fd, info))
  if (is(result, 'E2BIG')) return undefined
  if (result < 0) throw kernelError({ command: 'BPF_OBJ_GET_INFO_BY_FD', errno: -result, doing: 'describe BTF' })
  const isKernels = info.view.getUint32(nameLayout.at.kernel_btf, littleEndian) !== 0
  return isKernels ? textAt(name, 0, name.length) : undefined
}

function describe(fd: number, info: Attr): DataView {
  bpf('BPF_OBJ_GET_INFO_BY_FD', questionOf(fd, info), 'describe BTF')
  return info.view
}

function questionOf(fd: number, info: Attr): Attr {
  loadAddon().point(info.bytes, info.pointers)
  return encode(infoLayout, { bpf_fd: fd, info: info.bytes })
}
