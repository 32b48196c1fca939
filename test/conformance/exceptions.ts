import type { Verdict } from './compare.ts'

/** A row that does not say `same` or `both refuse`, and why. */
export interface Exception {
  readonly objects: RegExp
  /** Only for compilers and options whose text (`clang-16 -O2 -g`) matches. */
  readonly variants?: RegExp
  readonly verdict: Verdict
  /** What pinfold lacks yet; without it the row stays. */
  readonly until?: string
  readonly reason: string
}

/** Every exception; one that no row of the whole matrix needs any more has to go. */
export const exceptions: readonly Exception[] = [
  {
    objects: /^map-legacy$/,
    verdict: 'only pinfold loads',
    reason: 'libbpf 1.0 dropped maps in SEC("maps"); pinfold keeps them for old objects',
  },
  {
    objects: /^section-optional$/,
    verdict: 'only pinfold loads',
    reason: 'libbpf loads it, but bpftool then cannot pin the program that was left out',
  },
  {
    objects: /^code-static-in-section$/,
    verdict: 'only pinfold loads',
    reason: 'libbpf has static functions in .text only; clang puts them into the section that the source names',
  },
  {
    objects: /^code-program-called$/,
    verdict: 'only pinfold loads',
    reason: 'libbpf has calls to .text only; the kernel takes a program that is a function of another one, too',
  },
  {
    objects: /^arena-anywhere$/,
    verdict: 'differs',
    reason: 'the arena is mapped wherever the loading process has room, and its address stands in the code',
  },
  {
    objects: /^map-locked$/,
    verdict: 'only pinfold loads',
    reason:
      'libbpf maps the section into its own memory, which the kernel refuses for one with a lock; pinfold need not',
  },
]
