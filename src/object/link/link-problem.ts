/** Something that the kernel does not have, or that cannot be decided. */
export interface LinkProblem {
  /**
   * O204 a function, variable or symbol is missing; O210 the kernel has no BTF; O211 a CO-RE relocation that cannot be done, O212 one
   * with several answers; O230 a struct_ops.
   */
  readonly code: 'O204' | 'O210' | 'O211' | 'O212' | 'O230'
  /** What comes behind `cannot load program.NAME: `. */
  readonly what: string
  readonly hint?: string
}
