import { expect, test } from 'vitest'
import { parseArguments } from '../../src/cli/arguments.ts'
import { commandNames } from '../../src/cli/command-table.ts'

test('options may stand before and after the command, and --var repeats', () => {
  expect(parseArguments(['--json', 'plan', '-f', 'edge.yaml', '--var', 'A=1', '--var=B=2=3'])).toEqual({
    command: 'plan',
    options: { json: true, file: 'edge.yaml', var: ['A=1', 'B=2=3'] },
  })
})

test('an argument is kept for the commands that take one', () => {
  expect(parseArguments(['show', 'edge'])).toEqual({ command: 'show', operand: 'edge', options: {} })
  expect(parseArguments(['show'])).toEqual({ command: 'show', options: {} })
})

test('the last value of an option that does not repeat wins', () => {
  expect(parseArguments(['plan', '-f', 'a.yaml', '--file', 'b.yaml']).options).toEqual({ file: 'b.yaml' })
})

test.each([
  [['paln'], 'C101', 'did you mean plan?'],
  [[], 'C101', `commands: ${commandNames.join(', ')}`],
  [['plan', '--stpes'], 'C102', 'did you mean --steps?'],
  [['plan', '--zzzzzzzz'], 'C102', 'see: pinfold plan --help'],
  [['plan', '--auto-approve'], 'C103', '--auto-approve belongs to: apply, recover, rollback, destroy, forget, import'],
  [['plan', '--file'], 'C104', 'write --file FILE'],
  [['plan', '--out='], 'C104', 'write --out FILE'],
  [['plan', '--out', '-'], 'C104', 'pinfold plan --json prints what --out saves'],
  [['snapshot', '-o-'], 'C104', 'leave --out out: then it is printed to standard output'],
  [['init', 'a.bpf.o', '-o', '-'], 'C104', 'leave --out out: then it is printed to standard output'],
  [['apply', '--verifier-log=-'], 'C104', 'name a file, or ./- for one of that name'],
  [['plan', '-f', '-'], 'C104', 'name a file, or ./- for one of that name'],
  [['plan', '--json=yes'], 'C104', 'write --json'],
  [['validate', 'edge'], 'C105', 'usage: pinfold validate'],
  [['validate', 'edge.yaml'], 'C105', 'name the manifest with -f: pinfold validate -f edge.yaml'],
  [['apply', '-y'], 'C102', 'did you mean --auto-approve?'],
  [['destroy', '--force'], 'C102', 'did you mean --auto-approve?'],
  [['show', 'a', 'b'], 'C105', 'usage: pinfold show [STACK|PLAN]'],
  [['inspect'], 'C105', 'usage: pinfold inspect OBJECT'],
])('%j is refused with %s', (words, code, hint) => {
  expect(() => parseArguments(words)).toThrow(expect.objectContaining({ code, hint }))
})

test('--help needs no argument', () => {
  expect(parseArguments(['inspect', '--help']).options).toEqual({ help: true })
})
