import { vi } from 'vitest'
import type { Terminal } from '../../src/cli/terminal.ts'
import { checkPrinted, printsJson } from './printed.ts'

type Main = typeof import('../../src/cli/main.ts')

// Listed in `setupFiles` of vitest.config.ts: whatever any test lets the command line print with --json must fit the schemas.
vi.mock('../../src/cli/main.ts', async (importOriginal) => {
  const original = await importOriginal<Main>()
  return { ...original, main: checked(original.main) }
})

const checked =
  (main: Main['main']): Main['main'] =>
  async (words, terminal) => {
    let printed = ''
    const write: Terminal['write'] = (text) => {
      if (printsJson(words)) printed += Buffer.from(text).toString()
      terminal.write(text)
    }
    // The other properties may be getters.
    const overheard: Terminal = Object.create(terminal, { write: { value: write } })
    const code = await main(words, overheard)
    checkPrinted(words, printed)
    return code
  }
