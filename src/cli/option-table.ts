/** One option of the command line. */
export interface OptionRule {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  /** How help names its value. */
  readonly value?: string
  readonly multiple?: true
  /** The only values that it takes. */
  readonly choices?: readonly string[]
  readonly help: string
}

/** The values of options as a command gets them: texts, lists where repeatable, true where given. */
export interface OptionValues {
  readonly file?: string
  readonly var?: readonly string[]
  readonly 'var-file'?: readonly string[]
  readonly stack?: string
  readonly bpffs?: string
  readonly 'mount-bpffs'?: true
  readonly kernel?: string
  readonly state?: string
  readonly btf?: string
  readonly 'auto-approve'?: true
  readonly adopt?: true
  readonly deny?: readonly string[]
  readonly warn?: readonly string[]
  readonly steps?: true
  readonly diff?: true
  readonly 'verifier-log'?: string
  readonly out?: string
  readonly 'with-btf'?: true
  readonly against?: readonly string[]
  readonly 'drift-only'?: true
  readonly to?: string
  readonly purge?: true
  readonly name?: string
  readonly object?: readonly string[]
  readonly except?: readonly string[]
  readonly confirm?: string
  readonly repair?: true
  readonly 'at-deadline'?: string
  readonly timings?: true
  readonly json?: true
  /** `json` is the same as --json, which is set then. */
  readonly format?: 'text' | 'json' | 'markdown'
  readonly 'no-color'?: true
  readonly help?: true
}

export type OptionName = keyof OptionValues

/** Every option; which command takes which is in the command table. */
export const optionTable: Readonly<Record<OptionName, OptionRule>> = {
  file: { type: 'string', short: 'f', value: 'FILE', help: 'the manifest (default pinfold.yaml)' },
  var: { type: 'string', value: 'NAME=VALUE', multiple: true, help: 'set a variable of the manifest; repeatable' },
  'var-file': { type: 'string', value: 'FILE', multiple: true, help: 'read variables from a YAML file; repeatable' },
  stack: { type: 'string', value: 'NAME', help: 'the stack, where no manifest names it' },
  bpffs: { type: 'string', value: 'DIR', help: 'a bpffs directory other than /sys/fs/bpf' },
  'mount-bpffs': { type: 'boolean', help: 'mount a bpffs there if none is mounted' },
  kernel: { type: 'string', value: 'KIND', help: 'linux (default), or memory: a kernel played in this process' },
  state: {
    type: 'string',
    value: 'FILE',
    help: 'keep the memory kernel in this file between commands; a snapshot of a host is only copied',
  },
  btf: { type: 'string', value: 'FILE', help: "adapt programs (CO-RE) to this BTF, not to the running kernel's" },
  'auto-approve': { type: 'boolean', help: 'do not ask; needed where there is no terminal' },
  deny: { type: 'string', value: 'CODE', multiple: true, help: 'let this warning block (P103,P104; all); repeatable' },
  warn: { type: 'string', value: 'CODE', multiple: true, help: 'let this error of the lint be a warning; repeatable' },
  adopt: { type: 'boolean', help: "take pins in the stack's tree that its record does not know for its own" },
  steps: { type: 'boolean', help: 'list every step, and who holds each program array after it' },
  diff: {
    type: 'boolean',
    help: 'show what differs: instructions with their source lines, entries, variables, slots',
  },
  'verifier-log': {
    type: 'string',
    value: 'FILE',
    help: "write the verifier's whole log there if it refuses a program",
  },
  out: {
    type: 'string',
    short: 'o',
    value: 'FILE',
    help: 'write it there: a plan for pinfold apply FILE, a manifest, a snapshot',
  },
  'with-btf': {
    type: 'boolean',
    help: "also the kernel's types and symbols, for CO-RE, ksyms and kfuncs; some megabytes",
  },
  against: {
    type: 'string',
    value: 'SNAPSHOT',
    multiple: true,
    help: 'plan for the host of this snapshot, without a kernel; repeatable: one plan for each class of hosts',
  },
  to: { type: 'string', value: 'PATH', help: 'pin it there, or several in that directory (default: below forgotten/)' },
  'drift-only': { type: 'boolean', help: 'only what somebody else changed since the last apply, and by whom' },
  name: { type: 'string', value: 'STACK', help: 'how the new stack is to be called (default: like its first object)' },
  object: {
    type: 'string',
    value: 'FILE',
    multiple: true,
    help: 'an object file that the programs were loaded from; repeatable',
  },
  except: { type: 'string', value: 'PIN|#ID', multiple: true, help: 'leave out this pin, program or link; repeatable' },
  purge: { type: 'boolean', help: 'also what is kept (onDestroy: keep), and which saved plans were used' },
  confirm: {
    type: 'string',
    value: 'TIME',
    help: 'take it back unless pinfold confirm is run in that time (60s, 5m)',
  },
  'at-deadline': {
    type: 'string',
    value: 'PID',
    help: 'first wait for the end of an unconfirmed generation, or of PID before it is published; apply starts that',
  },
  repair: { type: 'boolean', help: 'repair what can be repaired safely, and look again' },
  timings: { type: 'boolean', help: 'say where the time went, on standard error or in a document of its own' },
  json: { type: 'boolean', help: 'print JSON, one document a line' },
  format: {
    type: 'string',
    value: 'FORMAT',
    choices: ['text', 'json', 'markdown'],
    help: 'text (default), json, or markdown: a comment for a pull request',
  },
  'no-color': { type: 'boolean', help: 'no colour, as with NO_COLOR or without a terminal' },
  help: { type: 'boolean', short: 'h', help: 'print this help' },
}

