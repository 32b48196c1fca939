/** What a kernel says of itself, as far as code depends on it. Each part is read when it is first asked for, and once. */
export interface Machine {
  /** As uname tells it: `6.18.5-amd64`. */
  readonly release: string
  /** LINUX_VERSION_CODE of its sources, which distributions do not always call their release by; `0x6122c` is 6.18.44. */
  readonly version: number
  /** BTF of vmlinux; undefined where the kernel has none. */
  vmlinuxBtf(): Uint8Array | undefined
  /** Loaded modules that have BTF, sorted. */
  moduleNames(): readonly string[]
  /** Split BTF of a module, on top of vmlinux; undefined where it has none. */
  moduleBtf(name: string): Uint8Array | undefined
  /** Text of the configuration, as in /boot/config-*; undefined where it cannot be read. */
  config(): string | undefined
  /** Text of /proc/kallsyms; undefined where it cannot be read. */
  symbols(): string | undefined
  /** Addresses of symbols in kernel and modules; those of other names are left out. */
  symbolAddresses(names: ReadonlySet<string>): ReadonlyMap<string, SymbolAddress>
  /** True where it surely does not have a constant of `kernelConstants`; false where it has, or nobody can tell. */
  lacks(constant: string): boolean
}

/** Where a symbol of a kernel lies. */
export interface SymbolAddress {
  readonly address: bigint
  /** Several symbols of that name have different addresses; this is the first. */
  readonly ambiguous: boolean
}

/** BTF that somebody gives in the place of the kernel's own. */
export interface BtfFile {
  /** As the user wrote it. */
  readonly name: string
  /** BTF as /sys/kernel/btf/vmlinux has it, or an ELF file with a section .BTF. */
  readonly bytes: Uint8Array
}
