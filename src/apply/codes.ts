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
  | 'planUsed'
  | 'otherHost'
  | 'otherBoot'
  | 'otherBpffs'
  | 'otherGeneration'
  | 'otherManifest'
  | 'otherObject'
  | 'otherBtf'
  | 'recoverFirst'
  | 'planDiffers'
  | 'planForgotten'

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
    explanation:
      'The apply was asked to stop before it was published, by Ctrl-C, SIGTERM or the end of its terminal (SIGHUP, where nohup does not hide that), and undid what it had done.',
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
      'The kernel refused the BTF of an object, so its maps and programs were made without it: bpftool shows bytes instead of fields and no source lines, and the verifier refuses what needs it: locks, timers and kernel pointers in maps, and what replaces or traces one of its functions.',
  },
  planUsed: {
    code: 'P312',
    summary: 'Saved plan used already',
    explanation:
      "A saved plan is carried out once, whatever came of it. Which ones were is kept in the map that is pinned as `used` in the stack's directory, also after a destroy (until `pinfold destroy --purge`). If that apply was interrupted, `pinfold recover` finishes it. Plan again.",
  },
  otherHost: {
    code: 'P313',
    summary: 'Saved plan for another host',
    explanation:
      'The plan was made for another machine (by its machine-id, or by its host name where it has none), or for the kernel in memory. Objects and ids of one host mean nothing on another one: plan there.',
  },
  otherBoot: {
    code: 'P314',
    summary: 'Saved plan from before a boot',
    explanation: 'The host was booted since the plan was made, so every pin and every id that it speaks of is gone.',
  },
  otherBpffs: {
    code: 'P315',
    summary: 'Saved plan for another bpffs',
    explanation: 'The plan says for which bpffs it was made; `--bpffs` names another one. Leave it out, or plan again.',
  },
  otherGeneration: {
    code: 'P316',
    summary: 'Saved plan for another generation',
    explanation:
      'Since the plan was made another one was applied, rolled back or destroyed, so it would change something else than what was looked at. Plan again.',
  },
  otherManifest: {
    code: 'P317',
    summary: 'Manifest changed since the plan was saved',
    explanation:
      'The manifest, with the variables of the plan filled in, is not the text that the plan was made from. `-f` says where it is now if it was only moved.',
  },
  otherObject: {
    code: 'P318',
    summary: 'Object file changed since the plan was saved',
    explanation:
      'An object file is not, byte by byte, the one that the plan was made from. Apply with the files of the build that was planned, or plan again.',
  },
  otherBtf: {
    code: 'P319',
    summary: 'Saved plan with another BTF',
    explanation:
      'The file of `--btf`, which decides CO-RE, has to be the same when the plan is made and when it is applied.',
  },
  recoverFirst: {
    code: 'P320',
    summary: 'Saved plan before a recovery',
    explanation:
      'A saved plan is all that is done, so what a killed command left has to be finished or taken back before it: `pinfold recover` does that. What there is then was not there when the plan was made, so plan again.',
  },
  planDiffers: {
    code: 'P321',
    summary: 'Live state changed since the plan was saved',
    explanation:
      'A plan that is made now would do something else than the saved one: somebody changed a slot, an entry, a link or a pin meanwhile, or it was saved by a pinfold that plans otherwise. The message names the first difference. Plan again.',
  },
  planForgotten: {
    code: 'P322',
    summary: 'Saved plan too old to know',
    explanation:
      'Of more than 1,024 saved plans that were used on a stack, only the newer ones are remembered one by one; everything that was made before those counts as used. Plan again. `pinfold destroy --purge` forgets all of them.',
  },
}

/** The codes that mean that the world is not what the plan was made for: planning again is the answer. */
export const staleCodes: ReadonlySet<string> = new Set([applyCodes.stale.code, applyCodes.swapped.code])