/** One command of the command line. */
export interface CommandRule {
  /** One sentence for the overview. */
  readonly summary: string
  /** Further sentences for the command's own help. */
  readonly details: string
  /** How help names the argument; in brackets where it may be left out. */
  readonly operand?: string
  readonly options: readonly OptionName[]
}

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
    summary: 'Show what apply would do, without doing it.',
    details:
      '= is kept, + new, ~ changed or loaded anew, +/- replaced, - removed. Behind a change stands how it looks from outside: atomic\n(one instant), overlap (old and new run side by side for a moment), gap (neither does), data loss (of entries).\nExit code 0: nothing to do; 2: changes; 3: only drift; 4: blocked. Asked for drift only it compares with the record of\nthe last apply, and needs no manifest where the stack is named.',
    operand: '[STACK]',
    options: [
      ...manifestOptions,
      ...kernelOptions,
      ...lintOptions,
      'btf',
      'adopt',
      'steps',
      'drift-only',
      'out',
      'diff',
      'timings',
      'format',
      'against',
      ...outputOptions,
    ],
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
    details: 'Its programs are still loaded: only links and trees are swapped. Without a number, the latest one kept.',
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
    details: 'Names the stack as an argument, or by its manifest.',
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
  },
  snapshot: {
    summary: 'Write down all that plans for this host are made from.',
    details:
      'With it plans for this host are made anywhere, without the host and without root. Reads only. The document holds entries of the\nmaps of stacks: keep it as closely as those.',
    options: ['bpffs', 'kernel', 'state', 'with-btf', 'out', ...outputOptions],
  },
  import: {
    summary: 'Make a stack of what bpftool, libbpf or others have loaded, without touching it.',
    details:
      "PATH is a pin or a directory of pins. What is pinned there, and what that reaches, is matched with the object files by name\nand code; then a manifest is written by which the next plan is empty, and everything is pinned again in the stack's tree.\nNothing is detached, and the original pins stay. An import that was killed is finished by the next one.",
    operand: 'PATH...',
    options: ['object', 'name', 'out', 'except', ...kernelOptions, 'btf', 'auto-approve', ...outputOptions],
  },
}

export const commandNames: readonly CommandName[] = Object.keys(commandTable) as CommandName[]
