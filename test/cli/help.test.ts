import { expect, test } from 'vitest'
import { parseArguments } from '../../src/cli/arguments.ts'
import { commandNames, commandTable } from '../../src/cli/command-table.ts'
import { exitCodes, exitCodeTexts } from '../../src/cli/exit-codes.ts'
import { renderHelp } from '../../src/cli/help.ts'
import { type OptionName, optionTable } from '../../src/cli/option-table.ts'

test('the overview names every command and explains every exit code', () => {
  const text = renderHelp()
  for (const name of commandNames) expect(text).toContain(`  ${name}`)
  for (const code of Object.values(exitCodes)) expect(text).toContain(`  ${code}  ${exitCodeTexts[code]}\n`)
})

test("a command's help lists its options and no others", () => {
  for (const name of commandNames) {
    const listed = [...renderHelp(name).matchAll(/--([a-z-]+)/g)].map((match) => match[1])
    expect(listed).toEqual(commandTable[name].options)
  }
})

test('--out says what is written there', () => {
  const said = commandNames.flatMap((name) => /--out FILE +(.+)/.exec(renderHelp(name))?.[1] ?? [])
  expect(said).toHaveLength(commandNames.filter((name) => commandTable[name].options.includes('out')).length)
  expect(new Set(said).size).toBe(said.length)
})

test('every command that takes --out says how the same gets to standard output, where somebody writes --out -', () => {
  const takers = commandNames.filter((name) => commandTable[name].options.includes('out'))
  expect(commandNames.filter((name) => commandTable[name].out)).toEqual(takers)
  for (const name of takers)
    expect(() => parseArguments([name, ...(commandTable[name].operand ? ['x'] : []), '--out', '-'])).toThrow(
      expect.objectContaining({ code: 'C104', hint: commandTable[name].out?.instead }),
    )
})

test('every option belongs to a command, and every command takes --json, --no-color and --help', () => {
  const used = new Set<OptionName>(commandNames.flatMap((name) => commandTable[name].options))
  expect(Object.keys(optionTable).filter((name) => !used.has(name as OptionName))).toEqual([])
  for (const name of commandNames)
    expect(commandTable[name].options).toEqual(expect.arrayContaining(['json', 'no-color', 'help']))
})
