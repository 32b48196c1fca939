// Migrating a map, against a loop in C that copies the same entries in batches. See the README of the folder above.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { line, median } from '../measure.mjs'

const entries = 1_000_000
const rounds = Number(process.argv[2] ?? 7)
const directory = mkdtempSync(join(tmpdir(), 'pinfold-bench-'))
const bpffs = join(directory, 'bpffs')
const copy = join(directory, 'copy')
const results = { copy: [], same: [], field: [] }

try {
  execFileSync('gcc', ['-O2', '-Wall', '-o', copy, join(import.meta.dirname, 'copy.c')], { stdio: 'inherit' })
  execFileSync('mkdir', [bpffs])
  for (let round = -1; round < rounds; round++) {
    const measured = { copy: output(copy, entries), same: migrate('same'), field: migrate('field') }
    // The first round is not counted.
    if (round >= 0) for (const [name, result] of Object.entries(measured)) results[name].push(result)
  }
} finally {
  rmSync(directory, { recursive: true })
}
report('migration, same layout / copy in C', results.same, 3)
report('migration, a new field / copy in C', results.field, 8)
const memory = Math.max(...[...results.same, ...results.field].map((result) => result.memory))
console.log(line(`peak memory of migrating ${entries} entries`, `${memory.toFixed(0)} MB`, '200 MB'))

/** Every run has a bpffs of its own, so that nothing of the last one is left. */
function migrate(kind) {
  execFileSync('mount', ['-t', 'bpf', 'bpf', bpffs])
  try {
    return output(process.execPath, join(import.meta.dirname, 'one.mjs'), bpffs, entries, kind)
  } finally {
    execFileSync('umount', [bpffs])
  }
}

function output(file, ...args) {
  return JSON.parse(execFileSync(file, args.map(String), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }))
}

/** CPU time counts, since a busy machine does not change it much; the time on the wall stands beside it. */
function report(what, measured, target) {
  const [cpu, reference] = [measured, results.copy].map((list) => median(list.map((result) => result.cpu)))
  const [wall, other] = [measured, results.copy].map((list) => median(list.map((result) => result.wall)))
  const detail = `CPU ${cpu.toFixed(0)} ms / ${reference.toFixed(0)} ms, wall ${(wall / other).toFixed(2)}`
  console.log(line(what, (cpu / reference).toFixed(2), target, detail))
}
