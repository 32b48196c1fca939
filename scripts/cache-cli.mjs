// Makes V8's caches of DIRECTORY/commands.js: runs commands as the starter does, and keeps what V8 compiled for them. A start
// without one takes 30 ms more. Another V8, or one with other flags, ignores them and compiles what it needs. What is run most
// needs less than the whole, so it has a cache of its own: COMMAND.cache, which the starter prefers.
//
// Where this user may, the commands run on the kernel, in namespaces of their own; elsewhere on the kernel in memory: then the
// caches have all but the system calls.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import v8 from 'node:v8'
import vm from 'node:vm'

const root = resolve(import.meta.dirname, '..')
const [name, ...scratch] = process.argv.slice(2)
const directory = resolve(name)

/** The life of a stack: in the first cache what all commands need, in the others what one does while the stack is there. */
const caches = {
  'commands.cache': (place) => [
    ['apply', ...stack('v1'), ...place, '--auto-approve'],
    ['apply', ...stack('v2'), ...place, '--auto-approve'],
    ['plan', ...stack('v2'), ...place],
    ['show', 'rolling', ...place],
    ['apply', '-f', join(root, 'examples/co-re/pinfold.yaml'), ...place, '--auto-approve'],
    ['destroy', 'starts', ...place, '--auto-approve'],
  ],
  'apply.cache': (place) => [
    ['apply', '-f', join(root, 'examples/co-re/pinfold.yaml'), ...place, '--auto-approve'],
    ['apply', '-f', join(root, 'examples/byte-counters/pinfold.yaml'), ...counters, ...place, '--auto-approve'],
  ],
  'plan.cache': (place) => [['plan', ...stack('v2'), ...place]],
  'rollback.cache': (place) => [['rollback', '--stack', 'rolling', ...place, '--auto-approve']],
  'validate.cache': () => [['validate', ...stack('v2')]],
  'show.cache': (place) => [
    ['show', 'rolling', ...place],
    ['show', '--json', ...place],
  ],
}
/** What the starter sets for a command (src/cli/load-commands.ts). */
const flags = { 'show.cache': ['--no-parallel-scavenge'] }
const stack = (version) => ['-f', join(root, `examples/rolling-upgrade/${version}.yaml`), '--var', 'IFACE=cache0']
const counters = ['--var', 'IFACE=cache1']

if (scratch.length === 0) {
  if (!inNamespaces()) inMemory()
} else if (scratch[0] === 'here') makeAll(scratch.slice(1))
else await makeCache(scratch[0], caches[scratch[0]](scratch.slice(1)))

/** All of it where nobody sees what it does; false where that does not work. */
function inNamespaces() {
  const mountPoint = mkdtempSync(join(tmpdir(), 'pinfold-cache-'))
  const script = 'ip link add cache0 type veth peer name cache1 && exec "$@"'
  const self = again('here', '--bpffs', mountPoint, '--mount-bpffs')
  const words = ['--mount', '--net', '--propagation', 'private', 'sh', '-c', script, 'sh', ...self]
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }
  const { status, stderr } = spawnSync('unshare', words, { env, encoding: 'utf8' })
  rmSync(mountPoint, { recursive: true })
  const why = stderr?.match(/^(Error|unshare): .*$/m)?.[0] ?? `exit code ${status}`
  if (status !== 0) console.error(`cache-cli: without the kernel, which makes a start slower: ${why}`)
  return status === 0
}

function inMemory() {
  const memory = mkdtempSync(join(tmpdir(), 'pinfold-cache-'))
  makeAll(['--kernel', 'memory', '--state', join(memory, 'state.json')])
  rmSync(memory, { recursive: true })
}

/** A process for each: what V8 has compiled for one is not taken out again. */
function makeAll(place) {
  for (const cache of Object.keys(caches)) {
    const [file, ...words] = again(cache, ...place)
    words.unshift(...(flags[cache] ?? []))
    const { status, stderr } = spawnSync(file, words, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`cannot make ${cache}: ${stderr}`)
  }
}

/** This script once more, as a command line. */
function again(...words) {
  return [process.execPath, fileURLToPath(import.meta.url), directory, ...words]
}

async function makeCache(cache, commands) {
  const filename = join(directory, 'commands.js')
  const script = new vm.Script(readFileSync(filename, 'latin1'), { filename })
  // Flags that differ from those of the start make V8 refuse the cache.
  v8.setFlagsFromString = () => {}
  const module = { exports: {} }
  script.runInThisContext()(module.exports, createRequire(filename), module, filename, directory)
  for (const words of commands) {
    process.argv = [process.execPath, 'pinfold', ...words]
    await quietly(() => module.exports.start())
    if (process.exitCode !== 0) throw new Error(`pinfold ${words.join(' ')} ends with ${process.exitCode}`)
  }
  writeFileSync(join(directory, cache), script.createCachedData())
}

async function quietly(action) {
  const stdout = Object.getOwnPropertyDescriptor(process, 'stdout')
  Object.defineProperty(process, 'stdout', { configurable: true, value: { write: () => true } })
  try {
    await action()
  } finally {
    Object.defineProperty(process, 'stdout', stdout)
  }
}
