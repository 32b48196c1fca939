import { openSync, writeSync } from 'node:fs'
import { examineInput, readSeeds } from './inputs.ts'

/** What a worker found since it last told. */
export interface Told {
  readonly done: number
  /** Milliseconds. */
  readonly slowest: number
  /** Bytes of this process at its peak so far. */
  readonly peak: number
  readonly endings: Readonly<Record<string, number>>
  readonly failures: readonly string[]
}

const [first = 0, step = 1, end = 0] = process.argv.slice(2).map(Number)
const at = openSync(process.argv[5] ?? '', 'w')
const seeds = readSeeds(process.argv[6])
const limit = 1000
const failures: string[] = []
const endings: Record<string, number> = {}
let done = 0
let slowest = 0
let last = performance.now()

for (let number = first; number < end; number += step) {
  // A worker that hangs cannot tell what it was at.
  writeSync(at, String(number).padStart(12), 0)
  examine(number)
  if (performance.now() - last > 1000) await tell()
}
await tell()
process.disconnect()

function examine(number: number): void {
  const ms = measured(number)
  done++
  // The machine may have been busy with something else: an input is slow when it is slow again.
  const certain = ms > limit / 4 ? Math.min(ms, again(number), again(number)) : ms
  if (certain > limit) failures.push(`input ${number} takes ${Math.round(certain)} ms`)
  slowest = Math.max(slowest, certain)
}

function again(number: number): number {
  const started = performance.now()
  try {
    examineInput(seeds, number)
  } catch {
    // Told the first time.
  }
  return performance.now() - started
}

function measured(number: number): number {
  const started = performance.now()
  try {
    const { ending } = examineInput(seeds, number)
    endings[ending] = (endings[ending] ?? 0) + 1
  } catch (error) {
    failures.push(`input ${number}: ${(error as Error).stack?.split('\n').slice(0, 4).join(' | ')}`)
  }
  return performance.now() - started
}

function tell(): Promise<void> {
  const told: Told = {
    ...{ done, slowest, endings: { ...endings }, failures: failures.splice(0) },
    peak: process.resourceUsage().maxRSS * 1024,
  }
  done = 0
  for (const ending of Object.keys(endings)) delete endings[ending]
  last = performance.now()
  return new Promise((resolve) => process.send?.(told, () => resolve()))
}
