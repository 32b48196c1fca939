import { loadAddon } from './addon.ts'
import { infoLayout } from './attr-object.ts'
import { readInfoAlone } from './info.ts'
import type { Fd } from './kernel.ts'
import { encode, littleEndian, struct, viewOf } from './layout.ts'
import { bpf } from './syscall.ts'

/**
 * The 64-bit constants in a program's code as the verifier left it, addresses among them; undefined where the kernel does not show
 * that: to those without CAP_BPF, and of code whose constants are blinded.
 */
export function constantsIn(program: Fd<'program'>): ReadonlySet<number> | undefined {
  const code = translatedCode(program)
  if (!code) return undefined
  const view = viewOf(code)
  const found = new Set<number>()
  for (let at = 0; at + 16 <= code.length; at += 8) {
    if (code[at] !== LD_IMM64) continue
    // A source register says that it is something else than a constant, such as a map.
    const isConstant = ((code[at + 1] ?? 0) & (littleEndian ? 0xf0 : 0x0f)) === 0
    if (isConstant) found.add(view.getUint32(at + 4, littleEndian) + view.getUint32(at + 12, littleEndian) * 2 ** 32)
    at += 8
  }
  return found
}

function translatedCode(program: Fd<'program'>): Uint8Array | undefined {
  const info = readInfoAlone(program)
  const code = new Uint8Array(info.kind === 'program' ? info.translatedSize : 0)
  const request = encode(codeLayout, { xlated_prog_insns: code })
  loadAddon().point(request.bytes, request.pointers)
  const question = encode(infoLayout, { bpf_fd: program.number, info: request.bytes })
  bpf('BPF_OBJ_GET_INFO_BY_FD', question, `read the code of program #${info.id}`)
  const isShown = request.view.getBigUint64(codeLayout.at.xlated_prog_insns, littleEndian) !== 0n
  return code.length > 0 && isShown ? code : undefined
}

/** `struct bpf_prog_info`, as far as its code is concerned. */
const codeLayout = struct({
  type: 'u32',
  id: 'u32',
  tag: 'u8[8]',
  jited_prog_len: 'u32',
  xlated_prog_len: { count: 'xlated_prog_insns' },
  jited_prog_insns: 'u64',
  xlated_prog_insns: 'pointer',
})

/** BPF_LD | BPF_IMM | BPF_DW. */
const LD_IMM64 = 0x18
