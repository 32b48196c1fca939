// Loading, against the newest bpftool (libbpf) and against an empty Node. See the README of the folder above.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { line, median, timed } from '../measure.mjs'
import { pinfold, withBpffs } from '../stacks.mjs'
import { makeWorkloads } from './objects.mjs'

const rounds = Number(process.argv[2] ?? 7)
const directory = mkdtempSync(join(tmpdir(), 'pinfold-bench-'))
const bpftool = newestBpftool()

try {
  const { heavy, tiny, tool, tools } = makeWorkloads(directory)
  console.log(
    `Node ${process.version}, ${execFileSync(bpftool[0], [...bpftool.slice(1), 'version'], { encoding: 'utf8' }).split('\n')[0]}, medians of ${rounds} rounds\n`,
  )
  compare('8 programs, 700,000 verified instructions each', heavy, { ofBpftool: 0.6 })
  compare('500 tiny programs, 100 maps', tiny, { ofBpftool: 2, overNode: true })
  compare('one CO-RE tool', tool, { ofBpftool: 1.5, overNode: true })
  compare('32 CO-RE tools', tools, { ofBpftool: 0.9 })
  indexing()
} finally {
  rmSync(directory, { recursive: true })
}

/** At most `ofBpftool` times what bpftool takes, over the floor of an empty Node where that is said. */
function compare(what, workload, { ofBpftool, overNode = false }) {
  const refusal = refusalOf(workload)
  if (refusal) return console.log(line(what, 'left out', undefined, refusal))
  const times = measure(workload)
  const allowed = times.bpftool * ofBpftool + (overNode ? times.node : 0)
  const target = overNode ? `1 of node + ${ofBpftool} bpftool` : `${ofBpftool} of bpftool`
  const ratio = overNode ? times.pinfold / allowed : times.pinfold / times.bpftool
  const of = ['pinfold', 'node', 'bpftool'].map((name) => `${name} ${times[name].toFixed(1)} ms`).join(', ')
  console.log(line(what, ratio.toFixed(2), target, of))
}

/** What pinfold lacks yet is told by it, and is no reason to end. */
function refusalOf({ manifest }) {
  return withBpffs((bpffs) => {
    const { status, stderr } = spawnSync(...pinfoldApply(manifest, bpffs), { encoding: 'utf8' })
    return status === 0
      ? undefined
      : (stderr.split('\n').find((text) => text.includes('error')) ?? `exit code ${status}`)
  })
}

/** In turn, each on a bpffs of its own; unmounting is not measured, and the same for both. The first round is not counted. */
function measure({ manifest, paths }) {
  const times = { node: [], pinfold: [], bpftool: [] }
  for (let round = -1; round < rounds; round++) {
    const measured = {
      node: timed([process.execPath, '-e', '0']),
      pinfold: withBpffs((bpffs) => timed(pinfoldApply(manifest, bpffs).flat())),
      bpftool: withBpffs((bpffs) => loadByBpftool(paths, bpffs)),
    }
    if (round >= 0) for (const [name, time] of Object.entries(measured)) times[name].push(time)
  }
  return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]))
}

function pinfoldApply(manifest, bpffs) {
  return [pinfold, ['apply', '-f', manifest, '--bpffs', bpffs, '--auto-approve']]
}

/** A process for each object, as one would do it; programs and maps are pinned. */
function loadByBpftool(paths, bpffs) {
  const loads = paths.map((path, index) => [
    ...bpftool,
    'prog',
    'loadall',
    path,
    `${bpffs}/programs${index}`,
    'pinmaps',
    `${bpffs}/maps${index}`,
  ])
  return loads.reduce((sum, command) => sum + timed(command), 0)
}

/** The command itself: scripts/newest-bpftool wraps it in a shell, which costs as much as a small load. */
function newestBpftool() {
  const root = resolve(import.meta.dirname, '../..')
  const wrapper = execFileSync(join(root, 'scripts/newest-bpftool'), { encoding: 'utf8' }).trim()
  const command = readFileSync(wrapper, 'utf8')
    .split('\n')
    .find((text) => text.startsWith('exec '))
  return command
    .split(' ')
    .slice(1, -1)
    .map((word) => word.replaceAll('\\', ''))
}

/** Reading vmlinux's BTF as far as every CO-RE load needs it. */
function indexing() {
  const runs = Array.from({ length: rounds }, () =>
    JSON.parse(execFileSync(process.execPath, [join(import.meta.dirname, 'index-btf.mjs')])),
  )
  const [time, memory] = ['milliseconds', 'megabytes'].map((name) => median(runs.map((run) => run[name])))
  console.log(line('indexing the BTF of vmlinux', `${time.toFixed(1)} ms`, '30 ms'))
  console.log(line('its memory', `${memory.toFixed(0)} MB`, '60 MB'))
}
