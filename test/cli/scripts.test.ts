import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runScript, type Transcript } from './support/run-script.ts'

// UPDATE_SCRIPTS=1 writes what the commands print now into the scripts: read the difference before committing it.
const directory = join(import.meta.dirname, '../scripts')
const scripts = readdirSync(directory).filter((file) => file.endsWith('.txt'))

describe.each(scripts)('%s', (file) => {
  test('every command prints what the script says', async () => {
    const text = readFileSync(join(directory, file), 'utf8')
    const { runs } = await runScript(text)
    if (process.env['UPDATE_SCRIPTS']) writeFileSync(join(directory, file), updated(text, { runs }))
    else expect(runs.map(spoken)).toEqual(runs.map((run) => spoken({ ...run, printed: run.expected })))
    expect(runs.length).toBeGreaterThan(0)
  })
})

const spoken = (run: Transcript['runs'][number]): string => `${run.line}\n${run.printed}`

function updated(text: string, { runs }: Transcript): string {
  const lines = text.split('\n')
  for (const { from, to, printed } of runs.toReversed()) lines.splice(from, to - from, ...printed.split('\n'))
  return `${lines.join('\n').trimEnd()}\n`
}
