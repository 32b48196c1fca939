import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'vitest'
import { checkDocument, checkPrinted } from '../support/printed.ts'
import type { Output, Sandbox } from './sandbox.ts'

const repository = resolve(import.meta.dirname, '../..')

/** Whether the kernel's types go along. */
export interface Elsewhere {
  readonly types?: boolean
}

/**
 * A plan from a snapshot, made by nobody in particular, is the one made in the sandbox: byte for byte, but for time and nonce, and
 * for how many entries maps have, since programs go on making them.
 */
export function expectSamePlan(sandbox: Sandbox, manifest: readonly string[], { types = false }: Elsewhere = {}): void {
  const file = join(tmpdir(), `pinfold-${process.pid}-host.json`)
  try {
    expect(sandbox.pinfold('snapshot', '--out', file, ...(types ? ['--with-btf'] : []))).toMatchObject({ status: 0 })
    checkDocument(JSON.parse(readFileSync(file, 'utf8')), 'a snapshot of the sandbox')
    chmodSync(file, 0o644)
    const there = asNobody('plan', '--json', '--against', file, ...manifest)
    expect(comparable(there)).toBe(comparable(sandbox.pinfold('plan', '--json', ...manifest)))
  } finally {
    rmSync(file, { force: true })
  }
}

/** Runs the built command line without any privilege. */
export function asNobody(...args: readonly string[]): Output {
  const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all', '--bounding-set=-all']
  const command = [...nobody, process.execPath, join(repository, 'dist/cli/pinfold.js'), ...args]
  const { status, stdout, stderr } = spawnSync('setpriv', command, { encoding: 'utf8', cwd: repository })
  checkPrinted(args, stdout)
  return { status: status ?? -1, stdout, stderr }
}

/** What it said, and how it ended. */
function comparable({ status, stdout, stderr }: Output): string {
  const plan = stdout.replace(/"time":"[^"]*","nonce":"[^"]*"/, '').replaceAll(/"entries":\d+/g, '')
  return `${plan}${stderr}[exit ${status}]`
}
