import type { LinkTarget } from '../link/link-target.ts'

/** Values of the names that no configuration file has, as far as they are wanted and can be told of a kernel. */
export function virtualConfig(names: ReadonlySet<string>, target: LinkTarget): ReadonlyMap<string, number> {
  const values = new Map<string, number>()
  for (const [name, read] of Object.entries(readers)) {
    const value = names.has(name) ? read(target) : undefined
    if (value !== undefined) values.set(name, Number(value))
  }
  return values
}

const readers: Readonly<Record<string, (target: LinkTarget) => number | boolean | undefined>> = {
  LINUX_KERNEL_VERSION: ({ machine }) => machine?.version,
  LINUX_HAS_BPF_COOKIE: hasBpfCookie,
  LINUX_HAS_SYSCALL_WRAPPER: hasSyscallWrapper,
}

/** bpf_get_attach_cookie (Linux 5.15): the kernel's BTF lists its helpers. */
function hasBpfCookie({ btf }: LinkTarget): boolean | undefined {
  const types = btf?.vmlinux
  const helpers = types?.find('enum', 'bpf_func_id').map((id) => types.get(id))
  return helpers?.some((type) => type.kind === 'enum' && type.values.some(({ name }) => name === cookieHelper))
}

const cookieHelper = 'BPF_FUNC_get_attach_cookie'

/** Since Linux 4.17 system calls of some machines are wrapped; libbpf finds out by a kprobe, so without kprobes it says no. */
function hasSyscallWrapper({ symbols }: LinkTarget): boolean {
  const wrappers = prefixes.map((prefix) => `__${prefix}_sys_bpf`)
  const names = ['register_kprobe', ...wrappers]
  const has = (name: string): boolean => symbols?.find(name, names) !== undefined
  return has('register_kprobe') && wrappers.some(has)
}

/** How each machine's wrappers begin. */
const prefixes = ['x64', 'ia32', 's390x', 's390', 'arm64', 'arm', 'mips', 'riscv', 'powerpc', 'powerpc64']
