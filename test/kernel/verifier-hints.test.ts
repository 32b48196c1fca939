import { expect, test } from 'vitest'
import { verifierHint, verifierHints } from '../../src/kernel/verifier-hints.ts'

/** Sentences of kernels that are not this one, or of states that a test cannot make; the others are in rejected.test.ts. */
const sentences: Readonly<Record<string, string>> = {
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

test('what no row knows is left to the log', () => {
  expect(verifierHint('the moon is in the wrong phase')).toContain('the log')
})

test('each row is about something of its own', () => {
  expect(new Set(verifierHints.map(({ about }) => about)).size).toBe(verifierHints.length)
})
