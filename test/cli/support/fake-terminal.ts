import { type Stamp, stampNow } from '../../../src/cli/stamp.ts'
import type { Terminal } from '../../../src/cli/terminal.ts'

export interface FakeTerminalOptions {
  /** Lines that somebody types; with any, it is a terminal. */
  readonly answers?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly color?: boolean
  /** Time and chance; otherwise they are real. */
  readonly stamp?: Stamp
  /** An interrupt arrives once this many writes have been made. */
  readonly interruptAfter?: number
}

/** A terminal that keeps what is printed, as a reader sees it; lines of standard error begin with `! `. */
export function fakeTerminal(options: FakeTerminalOptions = {}): { terminal: Terminal; printed: () => string } {
  const { answers = [], environment = {}, color = false, interruptAfter = Number.POSITIVE_INFINITY } = options
  const typed = [...answers]
  let current: AbortController | undefined
  let pressed = false
  let text = ''
  let writes = 0
  const print = (more: string): void => {
    text += more
    writes++
    if (writes !== interruptAfter) return
    pressed = true
    current?.abort()
  }
  const terminal: Terminal = {
    write: (more) => print(typeof more === 'string' ? more : Buffer.from(more).toString()),
    warn: (more) => print(more.replace(/^(?=.)/gm, '! ')),
    interactive: answers.length > 0,
    color,
    columns: 100,
    environment,
    stamp: () => options.stamp ?? stampNow(),
    ask: async (question) => {
      const answer = typed.shift()
      print(`${question}${answer ?? ''}\n`)
      return answer
    },
    catchInterrupt: () => {
      const controller = new AbortController()
      // Pressed before anybody listened.
      if (pressed && !current) controller.abort()
      current = controller
      return { signal: controller.signal, [Symbol.dispose]: () => undefined }
    },
  }
  return { terminal, printed: () => asSeen(text) }
}

/** Lines that were written over are gone. */
const asSeen = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.slice(line.lastIndexOf('\r\x1b[K') < 0 ? 0 : line.lastIndexOf('\r\x1b[K') + 4))
    .join('\n')
