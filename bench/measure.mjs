import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Runs every command once a round, in turn, so that a slow moment of the machine meets all alike, and returns each
 * one's median in milliseconds. The first round is not counted. Throws when a command fails.
 */
export function medians(commands, rounds) {
  const times = Object.fromEntries(Object.keys(commands).map((name) => [name, []]))
  for (let round = -1; round < rounds; round++) {
    for (const [name, command] of Object.entries(commands)) {
      const time = timed(command)
      if (round >= 0) times[name].push(time)
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, median(values)]))
}

/** Milliseconds that a command took. Throws when it fails. */
export function timed([file, ...args]) {
  const start = process.hrtime.bigint()
  const { status, error } = spawnSync(file, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  if (error ?? status !== 0) throw new Error(`cannot run ${file} ${args.join(' ')}: ${error ?? `exit code ${status}`}`)
  return Number(process.hrtime.bigint() - start) / 1e6
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Peak resident memory of a Node program, in megabytes (2^20 bytes). */
export function peakMemory(args) {
  const file = join(tmpdir(), `pinfold-bench-${process.pid}`)
  const report = join(import.meta.dirname, 'report-memory.mjs')
  const { status } = spawnSync(process.execPath, ['--import', report, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, PINFOLD_BENCH_MEMORY: file },
  })
  if (status !== 0) throw new Error(`cannot run node ${args.join(' ')}: exit code ${status}`)
  const kilobytes = Number(readFileSync(file, 'utf8'))
  rmSync(file)
  return kilobytes / 1024
}

/** A line of a report: what, its value, what it may be at most, and details. */
export function line(what, value, target = '', detail = '') {
  return `${what.padEnd(56)} ${value.padStart(8)}  ${(target && `at most ${target}`).padEnd(16)} ${detail}`.trimEnd()
}
