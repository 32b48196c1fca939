import type { OptionName } from './option-table.ts'

/** One command of the command line. */
export interface CommandRule {
  /** One sentence for the overview. */
  readonly summary: string
  /** Further sentences for the command's own help. */
  readonly details: string
  /** How help names the argument; in brackets where it may be left out. */
  readonly operand?: string
  readonly options: readonly OptionName[]
  /** Of a command that takes --out. */
  readonly out?: OutRule
}

/** What is written to the file of --out depends on the command. */
export interface OutRule {
  readonly help: string
  /** How it gets to standard output, for who wrote `--out -`. */
  readonly instead: string
}

const printedAnyway = 'leave --out out: then it is printed to standard output'

export type CommandName =
  | 'validate'
  | 'plan'
  | 'apply'
  | 'confirm'
  | 'doctor'
  | 'recover'
  | 'rollback'
  | 'show'
  | 'destroy'
  | 'forget'
  | 'verify'
  | 'inspect'
  | 'explain'
  | 'init'
  | 'snapshot'
  | 'import'

const manifestOptions: readonly OptionName[] = ['file', 'var', 'var-file']
const kernelOptions: readonly OptionName[] = ['bpffs', 'mount-bpffs', 'kernel', 'state']
const lintOptions: readonly OptionName[] = ['deny', 'warn']
const outputOptions: readonly OptionName[] = ['json', 'no-color', 'help']

