import { main } from '../../../src/cli/main.ts'
import { type FakeTerminalOptions, fakeTerminal } from './fake-terminal.ts'

/** How a command line ended, and all that it printed. */
export interface Said {
  readonly code: number
  readonly printed: string
}

/** Runs a command line in this process. */
export const pinfold = (...words: readonly string[]): Promise<Said> => pinfoldOn({}, words)

/** The same at one moment and by one chance, so that two plans can be compared to the letter. */
export const pinfoldStamped = (...words: readonly string[]): Promise<Said> => pinfoldOn({ stamp }, words)

const stamp = { time: '2026-01-01T00:00:00.000Z', chance: '0123456789abcdef' }

async function pinfoldOn(options: FakeTerminalOptions, words: readonly string[]): Promise<Said> {
  const { terminal, printed } = fakeTerminal(options)
  const code = await main(words, terminal)
  return { code, printed: printed() }
}
