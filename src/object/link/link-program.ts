import type { BtfFile, Machine } from '../../model/machine.ts'
import type { Code, ProgramSpec } from '../../model/program-spec.ts'
import { KernelBtf, readBtfFile } from '../kernel-btf/kernel-btf.ts'
import type { KernelTypes } from '../kernel-btf/kernel-types.ts'
import type { ObjectFile } from '../object-file.ts'

/** What programs are linked to; made once for all programs of a reading. */
export interface LinkTarget {
  readonly machine: Machine | undefined
  /** BTF of the machine and its modules. */
  readonly btf: KernelBtf | undefined
  /** What CO-RE takes instead of the machine's BTF. */
  readonly coreTypes: KernelTypes | undefined
}

/** A program for one kernel. */
export interface LinkedProgram {
  /** As the kernel gets it; as compiled where nothing is known of the kernel. */
  readonly code: Code
  /** Why it cannot be linked: then `code` is not to be loaded. */
  readonly problems: readonly LinkProblem[]
}

/** Something that the kernel does not have, or that cannot be decided. */
export interface LinkProblem {
  readonly code: 'O201'
  /** What comes behind `cannot load program.NAME: `. */
  readonly what: string
  readonly hint?: string
}

/** Opens what programs are linked to. Throws an ObjectError (O060) for a bad BTF file. */
export function openLinkTarget(machine: Machine | undefined, file?: BtfFile): LinkTarget {
  return { machine, btf: machine && new KernelBtf(machine), coreTypes: file && readBtfFile(file) }
}

/** Adapts a program to a kernel: pure, and the same for the same bytes. Throws an ObjectError for damaged BTF. */
export function linkProgram(program: ProgramSpec, _object: ObjectFile, target: LinkTarget): LinkedProgram {
  const { code, relocations } = program
  if (relocations.length === 0 || (!target.btf && !target.coreTypes)) return { code, problems: [] }
  return { code, problems: [{ code: 'O201', what: 'it needs CO-RE relocations, which pinfold does not support yet' }] }
}