/** Every command; arguments are parsed and help is written from this table. */
export const commandTable: Readonly<Record<CommandName, CommandRule>> = {
  validate: {
    summary: 'Check a manifest and its objects.',
    details:
      'Makes no system call on bpf objects: needs no privileges, works off Linux. With the BTF of a\nkernel it also adapts the programs to that, and says what it lacks.',
    options: [...manifestOptions, 'btf', ...outputOptions],
  },
  plan: {
    summary: 'Show what apply would do (or destroy, or rollback), without doing it.',
    details:
      '= is kept, + new, ~ changed or loaded anew, +/- replaced, - removed. Behind a change stands how it looks from outside: atomic\n(one instant), overlap (old and new run side by side for a moment), gap (neither does), data loss (of entries).\nExit code 0: nothing to do; 2: changes; 3: only drift; 4: blocked. Asked for drift only it compares with the record of\nthe last apply; asked for a destroy or a rollback it shows those. None of them needs a manifest where the stack is named.',
    operand: '[STACK]',
    options: [
      ...manifestOptions,
      ...kernelOptions,
      ...lintOptions,
      'btf',
      'adopt',
      'steps',
      'drift-only',
      'destroy',
      'purge',
      'rollback',
      'confirm',
      'out',
      'diff',
      'timings',
      'format',
      'against',
      ...outputOptions,
    ],
    out: {
      help: 'save the plan there, in place of one that was: pinfold apply FILE does exactly that, once',
      instead: 'pinfold plan --json prints what --out saves',
    },
  },
  apply: {
    summary: 'Make the kernel hold what the manifest says.',
    details:
      'Finishes an interrupted apply first. Shows the plan and asks before it changes anything. Of a plan that `pinfold plan` saved\nit does exactly what that says, without asking, or refuses: exit code 5 where it is stale.',
    operand: '[PLAN]',
    options: [
      ...manifestOptions,
      ...kernelOptions,
      ...lintOptions,
      'btf',
      'adopt',
      'diff',
      'auto-approve',
      'confirm',
      'verifier-log',
      'timings',
      ...outputOptions,
    ],
  },
  confirm: {
    summary: 'Keep a generation that was applied to be confirmed.',
    details: 'Without it in time the applying process, or a watcher that outlives it, takes the generation back.',
    operand: '[STACK]',
    options: [...manifestOptions, ...kernelOptions, ...outputOptions],
  },
  doctor: {
    summary: 'Look for lost tail calls, severed links and leftovers, and repair them.',
    details:
      'Looks at these stacks, or at the whole system, also at what pinfold did not make; changes nothing unless it is to repair. A\nmanifest (-f) tells what arrays of others should hold. Exit code 0: nothing found; 3: something is; 7: a repair failed.',
    operand: '[STACK...]',
    options: [...manifestOptions, ...kernelOptions, 'btf', 'repair', ...outputOptions],
  },
  recover: {
    summary: 'Finish or take back what a killed apply, rollback or destroy left.',
    details: 'The next apply does the same first. Also takes back a generation that was not confirmed in time.',
    operand: '[STACK]',
    options: [...manifestOptions, ...kernelOptions, 'auto-approve', 'at-deadline', ...outputOptions],
  },
  rollback: {
    summary: 'Make a former generation live again.',
    details:
      'Its programs are still loaded: only links and trees are swapped. Without a number (or\nwith `latest`) the latest one kept.\n`pinfold plan` can show the same for a review.',
    operand: '[GENERATION]',
    options: [...manifestOptions, 'stack', ...kernelOptions, 'diff', 'auto-approve', ...outputOptions],
  },
  show: {
    summary: 'Show the live stacks as a tree.',
    details:
      'What each pin is, who holds each array, what each link is attached to. Of a file (a dot or slash is in its name), the plan\nthat was saved there, also a stale one, and on any machine.',
    operand: '[STACK|PLAN]',
    options: [...kernelOptions, 'steps', 'format', ...outputOptions],
  },
  destroy: {
    summary: 'Remove exactly what a stack owns.',
    details: 'Names the stack as an argument, or by its manifest. `pinfold plan` can show the same for a review.',
    operand: '[STACK]',
    options: [...manifestOptions, ...kernelOptions, 'adopt', 'purge', 'auto-approve', ...outputOptions],
  },
  forget: {
    summary: 'Take objects out of a stack without touching them.',
    details: 'What runs goes on, pinned elsewhere. Refused for what the manifest or another object of the stack needs.',
    operand: 'ADDRESS...',
    options: [...manifestOptions, 'stack', ...kernelOptions, 'to', 'auto-approve', ...outputOptions],
  },
  verify: {
    summary: 'Let the kernel verify every program, and let it go again: a dry run for CI.',
    details:
      'Creates the maps and loads the programs of the manifest (-f), or of these manifests and objects (*.o: every program that\nlibbpf would load by itself). Nothing is pinned or attached, and no interface or cgroup has to exist.\nExit code 0: the verifier accepts all; 1: it does not.',
    operand: '[MANIFEST|OBJECT...]',
    options: [...manifestOptions, 'kernel', 'state', 'btf', 'verifier-log', 'timings', ...outputOptions],
  },
  inspect: {
    summary: 'Show what an object file declares.',
    details: 'Maps, programs, globals and what pinfold would refuse. Makes no system call on bpf objects.',
    operand: 'OBJECT',
    options: [...outputOptions],
  },
  explain: {
    summary: 'Say what a code of an error or warning means, and what to do.',
    details: 'Without a code: all of them, one a line. docs/errors.md holds the same.',
    operand: '[CODE...]',
    options: [...outputOptions],
  },
  init: {
    summary: 'Write a first manifest for object files.',
    details:
      'Everything that the objects declare, each map with its policy, links guessed from the sections and commented out: what is\nwritten is valid as it is and attaches nothing. Makes no system call on bpf objects.',
    operand: 'OBJECT...',
    options: ['out', 'name', ...outputOptions],
    out: {
      help: 'write the manifest there, where no file is yet (default: standard output)',
      instead: printedAnyway,
    },
  },
  snapshot: {
    summary: 'Write down all that plans for this host are made from.',
    details:
      'With it plans for this host are made anywhere, without the host and without root. Reads only. The document holds entries of the\nmaps of stacks: keep it as closely as those.',
    options: ['bpffs', 'kernel', 'state', 'with-btf', 'out', ...outputOptions],
    out: {
      help: 'write it there, in place of one that was (default: standard output)',
      instead: printedAnyway,
    },
  },
  import: {
    summary: 'Make a stack of what bpftool, libbpf or others have loaded, without touching it.',
    details:
      "PATH is a pin or a directory of pins. What is pinned there, and what that reaches, is matched with the object files by name\nand code; then a manifest is written by which the next plan is empty, and everything is pinned again in the stack's tree.\nNothing is detached, and the original pins stay. An import that was killed is finished by the next one.",
    operand: 'PATH...',
    options: ['object', 'name', 'out', 'except', ...kernelOptions, 'btf', 'auto-approve', ...outputOptions],
    out: {
      help: 'write the manifest there, where no file is yet (default pinfold.yaml)',
      instead: "name a file: the manifest is the next plan's; pinfold import --json prints it, too",
    },
  },
}

export const commandNames: readonly CommandName[] = Object.keys(commandTable) as CommandName[]
