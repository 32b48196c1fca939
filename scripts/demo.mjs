// The demo's own part, after scripts/demo has built everything and entered namespaces of its own: this process is in the
// server's network namespace, a second one is the client's. `--rehearse WHY` does without a kernel.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { makeNetwork, run, sendPackets } from './demo-network.mjs'

const require = createRequire(import.meta.url)
const cli = resolve(import.meta.dirname, '../dist/cli/pinfold.js')
const example = resolve(import.meta.dirname, '../examples/tail-calls/pinfold.yaml')
const directory = mkdtempSync(join(tmpdir(), 'pinfold-demo-'))
const bpffs = join(directory, 'bpffs')
let failures = 0

try {
  if (process.argv[2] === '--rehearse') await rehearse(process.argv[3])
  else await onThisKernel()
} catch (error) {
  check(error.message, false)
}
console.log(failures === 0 ? '\ndemo passed' : `\ndemo failed: ${failures} of its checks`)
process.exitCode = failures === 0 ? 0 : 1

async function onThisKernel() {
  const client = await makeNetwork()
  mkdirSync(bpffs)
  run('mount', ['-t', 'bpf', 'bpf', bpffs])
  const manifest = writeManifest()
  try {
    const { openKernel } = await import('../dist/index.js')
    const kernel = await openKernel('linux')
    await lifeOfAStack(pinfold, ['-f', manifest, '--bpffs', bpffs], () => {
      const live = readPins(kernel)
      const sent = { ipv4: 20, ipv6: 30 }
      sendPackets(client, sent)
      checkCounters(kernel, sent)
      return () => checkNothingIsLeft(kernel, live)
    })
    kernel.close()
  } finally {
    client.stdin.end()
    run('umount', [bpffs])
    rmSync(directory, { recursive: true })
  }
}

/** The example's, which accepts a warning that is true here and wanted: this bpffs ends with the demo. */
function writeManifest() {
  const file = join(directory, 'demo.yaml')
  const object = join(dirname(example), 'tail-calls.bpf.o')
  const text = readFileSync(example, 'utf8').replace(/file: .*/, `file: ${JSON.stringify(object)}`)
  writeFileSync(
    file,
    `${text}\nsilence:\n  - { code: P147, reason: this bpffs and its pins are to go with the demo }\n`,
  )
  return file
}

async function rehearse(problem) {
  console.log(`This kernel cannot be used: ${problem}. Rehearsing on the memory kernel instead.`)
  try {
    const options = ['-f', example, '--kernel', 'memory', '--state', join(directory, 'kernel.json')]
    await lifeOfAStack(pinfoldHere, options, () => () => {})
  } finally {
    rmSync(directory, { recursive: true })
  }
  console.log(`
The rehearsal plays the kernel's rules for maps, pins, links and program arrays. It does not prove that a real verifier
accepts the programs, that the driver takes them, or that a packet reaches a handler. As root on Linux the demo does.`)
}

/** plan, apply, `use` while the stack lives, plan again, destroy, and what `use` returned to look afterwards. */
async function lifeOfAStack(command, options, use) {
  await command('plan', { options, expected: 2, show: true })
  await command('apply', { options: [...options, '--auto-approve'], expected: 0 })
  const afterwards = use()
  await command('plan', { options, expected: 0, show: true })
  await command('destroy', { options: [...options, '--auto-approve'], expected: 0 })
  afterwards()
}

/** Runs a command line in this process: a rehearsal needs no other one. */
async function pinfoldHere(command, { options, expected, show = false }) {
  const before = {
    argv: process.argv,
    exit: process.exit,
    stdout: Object.getOwnPropertyDescriptor(process, 'stdout'),
  }
  let text = ''
  process.argv = [process.execPath, cli, command, ...options]
  const write = (chunk) => {
    text += chunk
    return true
  }
  process.exit = () => {}
  Object.defineProperty(process, 'stdout', { configurable: true, value: { write } })
  try {
    // Forgotten, it runs anew.
    delete require.cache[cli]
    await require(cli).finished
    // What it wrote last goes out when it has nothing else to do.
    await new Promise((resolve) => setImmediate(resolve))
  } finally {
    process.argv = before.argv
    process.exit = before.exit
    Object.defineProperty(process, 'stdout', before.stdout)
  }
  report(command, { status: process.exitCode, stdout: text, stderr: '' }, { expected, show })
}

function pinfold(command, { options, expected, show = false }) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, command, ...options], {
    encoding: 'utf8',
  })
  report(command, { status, stdout, stderr }, { expected, show })
}

function report(command, { status, stdout, stderr }, { expected, show }) {
  if (show) console.log(`\n${stdout.trim().replace(/^(?=.)/gm, '  ')}\n`)
  check(`pinfold ${command}: exit code ${status}`, status === expected)
  if (status !== expected) console.log(show ? stderr : stdout + stderr)
}

function readPins(kernel) {
  const names = readdirSync(join(bpffs, 'edge/live'), { recursive: true, withFileTypes: true })
  return names.filter((name) => !name.isDirectory()).map((name) => kernel.describePin(join(name.parentPath, name.name)))
}

/** The process that applied has exited: what still counts is held by pins alone. */
function checkCounters(kernel, sent) {
  const stage = (index) => packets(lookup(kernel, 'stages', [index, 0, 0, 0]))
  const flow = (family, protocol) => packets(lookup(kernel, 'flows', [family, 0, protocol, 0]))
  const udp = 17
  check(`parse_ipv4 counted ${flow(4, udp)} UDP packets of ${sent.ipv4} sent`, flow(4, udp) === sent.ipv4)
  check(`parse_ipv6 counted ${flow(6, udp)} UDP packets of ${sent.ipv6} sent`, flow(6, udp) === sent.ipv6)
  check(`ingress saw ${stage(0)} packets of any kind, ${stage(3)} tail calls fell through`, stage(3) === 0)
}

function lookup(kernel, map, key) {
  const fd = kernel.openPin(join(bpffs, 'edge/live/maps', map))
  const value = kernel.lookup(fd, Uint8Array.from(key))
  fd[Symbol.dispose]()
  return value
}

function packets(counter) {
  return counter ? Number(Buffer.from(counter).readBigUInt64LE()) : 0
}

function checkNothingIsLeft(kernel, live) {
  // A kernel with preloaded iterators (maps.debug, progs.debug) puts them into every new bpffs.
  const pins = readdirSync(bpffs, { recursive: true }).filter((name) => !name.endsWith('.debug'))
  const stillAlive = () => live.filter(({ kind, id }) => kernel.ids(kind).includes(id))
  // The kernel frees programs and maps a moment after their last reference has gone.
  for (let i = 0; i < 50 && stillAlive().length > 0; i++) sleep(20)
  const alive = stillAlive()
  check(`destroyed: ${live.length} pinned objects are gone`, live.length > 0 && pins.length === 0 && alive.length === 0)
  for (const { kind, id } of alive) console.log(`  still there: ${kind} #${id}`)
  for (const pin of pins) console.log(`  still there: ${pin}`)
}

function sleep(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

function check(what, right) {
  console.log(`${right ? 'ok    ' : 'WRONG '} ${what}`)
  if (!right) failures++
}
