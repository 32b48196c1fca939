/** What one code means; docs/errors.md is made from these rows. */
export interface UsageCodeRow {
  readonly summary: string
  readonly explanation: string
}

export type UsageCode =
  | 'C100'
  | 'C101'
  | 'C102'
  | 'C103'
  | 'C104'
  | 'C105'
  | 'C106'
  | 'C108'
  | 'C111'
  | 'C112'
  | 'C113'
  | 'C114'
  | 'C115'
  | 'C116'
  | 'C117'
  | 'C120'
  | 'C130'
  | 'C170'
  | 'C171'
  | 'C172'
  | 'C173'
  | 'C174'
  | 'C131'
  | 'C132'
  | 'C133'
  | 'C134'
  | 'C135'
  | 'C136'
  | 'C140'
  | 'C150'
  | 'C151'
  | 'C152'
  | 'C153'
  | 'C180'
  | 'C181'
  | 'C182'
  | 'C160'
  | 'C161'

/** Every code of the command line. Numbers are never reused. */
export const usageCodes: Readonly<Record<UsageCode, UsageCodeRow>> = {
  C100: {
    summary: 'Unexpected error',
    explanation: 'A defect of pinfold. PINFOLD_DEBUG=1 prints where it happened; please report that.',
  },
  C101: { summary: 'Unknown command', explanation: 'pinfold --help lists the commands.' },
  C102: { summary: 'Unknown option', explanation: 'pinfold COMMAND --help lists the options of a command.' },
  C103: { summary: 'Option of another command', explanation: 'The option exists, but this command does not take it.' },
  C104: {
    summary: 'Bad value of an option',
    explanation:
      'The value is missing, is none that the option takes, or the option takes none. `-` is no file: what a command prints goes to standard output without --out.',
  },
  C105: {
    summary: 'Wrong number of arguments',
    explanation:
      'Only apply, confirm, recover, show, destroy, rollback and inspect take an argument: one. doctor takes any number of stacks, verify and init of files, import of pins, explain of codes.',
  },
  C106: { summary: 'Malformed variable', explanation: 'A variable is given as --var NAME=VALUE.' },
  C108: {
    summary: 'Nobody to ask for approval',
    explanation:
      'apply, recover, rollback and destroy ask before they change anything. Without a terminal, or with --json, pass --auto-approve.',
  },
  C111: {
    summary: 'No such stack',
    explanation: 'pinfold show lists the stacks of a bpffs; --bpffs names another one.',
  },
  C112: {
    summary: 'Unusable state file',
    explanation: 'The file of --state is not the state of a kernel in memory, or cannot be read or written.',
  },
  C114: {
    summary: 'Not the number of a generation',
    explanation:
      'rollback takes the number of a generation that pinfold show lists as kept; without one it takes the latest.',
  },
  C120: {
    summary: 'No watcher',
    explanation:
      'apply --confirm starts a second process that takes the generation back when the first one is killed or its terminal lost. It could not be started, so nothing was applied.',
  },
  C130: {
    summary: 'Not a saved plan',
    explanation:
      '`pinfold apply FILE` and `pinfold show FILE` take a plan that `pinfold plan --out FILE` saved (or that `pinfold plan --json` printed), and the whole of it.',
  },
  C131: {
    summary: 'Saved plan changed',
    explanation:
      'Every saved plan carries a digest of itself, which does not fit this one any more: somebody edited the file, or it was damaged on its way. Nothing of it is shown or carried out. The digest is no signature: what protects a host is that a plan is made anew there and must turn out to be the same.',
  },
  C132: {
    summary: 'Saved plan of another version',
    explanation: 'The plan was saved by a pinfold whose plans have another form. Use that one, or plan again.',
  },
  C133: {
    summary: 'Option that a saved plan fixes',
    explanation:
      'A saved plan says with which variables and how it is carried out; `--var`, `--var-file`, `--adopt`, `--deny`, `--warn` and `--confirm` cannot change that: plan again with them.',
  },
  C134: {
    summary: 'Plan not saved',
    explanation: 'The file of --out cannot be written. It is replaced as a whole, so its directory must be writable.',
  },
  C135: {
    summary: 'Saved plan of another command',
    explanation:
      'Only what `pinfold plan` shows can be saved and applied, with `--destroy` and `--rollback` also a destroy and a rollback; recover, forget, import and confirm plan for themselves.',
  },
  C140: {
    summary: 'Unknown code',
    explanation: 'No error or warning of this pinfold has that code. pinfold explain lists them all.',
  },
  C150: {
    summary: 'Unreadable snapshot',
    explanation: 'The file of --against is no document of `pinfold snapshot`, was cut, or cannot be read.',
  },
  C151: {
    summary: 'Option that does not go with --against',
    explanation:
      'A plan from snapshots opens no kernel: --kernel, --state and --mount-bpffs say nothing there, and --bpffs can only be the directory that the snapshot is of.',
  },
  C152: {
    summary: 'Snapshot not written',
    explanation: 'The file of --out cannot be written. It is replaced as a whole, so its directory must be writable.',
  },
  C153: {
    summary: 'One plan for several hosts',
    explanation: 'A saved plan is for one host, whose ids are in it: with --out there is one --against.',
  },
  C136: {
    summary: 'Option for saved plans only',
    explanation:
      'With `pinfold show`, `--steps` and `--format markdown` are for a saved plan: a file, whose name has a dot or a slash.',
  },
  C113: {
    summary: 'Unreadable file',
    explanation: 'The object that inspect is to show, or the file of --btf, cannot be read.',
  },
  C115: {
    summary: 'Not the name of a stack',
    explanation:
      'A stack is named like its directory on bpffs: at most 255 bytes, no dot, no slash. `pinfold show` lists those there are.',
  },
  C180: {
    summary: 'File exists',
    explanation: 'What --out names is there already. init and import overwrite nothing.',
  },
  C181: { summary: 'File cannot be written', explanation: 'What --out names cannot be made.' },
  C182: {
    summary: 'No object file is given',
    explanation:
      'import knows programs by their code alone, and needs --object FILE for each object file that they were loaded from.',
  },
  C171: {
    summary: 'Not an address',
    explanation: 'An object of a stack is named `map.NAME`, `program.NAME` or `link.NAME`; `pinfold show` lists them.',
  },
  C172: {
    summary: 'Not an absolute path',
    explanation:
      '`forget --to` takes the absolute path of a pin on a bpffs, or of a directory for the pins of several objects.',
  },
  C173: {
    summary: 'Still declared',
    explanation:
      'What the manifest declares does not leave its stack: the next apply would make another one of that name. Remove it from the manifest, and run `pinfold forget` before you apply that, which would delete it.',
  },
  C170: {
    summary: 'Not for drift',
    explanation:
      '`plan --drift-only` compares a stack with its record. It takes the name of a stack, or a manifest, but nothing that is about what a manifest wants (--out, --steps, --format markdown); and `plan` takes the name of a stack with --drift-only alone.',
  },
  C174: {
    summary: 'Not for this plan',
    explanation:
      '`plan --destroy` and `plan --rollback` plan what those commands would do, and take what they take: no options about what a manifest wants (--deny, --warn, --btf, --confirm), nor --drift-only. --purge and --adopt go with a destroy, --diff with a rollback, and both at once is no plan.',
  },
  C116: {
    summary: 'No place for a bpffs',
    explanation: '--mount-bpffs mounts only on an empty directory, or makes one: a mount hides what lies below it.',
  },
  C117: {
    summary: 'No working directory',
    explanation: 'The directory that pinfold was started in was removed since, so that relative paths lead nowhere.',
  },
  C160: {
    summary: 'Two formats at once',
    explanation: '--json is --format json: only one of --json and --format is given.',
  },
  C161: {
    summary: 'Output lost',
    explanation:
      'Standard output took no more, for example because its disk is full. The command went on to its end all the same; the exit code of one that changes something is as ever, of all others 1.',
  },
}
