import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

export const pinfold = resolve(import.meta.dirname, '../dist/cli/pinfold.js')
const example = resolve(import.meta.dirname, '../examples/tail-calls/pinfold.yaml')
const object = resolve(import.meta.dirname, 'hundred/hundred.bpf.o')

/** Calls `measure` with a new bpffs of this process's own mount namespace; unmounts it afterwards, pins and all. */
export function withBpffs(measure) {
  const directory = mkdtempSync(join(tmpdir(), 'pinfold-bench-'))
  run('mount', '-t', 'bpf', 'bpf', directory)
  try {
    return measure(directory)
  } finally {
    run('umount', directory)
    rmSync(directory, { recursive: true })
  }
}

/** Applies the demo's stack to an interface; returns the arguments of a plan that finds nothing to do. */
export function applyDemo(bpffs, iface) {
  const args = ['-f', example, '--var', `IFACE=${iface}`, '--bpffs', bpffs]
  run(pinfold, 'apply', ...args, '--auto-approve')
  return [pinfold, 'plan', ...args]
}

/**
 * Applies a second version of the demo's stack, its handlers exchanged; returns the arguments of a plan that finds nothing to do
 * then, and those of a rollback, which takes itself back when it is run twice.
 */
export function upgradeDemo(bpffs, iface) {
  const directory = mkdtempSync(join(tmpdir(), 'pinfold-bench-'))
  const file = join(directory, 'pinfold.yaml')
  const text = readFileSync(example, 'utf8').replace('tail-calls.bpf.o', join(dirname(example), 'tail-calls.bpf.o'))
  writeFileSync(file, text.replace('0: parse_ipv4', '0: parse_ipv6').replace('1: parse_ipv6', '1: parse_ipv4'))
  const args = ['-f', file, '--var', `IFACE=${iface}`, '--bpffs', bpffs]
  run(pinfold, 'apply', ...args, '--auto-approve')
  process.once('exit', () => rmSync(directory, { recursive: true }))
  return {
    plan: [pinfold, 'plan', ...args],
    rollback: [pinfold, 'rollback', '--stack', 'edge', '--bpffs', bpffs, '--auto-approve'],
  }
}

/** Applies as many stacks of 100 maps and 100 programs. */
export function applyHundreds(bpffs, stacks) {
  const directory = mkdtempSync(join(tmpdir(), 'pinfold-bench-'))
  for (let number = 0; number < stacks; number++) {
    const file = join(directory, `stack-${number}.yaml`)
    writeFileSync(file, manifest(`stack-${number}`))
    run(pinfold, 'apply', '-f', file, '--bpffs', bpffs, '--auto-approve')
  }
  rmSync(directory, { recursive: true })
}

const digits = [...'0123456789']
const numbers = digits.flatMap((tens) => digits.map((ones) => tens + ones))

const manifest = (name) => `version: 1
name: ${name}
objects: { main: { file: ${object} } }
programs:
${numbers.map((number) => `  program_${number}:`).join('\n')}
`

/** Runs a command to its end; throws with what it said when it fails. */
export function run(file, ...args) {
  const { status, stderr, error } = spawnSync(file, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' })
  if (error ?? status !== 0) throw new Error(`cannot run ${file} ${args.join(' ')}: ${error ?? stderr}`)
}
