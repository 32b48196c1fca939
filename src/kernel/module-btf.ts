import { loadAddon } from './addon.ts'
import { idAttr, infoLayout, nextId } from './attr-object.ts'
import { kernelError } from './errno.ts'
import { encode, littleEndian, struct, textAt } from './layout.ts'
import { bpf, is, tryBpf } from './syscall.ts'

/** Descriptors of the BTF of kernel modules, closed by `dispose`. Linux 5.11, CAP_SYS_ADMIN. */
export class ModuleBtf implements Disposable {
  /** In the order of the names. */
  readonly fds: readonly number[]
  readonly #opened = new Map<string, number>()

  /** Throws a KernelError: K105 for a module that is not loaded, or has no BTF. */
  constructor(names: readonly string[]) {
    try {
      if (names.length > 0) this.#open(new Set(names))
      this.fds = names.map((name) => this.#opened.get(name) ?? missing(name))
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  [Symbol.dispose](): void {
    for (const fd of this.#opened.values()) loadAddon().close(fd)
    this.#opened.clear()
  }

  #open(names: ReadonlySet<string>): void {
    for (const { name, fd } of kernelBtf()) {
      if (names.has(name) && !this.#opened.has(name)) this.#opened.set(name, fd)
      else loadAddon().close(fd)
    }
  }
}

function missing(name: string): never {
  throw kernelError({
    command: 'BPF_BTF_GET_FD_BY_ID',
    errno: 'ENOENT',
    doing: `find the BTF of module ${name}`,
    target: name,
    what: 'the module is not loaded, or was built without BTF',
    code: 'K105',
  })
}

/** Every BTF that the kernel itself brings: vmlinux and modules. Whoever takes one has to close it. */
function* kernelBtf(): Generator<{ readonly name: string; readonly fd: number }> {
  for (let id = 0; ; ) {
    const next = idAttr(id)
    if (is(tryBpf('BPF_BTF_GET_NEXT_ID', next), 'ENOENT')) return
    id = nextId(next)
    const fd = tryBpf('BPF_BTF_GET_FD_BY_ID', idAttr(id))
    if (fd < 0) continue
    const name = kernelNameOf(fd)
    if (name === undefined) loadAddon().close(fd)
    else yield { name, fd }
  }
}

/** `struct bpf_btf_info`. */
const btfInfoLayout = struct({
  btf: 'u64',
  btf_size: 'u32',
  id: 'u32',
  name: 'pointer',
  name_len: { count: 'name' },
  kernel_btf: 'u32',
})

/** Undefined for BTF that a program brought. */
function kernelNameOf(fd: number): string | undefined {
  const name = Buffer.alloc(64)
  const info = encode(btfInfoLayout, { name })
  loadAddon().point(info.bytes, info.pointers)
  bpf('BPF_OBJ_GET_INFO_BY_FD', encode(infoLayout, { bpf_fd: fd, info: info.bytes }), 'describe BTF')
  if (info.view.getUint32(btfInfoLayout.at.kernel_btf, littleEndian) === 0) return undefined
  return textAt(name, 0, name.length)
}
