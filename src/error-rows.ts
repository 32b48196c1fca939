// Codes that come without a table: damaged objects, answers of the kernel, and the one of a manifest that was refused
// without saying why.

type Rows = Readonly<Record<string, readonly [summary: string, explanation: string]>>

export const manifestRows: Rows = {
  M000: ['Manifest refused', 'A defect: the complaint itself is missing. Please report it.'],
}

export const objectRows: Rows = {
  O001: ['Not an ELF file', 'The file is no object of clang. Compile with `clang -target bpf -g -O2 -c`.'],
  O002: [
    'Truncated or damaged',
    'The file ends, or holds impossible numbers, where the format wants more. Compile it again.',
  ],
  O003: [
    'Another kind of ELF file',
    'A BPF object is a 64-bit relocatable file with sections, not a program or a library.',
  ],
  O004: ['Object for another machine', 'The file was compiled for a processor. Pass `-target bpf` to clang.'],
  O005: ['Symbols without names', 'The object was stripped too far: `llvm-strip -g` keeps what is needed.'],
  O006: ['Compressed section', 'Compile without -gz: nobody decompresses sections of BPF objects.'],
  O007: ['Section of a wrong size', 'Instructions have 8 bytes each and data sections a limit. The file is damaged.'],
  O010: ['Damaged BTF', 'The type information contradicts itself. Compile the object again with -g.'],
  O011: ['Damaged line information', 'The section .BTF.ext contradicts itself. Compile the object again with -g.'],
  O020: [
    'Bad map definition',
    'A map in SEC(".maps") is a struct of __uint, __type and __array members, described by BTF (-g).',
  ],
  O021: [
    'Bad static values of a map',
    'The `values` of a program array or a map of maps name something that cannot stand there.',
  ],
  O022: [
    'Bad map definition of the older form',
    'A map in SEC("maps") is five numbers: type, key size, value size, entries, flags.',
  ],
  O023: ['Two maps of one name', 'Each map of an object needs a name of its own.'],
  O030: ['Function outside of its section', 'The symbols contradict the sections. The file is damaged.'],
  O031: [
    'Relocation that cannot be done',
    'An instruction refers to something that is not in the object, or in a way that libbpf refuses as well.',
  ],
  O032: ['Two programs of one name', 'Each program of an object needs a name of its own.'],
  O040: ['Types nested too deeply', 'The type information contains itself. The file is damaged.'],
  O060: [
    'Bad BTF of a kernel',
    'The file of --btf, or what the running kernel says of its types, is damaged or is no BTF.',
  ],
  O050: ['Bad global', 'The object has no variable of that name in a data section.'],
  O051: ['Value does not fit a global', 'The value cannot be turned into bytes of the variable’s type.'],
  O052: ['Ambiguous global', 'Several data sections hold a variable of that name.'],
}

export const kernelRows: Rows = {
  K001: ['The kernel refused a call', 'The message names the call and the errno.'],
  K002: ['No such object (ENOENT)', 'What the call named is gone or never was there.'],
  K007: ['Too large (E2BIG)', 'More entries, a longer program or a newer request than this kernel takes.'],
  K012: ['Out of memory (ENOMEM)', 'Lower max_entries.'],
  K013: [
    'Not permitted (EPERM, EACCES)',
    'Run as root, or with CAP_SYS_ADMIN, CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON; docs/permissions.md says what each command needs.',
  ],
  K016: ['In use (EBUSY)', 'Something else is attached there: `bpftool net show` and `bpftool link show` tell what.'],
  K017: ['Exists already (EEXIST)', 'The path is taken by a pin or directory that this stack does not own.'],
  K019: ['No such device (ENODEV)', 'The interface went away.'],
  K020: ['Not a directory (ENOTDIR)', 'A part of the path is a pin or a file.'],
  K021: ['Is a directory (EISDIR)', 'The path was to be a pin.'],
  K022: ['Refused argument (EINVAL)', 'The kernel does not say which: the message names what was asked for.'],
  K024: ['Too many open files (EMFILE, ENFILE)', 'Raise the limit with `ulimit -n`.'],
  K028: ['No room (ENOSPC)', 'The file system or table is full.'],
  K038: [
    'No such system call (ENOSYS)',
    'bpf(2) needs Linux with CONFIG_BPF_SYSCALL=y; `--kernel memory` works everywhere.',
  ],
  K039: ['Directory not empty (ENOTEMPTY)', 'Something that pinfold did not make lies in it.'],
  K067: [
    'Severed link (ENOLINK)',
    'The device, cgroup or namespace of the link is gone. The next apply attaches it anew.',
  ],
  K095: ['Not supported (EOPNOTSUPP, ENOTSUPP)', 'This kernel cannot do that with an object of this kind.'],
  K100: [
    'Rejected by the verifier',
    'The sentence has its complaint and the place in the source; below it stand the last instruction, what was known of its registers, the end of the log, and advice on the frequent complaints. --verifier-log FILE keeps the whole log.',
  ],
  K101: ['Link changed meanwhile', 'The link no longer runs the program that the plan expected. Plan again.'],
  K103: ['No tracefs', 'Tracepoints are found there: `mount -t tracefs tracefs /sys/kernel/tracing`.'],
  K104: ['No native addon', 'Run scripts/build-native (a C++17 compiler, make and python3), or use --kernel memory.'],
  K105: [
    'No such name in the kernel’s BTF',
    'The running kernel has no function, tracepoint, hook, iterator or struct of functions of that name.',
  ],
  K106: ['Wrong size of a key or value', 'A defect, unless somebody replaced the map.'],
  K107: ['Path that cannot be a pin', 'Names on bpffs hold no dot.'],
  K108: [
    'No grace period',
    'Neither membarrier nor an update of an array of maps worked, so old programs cannot be waited for.',
  ],
  K109: [
    'The kernel lacks a type, field or function that the program uses',
    'The verifier came to an access that CO-RE could not adapt to this kernel, or to a call of a weak function that it does not have. Guard it with bpf_core_field_exists(), bpf_core_type_exists() or bpf_core_enum_value_exists(), and the call with bpf_ksym_exists().',
  ],
  K110: [
    'Entries that a snapshot does not have',
    'A plan from a snapshot (--against) asks for an entry of a map that is beyond the bound of 4,096 entries or 1 MiB, or in no stack. Declared entries that a stack has recorded are always in it. Plan on the host itself.',
  ],
  K113: [
    'Place that a snapshot does not know',
    'A snapshot has what lies on each bpffs, the cgroups below the mounts of cgroup2 and the namespaces in the usual directories, and follows no symbolic links. Name the place by its own path, or plan on the host itself.',
  ],
  K114: [
    'Pin that a snapshot could not read',
    'Who took the snapshot was not allowed to open the pin, or it is none. Take the snapshot as root.',
  ],
  K115: [
    'Damaged snapshot',
    'The file of --against or --state is no snapshot of a host, or was changed or cut after it had been taken. Take it again: `pinfold snapshot`.',
  ],
  K116: [
    'Snapshot of another version',
    'Another version of pinfold took the snapshot and laid it out otherwise. Take it again with this version, or plan with that one.',
  ],
}
