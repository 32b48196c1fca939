// Loaded in front of the real command line (node --import): counts the system calls that change something, and kills the
// process at one of them. PINFOLD_TEST_CALLS=FILE writes one line for each; PINFOLD_TEST_KILL=before:N or
// after:N ends it there, after:REGEXP at the first call that looks so; with PINFOLD_TEST_SIGNAL=SIGSTOP it only stops there. PINFOLD_TEST_SINCE: see since.mjs.
import fs, { openSync, writeSync } from 'node:fs'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { fileURLToPath } from 'node:url'
import { hideOlder } from './since.mjs'

const { PINFOLD_TEST_CALLS: file, PINFOLD_TEST_KILL: kill = '' } = process.env
const side = kill.slice(0, kill.indexOf(':'))
const where = kill.slice(side.length + 1)
const pattern = /^[0-9]*$/.test(where) ? undefined : new RegExp(where)
let fatal = Number(pattern ? 0 : where)
const log = file === undefined ? undefined : openSync(file, 'w')
let calls = 0

/** Commands of bpf(2) that only read, or only open what exists; every other one counts. */
const reading = new Set([1, 4, 7, 11, 12, 13, 14, 15, 16, 19, 20, 23, 24, 30, 31])
const opening = new Set([7, 13, 14, 30])
const names =
  'MAP_CREATE MAP_LOOKUP_ELEM MAP_UPDATE_ELEM MAP_DELETE_ELEM MAP_GET_NEXT_KEY PROG_LOAD OBJ_PIN OBJ_GET'.split(' ')
const rarer = {
  10: 'PROG_RUN',
  17: 'RAW_TRACEPOINT_OPEN',
  18: 'BTF_LOAD',
  22: 'MAP_FREEZE',
  28: 'LINK_CREATE',
  29: 'LINK_UPDATE',
}
const nameOf = (command) => names[command] ?? rarer[command] ?? `BPF_${command}`

/** A call by its number: killed before it, or (by whoever calls `after`) when it has returned. */
function before(what) {
  const call = ++calls
  if (log !== undefined) writeSync(log, `${what}\n`)
  if (fatal === 0 && pattern?.test(what)) fatal = call
  if (side === 'before' && call === fatal) end()
  return call
}

function after(call) {
  if (side === 'after' && call === fatal) end()
}

/** Delivered before kill(2) returns. */
const end = () => process.kill(process.pid, process.env.PINFOLD_TEST_SIGNAL ?? 'SIGKILL')

function counted(what, run) {
  const call = before(what)
  try {
    return run()
  } finally {
    after(call)
  }
}

// How many calls had changed something when a descriptor came into being: closing it matters only if something changed while
// it was open.
const openedAt = new Map()

function opened(number) {
  if (number >= 0) openedAt.set(number, calls)
  return number
}

const require = createRequire(import.meta.url)
const addon = require('node-gyp-build')(fileURLToPath(new URL('../../..', import.meta.url)))
hideOlder(addon, process.env.PINFOLD_TEST_SINCE)
const { bpf, bpfAsync, close } = addon

addon.bpf = (command, attr, pointers) => {
  if (reading.has(command)) {
    const result = bpf(command, attr, pointers)
    return opening.has(command) ? opened(result) : result
  }
  return opened(counted(nameOf(command), () => bpf(command, attr, pointers)))
}
addon.bpfAsync = async (command, attr, pointers) => {
  const call = before(nameOf(command))
  const result = await bpfAsync(command, attr, pointers)
  after(call)
  return opened(result)
}
addon.close = (number) => {
  const since = openedAt.get(number)
  openedAt.delete(number)
  if (since === undefined || since === calls) return close(number)
  return counted('close', () => close(number))
}
for (const name of ['renameat2', 'mount', 'perfEventOpen']) {
  const call = addon[name]
  addon[name] = (...of) => counted(`${name} ${of.filter((it) => typeof it === 'string').join(' ')}`, () => call(...of))
}
for (const name of ['mkdirSync', 'rmdirSync', 'unlinkSync', 'renameSync', 'linkSync', 'chmodSync', 'chownSync']) {
  const call = fs[name]
  fs[name] = (...of) =>
    counted(`${name.slice(0, -4)} ${of.filter((it) => typeof it === 'string').join(' ')}`, () => call(...of))
}
syncBuiltinESMExports()
