import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
// Two directories below the package, as dist/cli is.
const directory = join(root, `build/test-cli-${process.pid}`)

beforeAll(() => {
  mkdirSync(join(root, 'build'), { recursive: true })
  run(process.execPath, ['scripts/bundle-cli.mjs', directory])
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

test('--version prints the version of package.json', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  for (const word of ['--version', '-v', 'version'])
    expect(pinfold(word)).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' })
})

test('a start does not read extra certificates, wherever its link lies', () => {
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: '/nowhere.pem' }
  const link = join(directory, 'a link')
  symlinkSync('pinfold.js', link)
  const start = (command: string, ...words: string[]) => spawnSync(command, words, { encoding: 'utf8', env })
  expect(start(link, 'explain', 'a b').stderr).toContain('cannot explain A B:')
  expect(start(link, '--version')).toMatchObject({ status: 0, stderr: '' })
  // Started by Node itself it does as any script; Node 24 reads them only when they are needed.
  expect(start(process.execPath, link, '--version').stderr).toBe(start(process.execPath, '-e', '0').stderr)
})

test('--help lists the commands and exit codes; no arguments do the same and fail', () => {
  const help = pinfold('--help')
  expect(help.status).toBe(0)
  for (const word of ['validate', 'plan', 'apply', 'show', 'destroy', 'inspect', 'Exit codes:']) {
    expect(help.stdout).toContain(word)
  }
  expect(pinfold()).toEqual({ ...help, status: 1 })
  for (const word of ['-h', 'help']) expect(pinfold(word)).toEqual(help)
  expect(pinfold('help', 'plan')).toEqual(pinfold('plan', '--help'))
})

test('--version loads nothing but the starter', () => {
  expect(readFileSync(join(directory, 'pinfold.js'), 'utf8').length).toBeLessThan(3000)
  rmSync(join(directory, 'commands.js'))
  try {
    expect(pinfold('--version').status).toBe(0)
  } finally {
    run(process.execPath, ['scripts/bundle-cli.mjs', directory])
  }
})

test.each(['commands', 'apply', 'plan', 'rollback', 'validate', 'show'])('V8 takes the built %s.cache', (name) => {
  const script = `
    const [filename, cache] = process.argv.slice(1)
    const { readFileSync } = require('node:fs')
    const options = { filename, cachedData: readFileSync(cache) }
    console.log(new (require('node:vm').Script)(readFileSync(filename, 'latin1'), options).cachedDataRejected)`
  // What the starter sets for this command.
  const flags = name === 'show' ? ['--no-parallel-scavenge'] : []
  const words = [...flags, '-e', script, join(root, 'dist/cli/commands.js'), join(root, `dist/cli/${name}.cache`)]
  expect(run(process.execPath, words)).toMatchObject({ status: 0, stdout: 'false\n' })
})

test("a command does without a cache that is another's", () => {
  const without = pinfold('--help')
  writeFileSync(join(directory, 'commands.cache'), readFileSync(join(root, 'dist/cli/plan.cache')).subarray(8))
  expect(without.status).toBe(0)
  expect(pinfold('--help')).toEqual(without)
})

test('a whole session in the bundle: the validator, yaml and the memory kernel are inside', () => {
  const state = join(directory, 'state.json')
  const memory = ['-f', 'examples/tail-calls/pinfold.yaml', '--kernel', 'memory', '--state', state]
  expect(pinfold('apply', '--auto-approve', ...memory)).toMatchObject({ status: 0, stderr: '' })
  expect(pinfold('plan', ...memory)).toMatchObject({ status: 0, stderr: '' })
  expect(pinfold('destroy', '--auto-approve', ...memory)).toMatchObject({ status: 0, stderr: '' })
})

test('a process without capabilities is told so before anything else happens', () => {
  const dropAll = ['--inh-caps=-all', '--bounding-set=-all']
  const command = [process.execPath, join(directory, 'pinfold.js'), 'show']
  const { status, stderr } =
    process.geteuid?.() === 0 ? run('setpriv', [...dropAll, ...command]) : run(command[0] ?? '', command.slice(1))
  expect(status).toBe(1)
  expect(stderr).toMatch(
    /^error K013: cannot open the kernel: this process has neither CAP_BPF nor CAP_SYS_ADMIN \(bpf: EPERM\)\n {2}hint: .+\n$/,
  )
})

test('PINFOLD_DEBUG tells where in the sources an error happened', () => {
  const env = { ...process.env, PINFOLD_DEBUG: '1' }
  const words = [join(directory, 'pinfold.js'), 'inspect', 'package.json']
  const { stderr } = spawnSync(process.execPath, words, { cwd: root, encoding: 'utf8', env })
  const [, line = ''] = /\nObjectError: .+\n +at .+\((src\/object\/.+:\d+):\d+\)\n/.exec(stderr) ?? []
  const [file = '', number] = line.split(':')
  expect(readFileSync(join(root, file), 'utf8').split('\n')[Number(number) - 1]).toContain('new ObjectError')
})

