/** An error of an apply: its constant phrase, and what docs/errors.md says of it. */
export interface ApplyCode {
  readonly code: string
  readonly summary: string
  readonly explanation: string
}

type ApplyProblem =
  | 'defect'
  | 'stale'
  | 'locked'
  | 'swapped'
  | 'slots'
  | 'linkHeld'
  | 'interrupted'
  | 'kept'
  | 'order'
  | 'notRescued'
  | 'noBtf'

/** Every P3xx code. Numbers are never reused. */
export const applyCodes: Readonly<Record<ApplyProblem, ApplyCode>> = {
  defect: {
    code: 'P300',
    summary: 'Unexpected error',
    explanation: 'A defect of pinfold. What was begun was undone as for any other failure. Please report it.',
  },
  stale: {
    code: 'P301',
    summary: 'Stale plan',
    explanation: 'An object or path is no longer what the plan was made for, so nothing was changed. Plan again.',
  },
  locked: {
    code: 'P302',
    summary: 'Stack locked',
    explanation:
      'Another process is applying this stack. Its lock ends with that process, however it ends: there is nothing to unlock by force.',
  },
  swapped: {
    code: 'P303',
    summary: 'Changed by somebody else meanwhile',
    explanation:
      'A link, slot or entry did not hold what the plan expected at the moment of the switch. Everything was undone. Plan again.',
  },
  slots: {
    code: 'P304',
    summary: 'Slots read back differ',
    explanation:
      'A new program array does not hold exactly the declared programs. It was never used: nothing live was touched.',
  },
  linkHeld: {
    code: 'P305',
    summary: 'Link held by somebody else',
    explanation:
      'A link was to be detached, but after its pins in this stack were gone it was still attached: another process has it open, or it is pinned elsewhere. Its pins were put back.',
  },
  interrupted: {
    code: 'P306',
    summary: 'Interrupted',
    explanation: 'The apply was asked to stop before it was published, and undid what it had done.',
  },
  kept: {
    code: 'P307',
    summary: 'Array kept: somebody else still uses it',
    explanation:
      'Programs of the outgoing generation are still attached by somebody else. Removing the last pin of a program array that they use would empty it under them, so it is kept. The next apply or destroy after that attachment is gone removes it.',
  },
  order: {
    code: 'P309',
    summary: 'Step before what it needs',
    explanation: 'A step refers to an object that no earlier step made. The plan was edited, or this is a defect.',
  },
  notRescued: {
    code: 'P311',
    summary: 'Array not rescued',
    explanation:
      'doctor --repair pinned a program array and filled its slots, but something emptied or changed them again. The pin stays. Look for who else works on that array, then run it again.',
  },
  noBtf: {
    code: 'P310',
    summary: 'Loaded without type information',
    explanation:
      'The kernel refused the BTF of an object, so its maps and programs were made without it: bpftool shows bytes instead of fields and no source lines. Nothing else is lost.',
  },
}

/** The codes that mean that the world is not what the plan was made for: planning again is the answer. */
export const staleCodes: ReadonlySet<string> = new Set([applyCodes.stale.code, applyCodes.swapped.code])
