import type { Address } from '../model/address.ts'
import type { Diagnostic, Position } from '../model/diagnostic.ts'

// M2xx: the manifest against its objects and this machine; O2xx: objects in use; P2xx, K2xx: the place on bpffs.
/** Every code of this folder: its constant phrase, and for docs/errors.md what it means and what to do. */
export const stateCodes = {
  M201: {
    summary: 'Unreadable object file',
    explanation: 'The file that the manifest names cannot be opened. Paths are relative to the manifest.',
  },
  M202: {
    summary: 'Unknown program',
    explanation:
      'None of the declared objects has a function of that name in a program section. `function:` names it where the manifest calls it differently.',
  },
  M203: {
    summary: 'Ambiguous object',
    explanation:
      'Several objects have a program or map of that name, and they are not the same. Write `object:` to choose one.',
  },
  M205: {
    summary: 'Program without a type',
    explanation:
      "The program's section names no program type. Write `type:` (and `attachType:` where the hook needs one), or rename the section.",
  },
  M206: {
    summary: 'Program without an attach target',
    explanation:
      'Programs of this type are loaded against one kernel function or iterator. Write `attachTarget:`, or put the name behind a slash in the section.',
  },
  M210: {
    summary: 'Unknown map',
    explanation: 'Neither a declared program uses a map of that name nor does an object declare one.',
  },
  M211: {
    summary: 'Bad size of a map',
    explanation:
      'The kernel creates maps of this type only with certain sizes; a ring buffer takes a power of two that is a multiple of the page size.',
  },
  M212: {
    summary: 'Contents on the wrong type of map',
    explanation:
      'Slots belong to program arrays, inner maps to maps of maps, entries to maps with plain keys and values.',
  },
  M213: {
    summary: 'Index out of range',
    explanation: 'Indexes go from 0 to one less than the number of entries of the map.',
  },
  M214: {
    summary: 'Undeclared program in a slot',
    explanation: 'A slot holds a program of the manifest. Declare it under `programs`, or give `slots:` without it.',
  },
  M215: {
    summary: 'Value does not fit',
    explanation:
      'The value cannot be turned into bytes of the BTF type that the object gives the map\'s key or value, or the global variable. A struct is a mapping of its fields, an array a list, an enumerator its name, an address text, bytes are "0x…" in quotes; docs/manifest.md says more under `entries`.',
  },
  M216: {
    summary: 'Undeclared inner map',
    explanation:
      'An index of a map of maps holds a map of this stack. Name one that an object declares and that has the shape of the template.',
  },
  M217: {
    summary: 'Entries that would vanish',
    explanation:
      'Without BPF_F_PRESERVE_ELEMS the kernel removes an entry of a perf event array when the file that installed it is closed. Add the flag in the object, or leave the entries to the program that reads them.',
  },
  M218: {
    summary: 'Size of a map made up',
    explanation:
      'The object leaves the size of a map to whoever loads it, as libbpf tools do. `verify OBJECT` takes one that does for the verifier; a manifest says `maxEntries:`, and `valueSize:` for stack traces.',
  },
  M220: {
    summary: 'Foreign map cannot be used',
    explanation: '`pinned:` must be the pin of a map on a bpffs, outside of the directory of this stack.',
  },
  M221: {
    summary: 'Foreign map of another shape',
    explanation: 'The programs were compiled for another type or size of the map. Every difference is listed.',
  },
  M230: {
    summary: 'Nothing says where to attach',
    explanation: "The section's name does not name a hook. Write `attach:` with one.",
  },
  M231: {
    summary: 'Program does not fit the hook',
    explanation: 'The kernel attaches to each hook only programs of certain types and attach types.',
  },
  M232: {
    summary: 'No such interface',
    explanation: 'The network interface does not exist in the network namespace in which pinfold runs.',
  },
  M233: {
    summary: 'No such cgroup',
    explanation:
      'The path must be a directory of a cgroup file system of version 2. BPF programs cannot be attached to version 1.',
  },
  M234: {
    summary: 'No such network namespace',
    explanation: 'The path must be the file of a network namespace, such as /proc/self/ns/net or one below /run/netns.',
  },
  M235: {
    summary: 'No such tracepoint',
    explanation: 'The running kernel has no tracepoint of that category and name.',
  },
  M236: {
    summary: 'Not in this kernel',
    explanation:
      'A hook, or a type of map or program, came with a later Linux than the one that runs, and the types that the kernel describes itself by (BTF) do not have it either, as they would where a distribution took it over. Of a kernel without BTF the apply finds out: it is refused with nothing changed.',
  },
  M240: {
    summary: 'Pin of an unknown object',
    explanation: 'A path under `pins:` leads to an object of the stack: `map.`, `program.` or `link.` and its name.',
  },
  M242: {
    summary: 'Bad end of a move',
    explanation:
      'A row of `moved:` moves an object that is not declared any more to an address that is. Remove the row, or declare the new address and not the old one.',
  },
  M241: {
    summary: 'Pin elsewhere of an unpinned map',
    explanation: 'A further pin needs the pin in the stack’s own tree, which `pin: false` leaves out.',
  },
  O201: {
    summary: 'Unsupported feature',
    explanation:
      'The code of the program needs something that this version of pinfold does not do. It is refused rather than loaded wrongly.',
  },
  O202: {
    summary: 'Object for another byte order',
    explanation: 'The object was compiled for the other byte order than that of the running kernel.',
  },
  O203: {
    summary: 'Programs that cannot share an array',
    explanation:
      'Members and callers of a program array must agree on program type, expected attach type and flags; the kernel refuses others with EINVAL and no explanation.',
  },
  O204: {
    summary: 'Not in this kernel',
    explanation:
      'The program names a function, variable or configuration value of the kernel that this kernel does not have, or has with another type. Declare it `__weak` where the program can do without.',
  },
  O210: {
    summary: 'No types of the kernel',
    explanation:
      "The program reads the kernel's structs, whose layout the kernel tells by its BTF (CONFIG_DEBUG_INFO_BTF). Where it has none, --btf names a file with it.",
  },
  O211: {
    summary: 'CO-RE relocation that cannot be done',
    explanation:
      'An instruction depends on a type of the kernel in a way that libbpf refuses as well: the object is damaged, or the field cannot be read like that in this kernel.',
  },
  O212: {
    summary: 'Ambiguous type of the kernel',
    explanation:
      'The kernel has several types of one name, and they answer differently. Access a field that only one of them has, or read it by a flavour (`struct x___y`) that only one of them matches.',
  },
  O230: {
    summary: 'Not the struct of this kernel',
    explanation:
      'A struct_ops variable is laid out as the kernel (or a module) has its struct, members matched by name: the struct must be there, and what the object sets must have the same kind and size. A program is loaded for one member of one struct.',
  },
  O205: {
    summary: 'Undefined symbol',
    explanation:
      'The code of the program uses a name that its object does not define. Objects are linked by `bpftool gen object`; what the kernel has is declared `__ksym` or `__kconfig`, and compiled with -g.',
  },
  P201: {
    summary: 'No bpffs',
    explanation: 'Pins need a mounted bpffs: `mount -t bpf bpf /sys/fs/bpf`, or --mount-bpffs.',
  },
  P202: {
    summary: 'Unsafe directory',
    explanation:
      'Somebody else owns, or may write to, a directory on the way to the stack, and so could exchange its pins.',
  },
  K201: {
    summary: 'Not allowed to list kernel objects',
    explanation:
      'Walking all links, programs and maps needs CAP_SYS_ADMIN; without the walk nobody can say who still uses a program array.',
  },
  K111: {
    summary: "Kernel's types that a snapshot does not have",
    explanation:
      'The program is adapted to the types of the kernel (CO-RE, ksyms, kfuncs, struct_ops), and the snapshot was taken without them: take it with --with-btf, or name a copy of its BTF by --btf (for CO-RE).',
  },
  K112: {
    summary: "Kernel's symbols that a snapshot does not have",
    explanation:
      'The program uses the address of a kernel symbol, and the snapshot was taken without those: take it with --with-btf, as root. Addresses change with each boot.',
  },
} as const

export type StateCodeName = keyof typeof stateCodes

export interface Complaint {
  /** Full sentences: what exactly, and why it matters. */
  readonly detail: string
  readonly hint?: string | undefined
  readonly at?: Position | undefined
  readonly address?: Address | undefined
}

/** Builds the error diagnostic of a code; its summary comes from the table. */
export function complaint(code: StateCodeName, { detail, hint, at, address }: Complaint): Diagnostic {
  return {
    severity: 'error',
    code,
    summary: stateCodes[code].summary,
    detail,
    ...(hint === undefined ? {} : { hint }),
    ...(address === undefined ? {} : { address }),
    ...(at === undefined ? {} : { at }),
  }
}
