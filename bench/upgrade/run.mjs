// Upgrades a stack again and again while packets flow through its tail calls, and counts what goes wrong: with pinfold's order
// nothing may, with each naive order something must. The README beside it says how to read the table.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { makeNetwork, run } from '../../scripts/demo-network.mjs'
import { naiveOrders } from './naive.mjs'
import { openStack } from './stack.mjs'
import { header, renderRow } from './table.mjs'
import { compileTraffic, findRate, pause, underTraffic } from './traffic.mjs'

const { values: options } = parseArgs({
  options: {
    upgrades: { type: 'string', default: '200' },
    /** How many of them by the command line. */
    commands: { type: 'string', default: '20' },
    /** Upgrades in each naive order, at most: it ends as soon as something has gone wrong. */
    naive: { type: 'string', default: '200' },
    /** Packets a second; without it, as many as pass without loss. */
    rate: { type: 'string' },
    /** Names of the rows, separated by commas; without it, all. */
    rows: { type: 'string', default: 'no upgrade,pinfold,refill in place,attach before pin,remove at once' },
    json: { type: 'boolean', default: false },
  },
})

const directory = mkdtempSync(join(tmpdir(), 'pinfold-upgrade-'))
const bpffs = join(directory, 'bpffs')
run('mkdir', [bpffs])
run('mount', ['-t', 'bpf', 'bpf', bpffs])
const client = await makeNetwork()
let version = 1
try {
  process.exitCode = (await measure()) ? 0 : 1
} finally {
  client.stdin.end()
  run('umount', [bpffs])
  rmSync(directory, { recursive: true })
}

async function measure() {
  // A full veth holds its sender back where there is a queue in front of it.
  const queue = 'tc qdisc replace dev eth0 root pfifo limit 100000'
  run('nsenter', [`--net=/proc/${client.pid}/ns/net`, ...queue.split(' ')])
  const stack = await openStack(bpffs)
  // Five packets a second stay inside each chain's first program for 40 ms (both in microseconds): with ordinary ones it would
  // take thousands of upgrades to see what a missing drain does.
  const traffic = { program: compileTraffic(directory), client, period: 200_000, time: 40_000 }
  try {
    await stack.applyVersion(version)
    const { rate } = options.rate ? { rate: Number(options.rate) } : await findRate(traffic, 2)
    const rows = await runAll(stack, { ...traffic, rate })
    if (options.json) console.log(JSON.stringify(rows))
    return rows.every((row) => row.asExpected)
  } finally {
    stack.close()
  }
}

/** One row for each way to upgrade, printed as it comes. */
async function runAll(stack, traffic) {
  const rows = []
  if (!options.json) console.log(header)
  for (const name of options.rows.split(',')) {
    const way = waysToUpgrade(stack)[name]
    if (!way) throw new Error(`cannot measure "${name}": no such row`)
    const milliseconds = name === 'no upgrade' ? 10_000 : 0
    const row = await observe(name, { stack, traffic, milliseconds, ...way })
    rows.push(row)
    if (!options.json) console.log(renderRow(row))
  }
  return rows
}

function waysToUpgrade(stack) {
  const commands = Number(options.commands)
  const naive = { upgrades: Number(options.naive), wrong: true }
  const reordered = (reorder) => ({ ...naive, upgrade: () => stack.applyVersion(otherVersion(), { reorder }) })
  return {
    'no upgrade': { upgrades: 0, wrong: false },
    pinfold: {
      upgrades: Number(options.upgrades),
      wrong: false,
      async upgrade(index) {
        if (index < commands) stack.applyByCommand(otherVersion())
        else await stack.applyVersion(otherVersion())
      },
    },
    'refill in place': reordered(naiveOrders.refillInPlace),
    'attach before pin': {
      ...naive,
      async upgrade() {
        const version = otherVersion()
        const loader = [join(import.meta.dirname, 'killed-loader.mjs'), bpffs, String(version)]
        const { signal, stderr } = spawnSync(process.execPath, loader, { encoding: 'utf8' })
        if (signal !== 'SIGKILL') throw new Error(`cannot kill the loader in time: ${stderr}`)
        await pause(50)
        await stack.applyVersion(version)
      },
    },
    'remove at once': reordered(naiveOrders.removeAtOnce),
  }
}

function otherVersion() {
  version = 3 - version
  return version
}

/** Runs upgrades under traffic; in a naive order only until something went wrong. */
async function observe(name, { stack, traffic, milliseconds, upgrades, upgrade, wrong }) {
  const before = stack.readCounters()
  let done = 0
  const flow = await underTraffic(traffic, async () => {
    await pause(milliseconds)
    while (done < upgrades && !(wrong && wentWrong(counted(before, stack.readCounters())))) {
      await upgrade(done)
      done++
    }
  })
  const hooks = counted(before, stack.readCounters())
  const lost = flow.sent - flow.received
  const failed = wentWrong(hooks) || lost > 0 || !allFinished(hooks, flow.sent)
  return { name, upgrades: done, ...flow, lost, hooks, asExpected: failed === wrong }
}

function counted(before, after) {
  const since = ([event, value], hook) => [event, value - before[hook][event]]
  const ofHook = ([hook, counters]) => [hook, Object.fromEntries(Object.entries(counters).map((it) => since(it, hook)))]
  return Object.fromEntries(Object.entries(after).map(ofHook))
}

function wentWrong(hooks) {
  return Object.values(hooks).some(({ missed, mixed }) => missed + mixed > 0)
}

function allFinished(hooks, sent) {
  return Object.values(hooks).every(({ finishedA, finishedB }) => finishedA + finishedB === sent)
}
