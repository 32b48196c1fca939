/** One action of a session: a file is written, an object copied, or a command run. */
export type Action =
  | { readonly kind: 'write'; readonly file: string; readonly text: string }
  /** Copies a file of the repository, or its first bytes, or with one byte changed. */
  | {
      readonly kind: 'copy'
      readonly file: string
      readonly from: string
      readonly bytes: number | undefined
      readonly patch?: { readonly at: number; readonly byte: number }
    }
  | {
      readonly kind: 'run'
      readonly line: string
      readonly environment: Readonly<Record<string, string>>
      readonly words: readonly string[]
      /** Typed at a terminal; without any there is no terminal. */
      readonly answers: readonly string[]
      /** Line numbers of the expected output in the script: first, and one after the last. */
      readonly from: number
      readonly to: number
      readonly expected: string
    }

/**
 * Parses a script. `=== FILE` begins a file that ends at the next `===` line; `@copy FILE from PATH [N bytes]` copies, and `with byte N = N` damages the copy;
 * `$ pinfold …` runs a command, `< …` lines below it are typed, and the lines up to `[exit N]` are what it prints.
 * All other lines are prose.
 */
export function parseScript(text: string): Action[] {
  const lines = text.split('\n')
  const starts = lines.flatMap((line, i) => (isStart(line) ? [i] : []))
  const actions: Action[] = []
  let at = starts[0] ?? lines.length
  while (at < lines.length) {
    const line = lines[at] ?? ''
    const end = line.startsWith('=== ') ? lines.indexOf('===', at) : (starts.find((it) => it > at) ?? lines.length)
    if (end < 0) throw new Error(`line ${at + 1}: no === ends ${line}`)
    actions.push(parseAction(line, lines.slice(at + 1, end), at + 1))
    at = line.startsWith('=== ') ? (starts.find((it) => it > end) ?? lines.length) : end
  }
  return actions
}

const isStart = (line: string): boolean => /^(=== |@copy |\$ )/.test(line)

function parseAction(line: string, body: readonly string[], from: number): Action {
  if (line.startsWith('=== ')) return { kind: 'write', file: line.slice(4), text: `${body.join('\n')}\n` }
  const copy = /^@copy (\S+) from (\S+)(?: (\d+) bytes)?(?: with byte (\d+) = (\d+))?$/.exec(line)
  if (copy) {
    const [, file = '', path = '', bytes, at, byte] = copy
    const patch = at === undefined ? {} : { patch: { at: Number(at), byte: Number(byte) } }
    return { kind: 'copy', file, from: path, bytes: bytes === undefined ? undefined : Number(bytes), ...patch }
  }
  const typed = body.filter((it) => it.startsWith('< '))
  const printed = body.slice(typed.length)
  // What stands below the exit code is prose.
  const expected = printed.slice(0, printed.findIndex((it) => it.startsWith('[exit ')) + 1)
  const to = from + typed.length + expected.length
  const answers = typed.map((it) => it.slice(2))
  return {
    kind: 'run',
    line,
    ...commandOf(line),
    answers,
    from: from + typed.length,
    to,
    expected: expected.join('\n'),
  }
}

function commandOf(line: string): { words: string[]; environment: Record<string, string> } {
  const words = [...line.slice(2).matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
  const program = words.indexOf('pinfold')
  const environment = Object.fromEntries(words.slice(0, program).map((word) => word.split('=', 2)))
  return { words: words.slice(program + 1), environment }
}
