// Makes V8's cache of DIRECTORY/commands.js: runs commands as the starter does, and keeps what V8 compiled for them. A start
// without it takes 30 ms more. Another V8, or one with other flags, ignores it and compiles what it needs.
//
// Where this user may, the commands run on the kernel, in namespaces of their own; elsewhere on the kernel in memory: then the
// cache has all but the system calls.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import v8 from 'node:v8'
import vm from 'node:vm'

const root = resolve(import.meta.dirname, '..')
const scratch = process.env.PINFOLD_CACHE_SCRATCH
const directory = resolve(process.argv[2])

if (scratch) await makeCache(['--bpffs', scratch, '--mount-bpffs'])
else if (!inNamespaces()) {
  const memory = mkdtempSync(join(tmpdir(), 'pinfold-cache-'))
  await makeCache(['--kernel', 'memory', '--state', join(memory, 'state.json')])
  rmSync(memory, { recursive: true })
}

/** This script once more, where nobody sees what it does; false where that does not work. */
function inNamespaces() {
  const mountPoint = mkdtempSync(join(tmpdir(), 'pinfold-cache-'))
  const words = ['--mount', '--net', '--propagation', 'private', 'sh', '-c']
  const script = 'ip link add cache0 type veth peer name cache1 && exec "$@"'
  const self = [process.execPath, fileURLToPath(import.meta.url), directory]
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, PINFOLD_CACHE_SCRATCH: mountPoint }
  const { status } = spawnSync('unshare', [...words, script, 'sh', ...self], { env, stdio: 'ignore' })
  rmSync(mountPoint, { recursive: true })
  return status === 0
}

/** The life of a stack, in one process. */
async function makeCache(place) {
  const filename = join(directory, 'commands.js')
  const script = new vm.Script(readFileSync(filename, 'latin1'), { filename })
  // Flags that differ from those of the start make V8 refuse the cache.
  v8.setFlagsFromString = () => {}
  const module = { exports: {} }
  script.runInThisContext()(module.exports, createRequire(filename), module, filename, directory)
  const stack = (version) => [
    '-f',
    join(root, `examples/rolling-upgrade/${version}.yaml`),
    '--var',
    'IFACE=cache0',
    ...place,
  ]
  const approved = ['--auto-approve']
  for (const words of [
    ['apply', ...stack('v1'), ...approved],
    ['apply', ...stack('v2'), ...approved],
    ['plan', ...stack('v2')],
    ['show', 'rolling', ...place],
    ['show', '--json', ...place],
    ['destroy', ...stack('v2'), ...approved],
    ['apply', '-f', join(root, 'examples/co-re/pinfold.yaml'), ...place, ...approved],
    ['destroy', 'starts', ...place, ...approved],
  ]) {
    const code = await quietly(() => run(module.exports, words))
    if (code !== 0) throw new Error(`cannot make the cache: pinfold ${words.join(' ')} ends with ${code}`)
  }
  writeFileSync(join(directory, 'commands.cache'), script.createCachedData())
}

async function run({ start }, words) {
  process.argv = [process.execPath, 'pinfold', ...words]
  await start()
  return process.exitCode
}

async function quietly(action) {
  const { write } = process.stdout
  process.stdout.write = (...words) => {
    words.find((word) => typeof word === 'function')?.()
    return true
  }
  try {
    return await action()
  } finally {
    process.stdout.write = write
  }
}