test.each(['inspect examples/tail-calls/tail-calls.bpf.o', '--help'])(
  'a reader of %s that leaves early is no error',
  (words) => {
    const script = `"${process.execPath}" "${join(directory, 'pinfold.js')}" ${words} | true`
    const { status, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', script], { cwd: root, encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  },
)

test('a pipe that does not block is waited for', () => {
  const script = `
import fcntl, os, subprocess, sys, time
reader, writer = os.pipe()
os.set_blocking(writer, False)
fcntl.fcntl(writer, 1031, ${pipeSize}) # F_SETPIPE_SZ
child = subprocess.Popen(sys.argv[1:], stdout=writer)
os.close(writer)
time.sleep(0.3)
with os.fdopen(reader, 'rb') as all: sys.stdout.buffer.write(all.read())
sys.exit(child.wait())`
  const words = [process.execPath, join(directory, 'pinfold.js'), 'explain']
  const piped = run('python3', ['-c', script, ...words])
  expect(piped.stdout.length).toBeGreaterThan(pipeSize)
  expect(piped).toEqual(pinfold('explain'))
})

/** What a pipe takes before somebody reads it, in bytes. */
const pipeSize = 4096

const lost = {
  stderr: expect.stringMatching(/^error C161: cannot write all of the output: E[A-Z]+: .+\n {2}hint: .+\n$/),
}

test('a full disk behind standard output ends no apply halfway, and is told', () => {
  const memory = `-f examples/tail-calls/pinfold.yaml --kernel memory --state ${join(directory, 'full.json')}`
  expect(intoFull(`apply --json --auto-approve ${memory}`, '> /dev/full')).toEqual({ status: 0, ...lost })
  expect(pinfold('plan', ...memory.split(' '))).toMatchObject({ status: 0, stderr: '' })
  expect(intoFull(`plan ${memory}`, '> /dev/full')).toEqual({ status: 1, ...lost })
})

test.each([
  '--version',
  'help',
  '--help',
  'plan --help',
  'explain P101',
  'show --kernel memory',
  'doctor --kernel memory',
])('a full disk behind %s is told', (words) => {
  expect(intoFull(words, '> /dev/full')).toEqual({ status: 1, ...lost })
})

test('a working directory that was removed is named', () => {
  const script = 'mkdir "$1" && cd "$1" && rmdir "$1" && exec "$2" "$3" init "$4"'
  const words = [join(directory, 'removed'), process.execPath, join(directory, 'pinfold.js')]
  const object = join(root, 'examples/tail-calls/tail-calls.bpf.o')
  const { status, stderr } = run('bash', ['-c', script, 'bash', ...words, object])
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: expect.stringMatching(/^error C117: .+ removed\n {2}hint: .+\n$/),
  })
})

test('a terminal that goes away answers no question, and Node does not abort for it', () => {
  const script = `
import os, pty, subprocess, sys
ours, theirs = pty.openpty()
child = subprocess.Popen(sys.argv[1:], stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, start_new_session=True)
os.close(theirs)
seen = b''
while b'Only' not in seen: seen += os.read(ours, 100)
os.close(ours)
print(child.stderr.read().decode(), child.wait())`
  const memory = ['--kernel', 'memory', '--state', join(directory, 'gone.json')]
  const words = ['apply', '-f', 'examples/tail-calls/pinfold.yaml', ...memory]
  const { stdout } = run('python3', ['-c', script, process.execPath, join(directory, 'pinfold.js'), ...words])
  expect(stdout).toMatch(
    /^error C161: cannot write all of the output: EIO: .+\n {2}hint: what the command did .+\n 1\n$/,
  )
})

test('what a disk takes in part is not taken for the whole', () => {
  expect(intoFull('explain --json', '> "$FILE"')).toEqual({ status: 1, ...lost })
})

test('a full disk behind standard error is no other exit code', () => {
  expect(intoFull('plan --frob', '2> /dev/full')).toMatchObject({ status: 1 })
  const script = `"${process.execPath}" "${join(directory, 'pinfold.js')}" explain X1 2> >(true); exit $?`
  expect(spawnSync('bash', ['-c', script], { cwd: root }).status).toBe(1)
})

/** The file must not grow beyond one block; without the trap a signal would tell it. */
function intoFull(words: string, where: string): Pick<Ending, 'status' | 'stderr'> {
  const limit = where.includes('FILE') ? 'trap "" XFSZ; ulimit -S -f 1;' : ''
  const script = `${limit} exec "${process.execPath}" "${join(directory, 'pinfold.js')}" ${words} ${where}`
  const env = { ...process.env, FILE: join(directory, 'full.out') }
  const { status, stderr } = spawnSync('bash', ['-c', script], { cwd: root, encoding: 'utf8', env })
  return { status, stderr }
}

interface Ending {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

const pinfold = (...words: string[]): Ending => run(process.execPath, [join(directory, 'pinfold.js'), ...words])

function run(file: string, words: readonly string[]): Ending {
  const { status, stdout, stderr } = spawnSync(file, words, { cwd: root, encoding: 'utf8' })
  return { status, stdout, stderr }
}
