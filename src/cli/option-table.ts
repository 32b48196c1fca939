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
  readonly destroy?: true
  readonly rollback?: string
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
  destroy: { type: 'boolean', help: 'what destroy would do; needs no manifest where the stack is named' },
  rollback: {
    type: 'string',
    value: 'GENERATION',
    help: 'what rollback to this generation would do (latest: the last one kept)',
  },
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
