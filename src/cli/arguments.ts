import { parseArgs } from 'node:util'
import { nearest } from '../util/nearest.ts'
import { type CommandName, commandNames, commandTable } from './command-table.ts'
import { isManifest, nameManifest } from './manifest-argument.ts'
import { type OptionName, type OptionValues, optionTable } from './option-table.ts'
import { UsageError } from './usage-error.ts'

/** A command line that makes sense. */
export interface Invocation {
  readonly command: CommandName
  /** The argument: a stack for show and destroy, a file for inspect. */
  readonly operand?: string
  /** All of them, where a command takes several: the stacks for doctor. */
  readonly operands?: readonly string[]
  readonly options: OptionValues
}

/** Reads the arguments after the program's name; UsageError (C101 to C105) says what is wrong with them. */
export function parseArguments(words: readonly string[]): Invocation {
  refuseSingleDash(words)
  const { tokens } = parseArgs({ args: [...words], options: optionTable, strict: false, tokens: true })
  const positionals = tokens.filter((token) => token.kind === 'positional').map((token) => token.value)
  // `help plan` is `plan --help`.
  if (positionals[0] === 'help' && positionals.length === 2)
    return { command: commandOf(positionals[1]), options: { help: true } }
  const command = commandOf(positionals[0])
  const options: Record<string, unknown> = {}
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const name = optionOf(token.name, token.rawName, command)
    options[name] = readValue(name, token.value, options[name])
    refuseDash(name, token.value, command)
  }
  const operands = operandsOf(command, positionals.slice(1), options)
  const [operand] = operands
  settleFormat(options)
  const several = takesSeveral(command) ? { operands } : {}
  return { command, options: options as OptionValues, ...several, ...(operand === undefined ? {} : { operand }) }
}

/** `--format json` is `--json`, and either alone says what is printed. */
function settleFormat(options: Record<string, unknown>): void {
  const { format, json } = options
  if (json && format !== undefined && format !== 'json') {
    const hint = `leave --json or --format ${format} out`
    throw new UsageError(`cannot print ${format} and JSON at once`, { code: 'C160', hint })
  }
  if (format === 'json') options['json'] = true
}

/** True where these words, which may make no sense otherwise, ask for this format. */
export const asksFor = (format: 'json' | 'markdown', words: readonly string[]): boolean =>
  words.some((word, at) => word === `--format=${format}` || (word === '--format' && words[at + 1] === format)) ||
  (format === 'json' && words.includes('--json'))

/** `-auto-approve`, as other tools have it, would be read as a row of short options. */
function refuseSingleDash(words: readonly string[]): void {
  const word = words.find((each) => /^-[a-z]/.test(each) && nameIn(each.slice(1)) in optionTable)
  if (word === undefined) return
  throw new UsageError(`cannot run pinfold: there is no option ${word}`, {
    code: 'C102',
    hint: `did you mean -${word}?`,
  })
}

const nameIn = (option: string): string => option.split('=')[0] ?? ''

function commandOf(word: string | undefined): CommandName {
  const command = commandNames.find((name) => name === word)
  if (command) return command
  if (word === undefined) {
    throw new UsageError('cannot run pinfold: no command is given', {
      code: 'C101',
      hint: `commands: ${commandList()}`,
    })
  }
  throw new UsageError(`cannot run "${word}": there is no such command`, {
    code: 'C101',
    hint: suggestion(nearest(word, commandNames), `commands: ${commandList()}`),
  })
}

function optionOf(name: string, written: string, command: CommandName): OptionName {
  const allowed = commandTable[command].options
  const option = allowed.find((known) => known === name)
  if (option) return option
  if (name in optionTable) {
    throw new UsageError(`cannot run ${command}: it does not take ${written}`, {
      code: 'C103',
      hint: `${written} belongs to: ${takers(name as OptionName).join(', ')}`,
    })
  }
  const near = allowed.find((known) => known === elsewhere[name]) ?? nearest(name, allowed)
  throw new UsageError(`cannot run ${command}: there is no option ${written}`, {
    code: 'C102',
    hint: suggestion(near && `--${near}`, `see: pinfold ${command} --help`),
  })
}

/** What other tools call these options. */
const elsewhere: Readonly<Record<string, OptionName>> = {
  y: 'auto-approve',
  yes: 'auto-approve',
  force: 'auto-approve',
  'non-interactive': 'auto-approve',
  manifest: 'file',
  config: 'file',
  c: 'file',
  target: 'against',
  log: 'verifier-log',
}

function readValue(name: OptionName, value: string | undefined, before: unknown): unknown {
  const rule = optionTable[name]
  if (rule.type === 'boolean') {
    if (value === undefined) return true
    throw new UsageError(`cannot read --${name}: it takes no value`, { code: 'C104', hint: `write --${name}` })
  }
  if (value === undefined || value === '') {
    throw new UsageError(`cannot read --${name}: its value is ${value === undefined ? 'missing' : 'empty'}`, {
      code: 'C104',
      hint: `write --${name} ${rule.value}`,
    })
  }
  if (rule.choices && !rule.choices.includes(value)) {
    throw new UsageError(`cannot read --${name}: it does not take "${value}"`, {
      code: 'C104',
      hint: suggestion(nearest(value, rule.choices), `it takes: ${rule.choices.join(', ')}`),
    })
  }
  return rule.multiple ? [...((before as string[] | undefined) ?? []), value] : value
}

/** Elsewhere `-` stands for standard input or output; here it would be a file of that name. */
function refuseDash(name: OptionName, value: string | undefined, command: CommandName): void {
  if (value !== '-' || optionTable[name].value !== 'FILE') return
  const instead = name === 'out' ? commandTable[command].out?.instead : undefined
  throw new UsageError(`cannot read --${name}: - is no name of a file`, {
    code: 'C104',
    hint: instead ?? 'name a file, or ./- for one of that name',
  })
}

function operandsOf(command: CommandName, words: readonly string[], options: object): readonly string[] {
  const { operand } = commandTable[command]
  const hint = `usage: pinfold ${command}${operand ? ` ${operand}` : ''}`
  const [word, ...more] = words
  const extra = takesSeveral(command) ? undefined : operand ? more[0] : word
  if (extra !== undefined) {
    throw new UsageError(`cannot run ${command}: "${extra}" is one argument too many`, {
      code: 'C105',
      hint: isManifest(extra) && takes(command, 'file') ? nameManifest(command, extra) : hint,
    })
  }
  if (operand && !operand.startsWith('[') && word === undefined && !('help' in options)) {
    throw new UsageError(`cannot run ${command}: ${operand} is missing`, { code: 'C105', hint })
  }
  return words
}

const takesSeveral = (command: CommandName): boolean => commandTable[command].operand?.includes('...') ?? false

const takers = (option: OptionName): CommandName[] => commandNames.filter((name) => takes(name, option))

const takes = (command: CommandName, option: OptionName): boolean => commandTable[command].options.includes(option)

const commandList = (): string => commandNames.join(', ')

const suggestion = (near: string | undefined, otherwise: string): string => (near ? `did you mean ${near}?` : otherwise)
