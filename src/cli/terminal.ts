import { styleText } from 'node:util'
import { ignoresHangUp } from './hang-up.ts'
import { isTerminal, Output } from './output.ts'
import { type Stamp, stampNow } from './stamp.ts'

/** Where a command reads and writes: the process's streams, or a test's. */
export interface Terminal {
  /** Standard output: text, or UTF-8. */
  readonly write: (text: string | Uint8Array) => void
  /** Standard error. */
  readonly warn: (text: string) => void
  /** Someone can be asked: input and output are terminals. */
  readonly interactive: boolean
  /** Colour is welcome, unless an option says otherwise. */
  readonly color: boolean
  /** Width in characters. */
  readonly columns: number
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Time and chance, for what must be one of its kind. */
  readonly stamp: () => Stamp
  /** Asks for one line; undefined at the end of the input. */
  readonly ask: (question: string) => Promise<string | undefined>
  /** Until disposed, the first interrupt (SIGINT, SIGTERM) aborts the signal instead of ending the process. */
  readonly catchInterrupt: (options?: InterruptOptions) => Disposable & { readonly signal: AbortSignal }
}

/** What counts as an interrupt. */
export interface InterruptOptions {
  /** Also the end of the terminal or connection (SIGHUP), unless that is ignored; default: it ends the process. */
  readonly hangUp?: boolean
}

/** Colours a text, or returns it as it is. */
export type Paint = (style: Style, text: string) => string
/** Colours and weights that views use. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** Paints with terminal colours, or not at all. */
export const painter = (color: boolean): Paint =>
  // Without the validation styleText would judge by the process's own streams, which are not always where the text goes.
  color ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text

/** The terminal of a process, whose last output waits to be written. */
export interface ProcessTerminal extends Terminal {
  readonly flush: () => void
  /** Why something of the output is lost, if it is. */
  readonly failure: Error | undefined
}

/** The terminal of this process. NO_COLOR (when not empty) and a stream that is no terminal switch colour off. */
export function processTerminal(): ProcessTerminal {
  const { env } = process
  const output = new Output()
  return {
    write: (text) => output.write(text),
    flush: () => output.flush(),
    get failure() {
      return output.failure
    },
    warn: (text) => {
      output.flush()
      // With a listener an error is none: what cannot be said must not end what is being done.
      if (process.stderr.listenerCount('error') === 0) process.stderr.on('error', () => {})
      process.stderr.write(text)
    },
    get interactive() {
      return isTerminal(1) && isTerminal(0)
    },
    get color() {
      return !env['NO_COLOR'] && isTerminal(1)
    },
    get columns() {
      return isTerminal(1) ? process.stdout.columns : 80
    },
    environment: env,
    stamp: stampNow,
    ask: (question) => {
      output.flush()
      return askLine(question)
    },
    catchInterrupt,
  }
}

async function askLine(question: string): Promise<string | undefined> {
  const { createInterface } = await import('node:readline')
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return await new Promise((resolve) => {
      const hangUp = (): void => resolve(undefined)
      lines.once('close', hangUp)
      // A terminal that went away answers nothing, and complains once more when it is closed.
      for (const each of [lines, process.stdin, process.stdout]) each.on('error', hangUp)
      lines.question(question, resolve)
    })
  } finally {
    lines.close()
  }
}

function catchInterrupt({ hangUp = false }: InterruptOptions = {}): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  const signals = ['SIGINT', 'SIGTERM', ...(hangUp && !ignoresHangUp() ? (['SIGHUP'] as const) : [])] as const
  for (const name of signals) process.on(name, abort)
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of signals) process.off(name, abort)
    },
  }
}
