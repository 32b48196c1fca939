import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  apply,
  loadManifest,
  lockStack,
  makePlan,
  openKernel,
  planRecovery,
  readCurrent,
  readDesired,
} from '../../dist/index.js'

const cli = resolve(import.meta.dirname, '../../dist/cli/pinfold.js')
const manifest = join(import.meta.dirname, 'pinfold.yaml')
const name = 'chain'

/** The stack that is upgraded: version 1 or 2 of the same programs, on a bpffs of its own. */
export async function openStack(bpffs) {
  const kernel = await openKernel('linux')
  const place = { bpffs, stack: name }

  /** What `pinfold apply` does, in this process. `reorder` turns the plan into another one; `report` hears every event. */
  async function applyVersion(version, { reorder = (plan) => plan, report = () => {} } = {}) {
    const loaded = loadManifest(manifest, { variables: { VERSION: String(version) } })
    const desired = readDesired(loaded, { kernel, bpffs, readFile: (path) => readFileSync(path) })
    const lock = lockStack(kernel, join(bpffs, name), { create: true })
    try {
      let current = readCurrent(kernel, place, desired)
      const recovery = planRecovery(current)
      if (recovery) {
        await execute(recovery)
        current = readCurrent(kernel, place, desired)
      }
      await execute(reorder(makePlan(current, desired)), desired, report)
    } finally {
      lock[Symbol.dispose]()
    }
  }

  async function execute(plan, desired, report = () => {}) {
    for await (const event of apply(kernel, plan, desired)) {
      report(event)
      if (event.type === 'finished' && event.outcome.result !== 'done') {
        throw new Error(`cannot ${plan.action} ${name}: ${event.outcome.problem?.message ?? event.outcome.left.join()}`)
      }
    }
  }

  return { applyVersion, applyByCommand, readCounters: () => readCounters(kernel, bpffs), close: () => kernel.close() }

  /** The same by the command line. */
  function applyByCommand(version) {
    const args = [cli, 'apply', '--auto-approve', '-f', manifest, '--bpffs', bpffs, '--var', `VERSION=${version}`]
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`cannot apply version ${version}: ${stderr}`)
  }
}

// As in chain.bpf.c.
const hooks = ['xdp', 'tcx']
const events = ['entered', 'missed', 'mixed', 'finishedA', 'finishedB']

/** What the programs have counted so far, by hook, all CPUs together. */
function readCounters(kernel, bpffs) {
  const map = kernel.openPin(join(bpffs, name, 'live/maps/counters'))
  const counted = hooks.map((hook, h) => [
    hook,
    Object.fromEntries(events.map((event, e) => [event, sum(kernel.lookup(map, word(h * events.length + e)))])),
  ])
  map[Symbol.dispose]()
  return Object.fromEntries(counted)
}

const word = (number) => new Uint8Array(Uint32Array.of(number).buffer)

const sum = (perCpu) => Number(new BigUint64Array(perCpu.slice().buffer).reduce((a, b) => a + b, 0n))
