import { attachTypeNumber, programTypeNumber } from '../model/program-types.ts'
import type { KernelAttachment } from './btf-ids.ts'
import type { Fd } from './kernel.ts'
import { type Attr, cString, encode, littleEndian, objectName, struct, viewOf } from './layout.ts'
import type { FdReference, ProgramLoad } from './program-load.ts'

/** BPF_PROG_LOAD. `log_true_size` is written by Linux 6.4 and later. */
const programLoadLayout = struct({
  prog_type: 'u32',
  insn_cnt: { count: 'insns', unit: 8 },
  insns: 'pointer',
  license: 'pointer',
  log_level: 'u32',
  log_size: { count: 'log_buf' },
  log_buf: 'pointer',
  kern_version: 'u32',
  prog_flags: 'u32',
  prog_name: 'char[16]',
  prog_ifindex: 'u32',
  expected_attach_type: 'u32',
  prog_btf_fd: 'u32',
  func_info_rec_size: 'u32',
  func_info: 'pointer',
  func_info_cnt: { count: 'func_info', unit: 'func_info_rec_size' },
  line_info_rec_size: 'u32',
  line_info: 'pointer',
  line_info_cnt: { count: 'line_info', unit: 'line_info_rec_size' },
  attach_btf_id: 'u32',
  attach_btf_obj_fd: 'u32',
  core_relo_cnt: 'u32',
  fd_array: 'pointer',
  core_relos: 'u64',
  core_relo_rec_size: 'u32',
  log_true_size: 'u32',
})

/** BPF_PROG_TEST_RUN. */
const programBindLayout = struct({ prog_fd: 'u32', map_fd: 'u32', flags: 'u32' })
const programRunLayout = struct({
  prog_fd: 'u32',
  retval: 'u32',
  data_size_in: 'u32',
  data_size_out: 'u32',
  data_in: 'u64',
  data_out: 'u64',
  repeat: 'u32',
  duration: 'u32',
  ctx_size_in: { count: 'ctx_in' },
  ctx_size_out: 'u32',
  ctx_in: 'pointer',
  ctx_out: 'u64',
  flags: 'u32',
  cpu: 'u32',
  batch_size: 'u32',
})

/** BPF_BTF_LOAD. */
const btfLoadLayout = struct({
  btf: 'pointer',
  btf_log_buf: 'pointer',
  btf_size: { count: 'btf' },
  btf_log_size: { count: 'btf_log_buf' },
  btf_log_level: 'u32',
})

/** What the kernel has to look up before a program can be loaded. */
export interface LoadExtra {
  readonly attachment?: KernelAttachment
  /** Descriptor of the program that it is in, or of the BTF of the module. Linux 5.5, 5.11. */
  readonly attachedTo?: number | undefined
  /** Descriptors of the BTF of `load.modules`. */
  readonly modules?: readonly number[]
  readonly log?: Uint8Array
}

/** The request of BPF_PROG_LOAD; with a `log` buffer the verifier writes into it. */
export function programLoadAttr(request: ProgramLoad, extra: LoadExtra = {}): Attr {
  const { load, btf } = request
  return encode(programLoadLayout, {
    prog_type: programTypeNumber(load.type),
    insns: bindModules(bindReferences(request.instructions, request.references), extra.modules ?? []),
    license: cString(load.license),
    log_level: extra.log ? 1 : 0,
    log_buf: extra.log,
    kern_version: load.kernelVersion,
    prog_flags: load.flags,
    prog_name: objectName(request.name),
    expected_attach_type: extra.attachment?.member ?? (load.attachType && attachTypeNumber(load.attachType)),
    prog_btf_fd: btf?.fd.number,
    func_info_rec_size: btf?.debug.functions.length ? btf.debug.functionSize : undefined,
    func_info: btf?.debug.functions,
    line_info_rec_size: btf?.debug.lines.length ? btf.debug.lineSize : undefined,
    line_info: btf?.debug.lines,
    attach_btf_id: extra.attachment?.id,
    attach_btf_obj_fd: extra.attachedTo,
    // Calls name a module by its place in here; place 0 is vmlinux.
    fd_array: extra.modules && new Uint8Array(Int32Array.of(0, ...extra.modules).buffer),
  })
}

/** Bytes that the whole log would have taken; 0 before Linux 6.4. */
export const logTrueSize = ({ view }: Attr): number => view.getUint32(programLoadLayout.at.log_true_size, littleEndian)

export const btfLoadAttr = (btf: Uint8Array, log?: Uint8Array): Attr =>
  encode(btfLoadLayout, { btf, btf_log_buf: log, btf_log_level: log ? 1 : 0 })

/** BPF_PROG_BIND_MAP: the program keeps the map as if its code used it (Linux 5.10). */
export const programBindAttr = (program: number, map: Fd<'map'>): Attr =>
  encode(programBindLayout, { prog_fd: program, map_fd: map.number })

/** Runs a program once with a context of its own (SYSCALL programs, Linux 5.14). */
export const programRunAttr = (program: Fd<'program'>, context: Uint8Array): Attr =>
  encode(programRunLayout, { prog_fd: program.number, ctx_in: context })

/** What the program returned. */
export const programRunResult = ({ view }: Attr): number => view.getUint32(programRunLayout.at.retval, littleEndian)

/** A copy of the instructions in which each reference names its map's descriptor. */
export function bindReferences(instructions: Uint8Array, references: readonly FdReference[]): Uint8Array {
  const bound = Uint8Array.from(instructions)
  const view = viewOf(bound)
  for (const { instruction, kind, map, offset } of references) {
    const at = instruction * 8
    const source = kind === 'map' ? BPF_PSEUDO_MAP_FD : BPF_PSEUDO_MAP_VALUE
    const registers = view.getUint8(at + 1)
    // Two 4-bit fields in one byte: the source register is the high half on little endian.
    view.setUint8(at + 1, littleEndian ? (registers & 0x0f) | (source << 4) : (registers & 0xf0) | source)
    view.setInt32(at + 4, map.number, littleEndian)
    view.setInt32(at + 12, offset, littleEndian)
  }
  return bound
}

/** A load of the address of a module's variable has the module's place, from 1 on, where its descriptor is to be. In place. */
function bindModules(instructions: Uint8Array, modules: readonly number[]): Uint8Array {
  if (modules.length === 0) return instructions
  const view = viewOf(instructions)
  for (let at = 0; at < instructions.length; at += 8) {
    if (view.getUint8(at) !== LOAD_IMMEDIATE_64) continue
    const registers = view.getUint8(at + 1)
    const source = littleEndian ? registers >> 4 : registers & 15
    const place = view.getInt32(at + 12, littleEndian)
    if (source === BPF_PSEUDO_BTF_ID && place > 0) view.setInt32(at + 12, modules[place - 1] ?? 0, littleEndian)
    at += 8
  }
  return instructions
}

const LOAD_IMMEDIATE_64 = 0x18
const BPF_PSEUDO_BTF_ID = 3
const BPF_PSEUDO_MAP_FD = 1
const BPF_PSEUDO_MAP_VALUE = 2
