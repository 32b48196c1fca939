import { fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { examineInput, readSeeds } from './inputs.ts'
import type { Told } from './worker.ts'

/** How long no input may take, whatever else the machine does; then it hangs. Milliseconds. */
const hang = 20_000
const progress = 100_000
/** Bytes that a process may have at its peak, Node itself included. */
const mostMemory = 256 * 2 ** 20

interface Totals {
  done: number
  slowest: number
  peak: number
  readonly endings: Record<string, number>
  readonly failures: string[]
}

/** Examines inputs by their numbers in a process for each CPU; prints what came of them. The exit code is 1 where one failed. */
async function main([first = '1000000', count = '1000000', directory = '.']: readonly string[]): Promise<void> {
  const totals: Totals = { done: 0, slowest: 0, peak: 0, endings: {}, failures: [] }
  const workers = availableParallelism()
  const started = performance.now()
  await Promise.all(
    Array.from({ length: workers }, (_, index) =>
      run({ first: Number(first) + index, step: workers, end: Number(first) + Number(count), directory }, totals),
    ),
  )
  const { done, endings, slowest, peak, failures } = totals
  if (peak > mostMemory) failures.push(`the peak of memory was ${megabytes(peak)}`)
  const seconds = Math.round((performance.now() - started) / 1000)
  process.stdout.write(
    `${done} inputs in ${seconds} s: ${JSON.stringify(endings)}; slowest ${Math.round(slowest)} ms, peak ${megabytes(peak)}\n`,
  )
  for (const failure of failures.slice(0, 30)) process.stdout.write(`${failure}\n`)
  if (failures.length > 0) process.exitCode = 1
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`

interface Slice {
  readonly first: number
  readonly step: number
  readonly end: number
  readonly directory: string
}

/** A worker that hangs or dies is told of, and another one goes on behind the input. */
async function run(slice: Slice, totals: Totals): Promise<void> {
  const at = join(slice.directory, `at-${slice.first % slice.step}`)
  for (let first = slice.first; first < slice.end; ) {
    const ending = await work({ ...slice, first }, { at, told: (told) => add(totals, told) })
    if (ending === 'done') return
    const number = Number(readFileSync(at, 'utf8'))
    totals.failures.push(`input ${number} ${ending}`)
    first = number + slice.step
  }
}

function add(totals: Totals, { done, slowest, peak, endings, failures }: Told): void {
  if (Math.floor((totals.done + done) / progress) > Math.floor(totals.done / progress)) {
    process.stderr.write(`${totals.done + done} inputs, ${totals.failures.length} failures\n`)
  }
  totals.done += done
  totals.slowest = Math.max(totals.slowest, slowest)
  totals.peak = Math.max(totals.peak, peak)
  totals.failures.push(...failures)
  for (const [ending, count] of Object.entries(endings)) totals.endings[ending] = (totals.endings[ending] ?? 0) + count
}

interface Watch {
  /** The file in which a worker writes what it is at. */
  readonly at: string
  readonly told: (told: Told) => void
}

/** How a worker ended: `done`, or what became of it. */
function work({ first, step, end, directory }: Slice, { at, told }: Watch): Promise<string> {
  const worker = fork(
    join(directory, 'worker.mjs'),
    [String(first), String(step), String(end), at, join(directory, 'objects')],
    {
      execArgv: ['--max-old-space-size=192'],
    },
  )
  let last = performance.now()
  worker.on('message', (message) => {
    last = performance.now()
    told(message as Told)
  })
  return new Promise((resolve) => {
    const watch = setInterval(() => performance.now() - last > hang && worker.kill('SIGKILL'), 1000)
    worker.on('exit', (code, signal) => {
      clearInterval(watch)
      resolve(code === 0 ? 'done' : signal === 'SIGKILL' ? 'hangs' : `ended its process (${signal ?? code})`)
    })
  })
}

const [option, ...words] = process.argv.slice(2)
if (option === '--input') {
  process.stdout.write(`${JSON.stringify(examineInput(readSeeds(words[1]), Number(words[0])))}\n`)
} else await main(option === undefined ? [] : [option, ...words])
