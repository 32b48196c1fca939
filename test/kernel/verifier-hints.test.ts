import { expect, test } from 'vitest'
import { verifierHint, verifierHints } from '../../src/kernel/verifier-hints.ts'

/** Sentences of kernels that are not this one, or of states that a test cannot make; the others are in rejected.test.ts. */
const sentences: Readonly<Record<string, string>> = {
  'At callback return the register R0 has smin=5 smax=5 should have been in [0, 1]': 'a return value of a callback',
  'helper call might sleep in a non-sleepable prog': 'what may sleep in a program that may not',
  'program must be sleepable to call sleepable kfunc bpf_dynptr_from_file': 'what may sleep in a program that may not',
  'sleepable helper bpf_copy_from_user#148 in rcu_read_lock region': 'what may sleep in a region that may not',
  'kernel func bpf_x is sleepable within rcu_read_lock region': 'what may sleep in a region that may not',
  'BPF_EXIT instruction in main prog cannot be used inside bpf_rcu_read_lock-ed region': 'a region that is not ended',
  'unmatched rcu read unlock (kernel function bpf_rcu_read_unlock)': 'a region that is not ended',
  'bpf_spin_unlock is missing': 'a region that is not ended',
  'Expected an initialized dynptr as arg #0': 'a dynptr or an iterator that is not set up',
  'expected an initialized iter_num as arg #1': 'a dynptr or an iterator that is not set up',
  'kernel subsystem misconfigured verifier': 'a map of the wrong type',
  'cannot pass map_type 1 into func bpf_tail_call#12': 'a map of the wrong type',
  "timer pointer in R1 map_uid=0 doesn't match map pointer in R2 map_uid=0": 'a map of the wrong type',
  "ldimm64 failed to find the address for kernel symbol 'runqueues'": 'a variable of the kernel without an address',
  'no direct value access support for this map type': 'variables of each CPU before Linux 7.2',
  'BPF_ATOMIC stores into R1 ctx is not allowed': 'an atomic operation on something else than memory',
  'R3 type=fp expected=map_value': 'a text that is not constant',
  'The address of function blk_account_io_done cannot be found': 'a function that cannot be traced',
  'do_unlinkat is not sleepable': 'a function that a sleepable program cannot be attached to',
  'R1 must be referenced or trusted': 'a pointer that the kernel does not vouch for',
  'dereference of modified ctx ptr R2 off=44 disallowed': 'a context that is not read at a constant place',
  'invalid variable-offset read from stack R2 var_off=(0x0; 0xff) size=1': 'a place on the stack that varies',
  'R2 invalid zero-sized read: u64=[0,64]': 'an access outside of a map’s value',
  'access beyond struct task_struct at off 9000 size 4': 'a struct that is not like the kernel’s',
  'the call stack of 9 frames is too deep !': 'functions that are nested too deep',
  'unknown opcode 8d': 'a call of a function by its address, as -O0 makes them',
  'unknown opcode 06': 'an instruction that this kernel does not have',
  'BPF_ALU uses reserved fields': 'an instruction that this kernel does not have',
  'back-edge from insn 7 to 3': 'a loop before Linux 5.3, or without CAP_BPF',
  'The sequence of 8193 jumps is too complex.': 'a program that is too complex',
  "R1 invalid mem access 'ptr_or_null_sock'": 'a missing null check',
  'R1 pointer arithmetic on map_value_or_null prohibited, null-check it first': 'a missing null check',
  'combined stack size of 2 calls is 544. Too large': 'a stack that is too large',
  'invalid stack off=-520 size=8; invalid write to stack R10 off=-520 size=8': 'a stack that is too large',
  'invalid indirect read from stack R2 off -16+4 size 16': 'stack that has no value yet',
  'invalid func unknown#195896080': 'a CO-RE relocation without a match',
  'calling kernel function bpf_task_acquire is not allowed': 'a kfunc that is missing or not allowed',
  'invalid kernel function call not eliminated in verifier pass': 'a kfunc that is missing or not allowed',
  'BPF_CALL uses reserved fields': 'a kfunc that is missing or not allowed',
  'unknown func bpf_get_current_task#35': 'a helper of other program types',
  'program of this type cannot use helper bpf_override_return#58': 'a helper of other program types',
  'cannot call GPL-restricted function from non-GPL compatible program': 'a helper for GPL programs only',
  'R7 !read_ok': 'a register without a value',
  "R2 unbounded memory access, use 'var &= const' or 'if (var < const)'": 'an access outside of a map’s value',
  'invalid access to map value, value_size=8 off=8 size=4': 'an access outside of a map’s value',
  "R2 min value is negative, either use unsigned or 'var &= const'": 'an access outside of a map’s value',
  'Unreleased reference id=1 alloc_insn=3': 'a reference that is not released',
  'FENTRY/FEXIT program can only be attached to another program annotated with BTF': 'type information that is missing',
  'At program exit the register R0 has value (0x7; 0x0) should have been in (0x0; 0x1)':
    'a return value that is not allowed',
  'R0 leaks addr as return value': 'addresses that the verifier guards',
  'R1 pointer comparison prohibited': 'addresses that the verifier guards',
  "R1 invalid mem access 'inv'": 'a pointer that the verifier does not know',
  'last insn is not an exit or jmp': 'code that cannot be reached',
}

test.each(Object.entries(sentences))('%s', (sentence, about) => {
  expect(verifierHint(sentence)).toBe(verifierHints.find((row) => row.about === about)?.hint ?? 'no such row')
})

test('what a register was tells more than that it is a number now', () => {
  const sentence = "R6 invalid mem access 'scalar'"
  const hint = (about: string): string | undefined => verifierHints.find((row) => row.about === about)?.hint
  expect(verifierHint(sentence, ['R6=pkt(r=0)'])).toBe(hint('a pointer that a call made invalid'))
  expect(verifierHint(sentence, ['R6=scalar()'])).toBe(hint('a pointer that the verifier does not know'))
  expect(verifierHint(sentence)).toBe(hint('a pointer that the verifier does not know'))
})

test('what no row knows is left to the log', () => {
  expect(verifierHint('the moon is in the wrong phase')).toContain('the log')
})

test('each row is about something of its own', () => {
  expect(new Set(verifierHints.map(({ about }) => about)).size).toBe(verifierHints.length)
})
