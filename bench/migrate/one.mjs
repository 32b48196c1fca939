// Migrates one map of N entries on a bpffs, through the public API, and prints what that cost as JSON:
//   node one.mjs BPFFS ENTRIES same|field
import { apply, makePlan, openKernel, readCurrent } from '../../dist/index.js'

const [bpffs, count, kind] = process.argv.slice(2)
const entries = Number(count)
const kernel = await openKernel('linux')
const stack = 'migrating'

/** One map; the second version has room for more, or a field more. */
function desired(version) {
  const field = version === 2 && kind === 'field'
  const map = {
    kind: 'map',
    address: 'map.flows',
    name: 'flows',
    owner: 'stack',
    shape: {
      type: 'hash',
      keySize: 4,
      valueSize: field ? 24 : 16,
      maxEntries: entries + (version === 2 ? 1 : 0),
      flags: 0,
      mapExtra: 0,
    },
    layout: {
      key: 'u32',
      value: field ? 'struct 24{packets:u64@0,seen:u64@8,bytes:u64@16}' : 'struct 16{packets:u64@0,bytes:u64@8}',
    },
    pinned: true,
    contents: { kind: 'runtime' },
    onChange: 'migrate',
    onSlotChange: 'replace',
  }
  return {
    stack,
    generation: 0,
    resources: new Map([['map.flows', map]]),
    digest: () => String(version),
    btf: new Map(),
  }
}

async function run(wanted) {
  const plan = makePlan(readCurrent(kernel, { bpffs, stack }, wanted), wanted)
  const cost = { cpu: 0, wall: 0 }
  const events = apply(kernel, plan, wanted)
  let cpu = process.cpuUsage()
  for (;;) {
    const { value: event, done } = await events.next()
    if (done) {
      if (event.result !== 'done') throw new Error(JSON.stringify(event))
      return { ...cost, migrated: event.migrated?.['map.flows'] }
    }
    if (event.type === 'step-started') cpu = process.cpuUsage()
    if (event.type === 'step-finished' && (event.step.kind === 'snapshot-map' || event.step.kind === 'merge-map')) {
      const { user, system } = process.cpuUsage(cpu)
      cost.cpu += (user + system) / 1e3
      cost.wall += event.ms
    }
  }
}

function fill() {
  const map = kernel.openPin(`${bpffs}/${stack}/live/maps/flows`)
  for (let first = 0; first < entries; first += 16384) {
    const size = Math.min(16384, entries - first)
    const keys = new Uint32Array(size)
    const values = new BigUint64Array(size * 2)
    for (let at = 0; at < size; at++) {
      keys[at] = first + at
      values[2 * at] = BigInt(first + at)
      values[2 * at + 1] = 7n * BigInt(first + at)
    }
    kernel.writeEntries(map, { keys: new Uint8Array(keys.buffer), values: new Uint8Array(values.buffer), count: size })
  }
}

kernel.bpffs.makeDirectory(`${bpffs}/${stack}`)
await run(desired(1))
fill()
const cost = await run(desired(2))
if (cost.migrated?.copied !== entries) throw new Error(`copied ${cost.migrated?.copied} of ${entries}`)
kernel.close()
console.log(JSON.stringify({ cpu: cost.cpu, wall: cost.wall, memory: process.resourceUsage().maxRSS / 1024 }))
