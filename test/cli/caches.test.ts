import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { canTestLinux, openTestHost } from '../support/linux.ts'

const root = join(import.meta.dirname, '../..')
const host = openTestHost()
afterAll(() => host[Symbol.dispose]())

/** Starts the built commands.js with a cache as the starter does, and prints by how many bytes what V8 had to compile would make the cache longer. */
const grown = `
const [filename, cache, ...words] = process.argv.slice(1)
const { readFileSync, writeSync } = require('node:fs')
const { createRequire } = require('node:module')
const { dirname } = require('node:path')
const cachedData = readFileSync(cache)
const script = new (require('node:vm').Script)(readFileSync(filename, 'latin1'), { filename, cachedData })
const module_ = { exports: {} }
script.runInThisContext()(module_.exports, createRequire(filename), module_, filename, dirname(filename))
process.argv = [process.execPath, 'pinfold', ...words]
process.exit = (code) => {
  writeSync(2, code + ' ' + (script.createCachedData().length - cachedData.length))
  process.reallyExit(code)
}
module_.exports.start().then(() => process.exit(process.exitCode ?? 0))`

test.skipIf(!canTestLinux)('an apply finds nearly all that it runs in its cache', () => {
  const words = ['-f', join(root, 'examples/co-re/pinfold.yaml'), '--bpffs', host.bpffs, '--auto-approve']
  const files = ['commands.js', 'apply.cache'].map((name) => join(root, 'dist/cli', name))
  const line = `"$0" -e "$1" "\${@:2}" 2>&1 >/dev/null | tail -n 1`
  const told = execFileSync('bash', ['-c', line, process.execPath, grown, ...files, 'apply', ...words], {
    encoding: 'utf8',
  })
  const [status, bytes] = told.split(' ').map(Number)
  expect(status).toBe(0)
  // A cache that was made where the addon is not found lacks a hundred kilobytes.
  expect(bytes).toBeLessThan(10_000)
})
