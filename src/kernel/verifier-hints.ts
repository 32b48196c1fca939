/** A complaint of the verifier, and what to do about it. */
export interface VerifierHint {
  /** What it is about, for the tests. */
  readonly about: string
  /** The verifier's sentence, of any kernel. */
  readonly when: RegExp
  readonly hint: string
}

/** The advice on a complaint; the first row that fits. */
export const verifierHint = (reason: string): string =>
  verifierHints.find(({ when }) => when.test(reason))?.hint ??
  'the last lines of the log show how the verifier came there'

/** From the frequent complaints (kernel/bpf/verifier.c); more special ones stand before more general ones. */
export const verifierHints: readonly VerifierHint[] = [
  {
    about: 'an unbounded loop',
    when: /^infinite loop detected/,
    hint: 'give the loop a limit that the verifier sees: a constant bound, bpf_loop() (Linux 5.17) or bpf_for() (6.4)',
  },
  {
    about: 'a loop before Linux 5.3, or without CAP_BPF',
    when: /^back-edge from insn/,
    hint: 'loops need Linux 5.3 and CAP_BPF; unroll it with #pragma unroll for older kernels',
  },
  {
    about: 'a program that is too complex',
    when: /program is too large\. Processed|sequence of \d+ jumps is too complex/,
    hint: 'the verifier follows every way through the program, 1,000,000 instructions at most: make loops shorter, use bpf_loop(), global functions (each verified once) or tail calls',
  },
  {
    about: 'a missing null check',
    when: /'\w*_or_null\w*'|possibly NULL pointer passed|arithmetic on \w+_or_null/i,
    hint: 'compare the pointer with NULL first: the lookup may have found nothing',
  },
  {
    about: 'an access outside of the packet',
    when: /invalid access to packet|offset is outside of the packet/,
    hint: 'compare the end of what is read with data_end on this path first: if (data + offset + size > data_end) return ...',
  },
  {
    about: 'a stack that is too large',
    when: /combined stack size of \d+ calls|stack R\d+ off[= ]-(51[3-9]|5[2-9]\d|[6-9]\d\d|\d{4,})/,
    hint: 'a program and the functions that it calls have 512 bytes of stack together: keep large values in a per-CPU array',
  },
  {
    about: 'stack that has no value yet',
    when: /invalid (indirect )?(read|access) (from|to) stack/,
    hint: 'give the whole variable a value first, its padding too: struct key k = {}; or __builtin_memset()',
  },
  {
    about: 'a CO-RE relocation without a match',
    when: /unknown#195896080|invalid func.*195896080/,
    hint: 'this instruction is reached, but its CO-RE relocation found no match in the types of this kernel: guard it with bpf_core_field_exists() or bpf_core_type_exists()',
  },
  {
    about: 'a kfunc that is missing or not allowed',
    when: /calling kernel function \S+ is not allowed|kernel (function )?btf_id \d+|kernel function .* not found|invalid kernel function call|BPF_CALL uses reserved fields|kfunc/,
    hint: 'this kernel has no such kfunc, or not for this type of program: declare it __weak and test for it with bpf_ksym_exists()',
  },
  {
    about: 'a helper that this kernel does not have',
    when: /invalid func (unknown)?#?\d+|invalid func unknown/,
    hint: 'this kernel is older than the helper: test for it with bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_...)',
  },
  {
    about: 'a helper of other program types',
    when: /program of this type cannot use helper|unknown func bpf_/,
    hint: 'the helper is not there for this type of program, or this kernel is older than that: man 7 bpf-helpers',
  },
  {
    about: 'a helper for GPL programs only',
    when: /cannot call GPL-restricted function|GPL-compatible program|non-GPL/,
    hint: 'give the object a licence that is compatible with the GPL: char LICENSE[] SEC("license") = "GPL";',
  },
  {
    about: 'a path without a return value',
    when: /^R0 !read_ok/,
    hint: 'there is a way to the end of the function on which it returns nothing: return a value there',
  },
  {
    about: 'a register without a value',
    when: /^R\d+ !read_ok/,
    hint: 'a variable is used before it has a value on this path, or after a call that does not keep it',
  },
  {
    about: 'an access outside of a map’s value',
    when: /invalid access to map value|unbounded memory access|outside of the allowed memory range|min value is negative|unbounded m(in|ax) value/,
    hint: 'bound the index on this path: if (i >= SIZE) return ..., or i &= SIZE - 1; the compiler may have moved the check, a barrier_var(i) keeps it',
  },
  {
    about: 'a reference that is not released',
    when: /Unreleased reference|reference leak/,
    hint: 'release it on every path: bpf_ringbuf_submit() or bpf_ringbuf_discard(), bpf_sk_release(), ...',
  },
  {
    about: 'type information that is missing',
    when: /without BTF|func_info|line_info|annotated with BTF|no btf|missing btf/i,
    hint: 'compile with -g and do not strip .BTF and .BTF.ext (llvm-strip -g keeps them)',
  },
  {
    about: 'a return value that is not allowed',
    when: /At program exit|should have been in/,
    hint: 'return one of the values that this type of program may return, on every path',
  },
  {
    about: 'a field of the context that cannot be used',
    when: /invalid bpf_context access/,
    hint: 'this field does not exist for this type of program on this kernel, or may not be written, or only be read at its own size',
  },
  {
    about: 'addresses that the verifier guards',
    when: /pointer -= pointer prohibited|pointer comparison prohibited|leaks addr|leaking pointer|corrupt spilled pointer|partial spill of a pointer|for !root/,
    hint: 'without CAP_PERFMON the verifier guards addresses from the program: run it with CAP_PERFMON, or as root',
  },
  {
    about: 'a pointer that the verifier does not know',
    when: /invalid mem access '(scalar|inv)'/,
    hint: 'read what such an address points to with bpf_probe_read_kernel() or BPF_CORE_READ(); or a check was lost, and with it what the verifier knew',
  },
  {
    about: 'an argument of the wrong kind',
    when: /^R\d+ type=\S+ expected=|arg#\d+ (expects|is not)|passes invalid args/,
    hint: 'the function takes another kind of pointer there',
  },
  {
    about: 'code that cannot be reached',
    when: /unreachable insn|last insn is not an exit or jmp|jump out of range/,
    hint: 'the code runs off its end: does each path return? (inline assembly, __builtin_unreachable())',
  },
]
