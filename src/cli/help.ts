import { type CommandName, commandNames, commandTable } from './command-table.ts'
import { exitCodeTexts } from './exit-codes.ts'
import { type OptionName, optionTable } from './option-table.ts'

/** The help of one command, or the overview. */
export const renderHelp = (command?: CommandName): string => (command ? commandHelp(command) : overview())

function overview(): string {
  return `pinfold: a declarative loader for eBPF

Usage: pinfold COMMAND [OPTIONS]

Commands:
${columns(commandNames.map((name) => [usage(name), commandTable[name].summary]))}

Options: see pinfold COMMAND --help. pinfold --version prints the version.

Exit codes:
${columns(Object.entries(exitCodeTexts))}
`
}

function commandHelp(command: CommandName): string {
  const { summary, details, options } = commandTable[command]
  return `Usage: pinfold ${usage(command)} [OPTIONS]

${summary}
${details}

Options:
${columns(options.map((name) => [optionUsage(name), helpOf(name, command)]))}
`
}

const helpOf = (name: OptionName, command: CommandName): string =>
  (name === 'out' && commandTable[command].out?.help) || optionTable[name].help

function usage(command: CommandName): string {
  const { operand } = commandTable[command]
  return operand ? `${command} ${operand}` : command
}

function optionUsage(name: OptionName): string {
  const { short, value } = optionTable[name]
  return `${short ? `-${short}, ` : '    '}--${name}${value ? ` ${value}` : ''}`
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')
}
