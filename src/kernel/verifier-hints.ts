/** A complaint of the verifier, and what to do about it. */
export interface VerifierHint {
  /** What it is about, for the tests. */
  readonly about: string
  /** The verifier's sentence, of any kernel. */
  readonly when: RegExp
  readonly hint: string
}

/** The advice on a complaint; the first row that fits. */
export const verifierHint = (reason: string, registers: readonly string[] = []): string =>
  verifierHints.find(({ when }) => when.test(withHistory(reason, registers)))?.hint ??
  'the last lines of the log show how the verifier came there'

/** The complaint, and what the register that it names was when the trace last told: by then a call had made it a mere number. */
function withHistory(reason: string, registers: readonly string[]): string {
  const [, name] = /^(R\d+) invalid mem access '(?:scalar|inv)'/.exec(reason) ?? []
  const was = registers.find((register) => register.startsWith(`${name}=`))?.slice(`${name}=`.length)
  return name === undefined || was === undefined ? reason : `${reason}, ${name} was ${was}`
}

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
    hint: 'compare the pointer with NULL first: the lookup may have found nothing; a global function is verified for any argument, so also for NULL (__arg_nonnull, Linux 6.8)',
  },
  {
    about: 'a pointer that a call made invalid',
    when: /invalid mem access '(scalar|inv)', R\d+ was (pkt|map_value|mem|sock|ptr_)/,
    hint: 'a function was called that may move the packet, or give back what the pointer leads to: take data and data_end from the context anew behind it, and compare again',
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
    about: 'a place on the stack that varies',
    when: /variable-offset .*stack|variable stack|invalid unbounded variable-offset/,
    hint: 'bound the index into the array on the stack on this path: if (i >= SIZE) return ..., or i &= SIZE - 1',
  },
  {
    about: 'stack that has no value yet',
    when: /invalid (indirect )?(read|access) (from|to) stack/,
    hint: 'give the whole variable a value first, its padding too: struct key k = {}; or __builtin_memset()',
  },
  {
    about: 'what may sleep in a program that may not',
    when: /might sleep in a non-sleepable|must be sleepable to call|may sleep are not allowed/,
    hint: 'it needs a sleepable program, where the type has them: SEC("fentry.s/..."), lsm.s, iter.s, uprobe.s, or syscall; others read user memory by bpf_probe_read_user()',
  },
  {
    about: 'what may sleep in a region that may not',
    when: /sleepable .*(region|non-sleepable|while|within)|inside .*region.*sleepable/,
    hint: 'what may sleep is not called between bpf_rcu_read_lock(), bpf_preempt_disable(), bpf_local_irq_save() or a lock and its end: do it before or behind',
  },
  {
    about: 'a region that is not ended',
    when: /-ed region|unmatched rcu read unlock|unmatched attempt to enable|nested rcu read lock|without taking a lock|unlock of different lock|is already held|is missing bpf_spin_unlock|bpf_spin_unlock is missing/,
    hint: 'each path has to end the region exactly once, and before it returns: bpf_spin_unlock(), bpf_rcu_read_unlock(), bpf_preempt_enable() ...',
  },
  {
    about: 'a call while a lock is held',
    when: /while holding a lock/,
    hint: 'between bpf_spin_lock() and bpf_spin_unlock() nothing else is called: compute before, and copy what is needed behind',
  },
  {
    about: 'a field that is the kernel’s',
    when: /cannot be accessed (directly|indirectly)/,
    hint: 'a lock, timer, list or pointer of the kernel is used by its functions only: bpf_spin_lock(), bpf_timer_init(), bpf_kptr_xchg() ...',
  },
  {
    about: 'a dynptr or an iterator that is not set up',
    when: /[Ee]xpected an (un)?initialized|Dynptr has to|cannot pass in dynptr/,
    hint: 'set it up on this path (bpf_dynptr_from_skb(), bpf_iter_num_new() ...), end it exactly once, and neither copy nor move it',
  },
  {
    about: 'a variable of the kernel without an address',
    when: /failed to find the address for kernel symbol/,
    hint: 'this kernel lists no variables (/proc/kallsyms; CONFIG_KALLSYMS_ALL): declare it __weak and test for it with bpf_ksym_exists(), or use a kernel that does',
  },
  {
    about: 'variables of each CPU before Linux 7.2',
    when: /no direct value access support for this map type/,
    hint: 'variables in .percpu need Linux 7.2: use a map of type percpu_array, with bpf_map_lookup_elem()',
  },
  {
    about: 'a map of the wrong type',
    // The second sentence is what older kernels (to 6.12 at least) say of bpf_tail_call().
    when: /expected prog array map|kernel subsystem misconfigured verifier|cannot pass map_type \d+ into func|doesn.t match map pointer/,
    hint: 'the function does not work on this map: bpf_tail_call() takes a BPF_MAP_TYPE_PROG_ARRAY, bpf_timer_init() the map that the timer lies in, others see man 7 bpf-helpers',
  },
  {
    about: 'a pointer that the kernel does not vouch for',
    when: /must be (referenced|trusted|a rcu pointer)|must have zero offset when passed to release/,
    hint: 'the function takes an argument of the program as it came, or what an acquiring function returned, compared with NULL: not what was read out of a struct',
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
    about: 'a context that is not read at a constant place',
    when: /variable ctx access|dereference of modified ctx|negative offset ctx/,
    hint: 'the compiler moved the pointer to the context: read the field once, by a volatile pointer, or declare its struct __attribute__((preserve_static_offset)) (clang 18)',
  },
  {
    about: 'an atomic operation on something else than memory',
    when: /BPF_(ATOMIC|XADD|ST) stores into R\d+ \S+ is not allowed/,
    hint: 'atomic operations work on values of maps and on the stack: read and write the field one after the other',
  },
  {
    about: 'memory that is read only',
    when: /write into map forbidden|cannot write into|only read (from|is supported)|is read-only/,
    hint: 'the program may not write there: a variable in .rodata, a map with BPF_F_RDONLY_PROG, or an object of the kernel',
  },
  {
    about: 'an access outside of a map’s value',
    when: /invalid access to map value|unbounded memory access|outside of the allowed memory range|min value is negative|unbounded m(in|ax) value|invalid zero-sized read/,
    hint: 'bound the index or the size on this path, by an unsigned comparison: if (i >= SIZE) return ..., or i &= SIZE - 1, and a size also from below (if (n == 0) return ...); the compiler may have moved the check, a barrier_var(i) keeps it',
  },
  {
    about: 'a reference that is not released',
    when: /Unreleased reference|reference leak/,
    hint: 'release it on every path: bpf_ringbuf_submit() or bpf_ringbuf_discard(), bpf_sk_release(), bpf_iter_num_destroy(), the release function of a kptr ...',
  },
  {
    about: 'type information that is missing',
    when: /without BTF|func_info|line_info|annotated with BTF|no btf|missing btf|has to have BTF/i,
    hint: 'compile with -g and do not strip .BTF and .BTF.ext (llvm-strip -g keeps them); where this kernel did not take them, the warning P310 says so',
  },
  {
    about: 'a return value of a callback',
    when: /At callback return/,
    hint: 'a callback of bpf_loop(), bpf_for_each_map_elem() and the like returns 0 to go on or 1 to stop, one of a timer 0',
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
    about: 'arithmetic that a pointer does not take',
    when: /pointer arithmetic prohibited|pointer arithmetic on \w+ prohibited|operator .* on pointer prohibited|unsupported alu|pointer be out of bounds|pointer arithmetic with/,
    hint: 'a pointer can be moved by adding a bounded number, in 64 bits, and nothing else; data_end cannot be moved: compare data + size with it',
  },
  {
    about: 'a struct that is not like the kernel’s',
    when: /access beyond (struct|the end of)/,
    hint: 'the field lies elsewhere in this kernel: take the type from vmlinux.h, or give it __attribute__((preserve_access_index)), and the loader finds its place',
  },
  {
    about: 'a text that is not constant',
    when: /^R\d+ type=\S+ expected=map_value$/,
    hint: 'this argument has to be a variable of a map; of bpf_strncmp(), bpf_snprintf() and the like a constant text: static const char text[] = "..."',
  },
  {
    about: 'an argument of the wrong kind',
    when: /^R\d+ type=\S+ expected=|arg#\d+ (expects|is not)|passes invalid args/,
    hint: 'the function takes another kind of pointer there',
  },
  {
    about: 'a function that cannot be traced',
    when: /address of function \S+ cannot be found/,
    hint: 'the compiler inlined it in this kernel: name another by `attachTarget:`, use a tracepoint, or leave the program out',
  },
  {
    about: 'a function that a sleepable program cannot be attached to',
    when: /^\S+ is not sleepable$/,
    hint: 'only functions that may sleep take sleepable programs (system calls, many LSM hooks): take the .s out of the section, or write `sleepable: false`',
  },
  {
    about: 'code that cannot be reached',
    when: /unreachable insn|last insn is not an exit or jmp|jump out of range/,
    hint: 'the code runs off its end: does each path return? (inline assembly, __builtin_unreachable())',
  },
  {
    about: 'functions that are nested too deep',
    when: /call stack of \d+ frames is too deep|recursive call|recursion in/,
    hint: 'functions may be nested 8 deep and not call themselves: let the compiler inline some (__always_inline)',
  },
  {
    about: 'a call of a function by its address, as -O0 makes them',
    when: /unknown opcode 8d/,
    hint: 'compile with -O2: without it the compiler calls helpers through variables, which no kernel takes',
  },
  {
    about: 'an instruction that this kernel does not have',
    when: /unknown opcode|uses? reserved fields|invalid BPF_\w+ (mode|code)/,
    hint: 'the kernel is older than the instruction: compile with a lower -mcpu (v3 needs Linux 5.1, atomics 5.12, v4 6.6)',
  },
]
