import { spawnSync } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'vitest'
import { checkPrinted } from '../support/printed.ts'
import type { Output, Sandbox } from './sandbox.ts'

const repository = resolve(import.meta.dirname, '../..')

/** Whether the kernel's types go along. */
export interface Elsewhere {
  readonly types?: boolean
}

/** A plan from a snapshot, made by nobody in particular, is the one made in the sandbox: byte for byte, but for time and nonce. */
export function expectSamePlan(sandbox: Sandbox, manifest: readonly string[], { types = false }: Elsewhere = {}): void {
  const file = join(tmpdir(), `pinfold-${process.pid}-host.json`)
  try {
    const before = sandbox.pinfold('plan', '--json', ...manifest)
    expect(sandbox.pinfold('snapshot', '--out', file, ...(types ? ['--with-btf'] : []))).toMatchObject({ status: 0 })
    chmodSync(file, 0o644)
    const here = sandbox.pinfold('plan', '--json', ...manifest)
    const there = asNobody('plan', '--json', '--against', file, ...manifest)
    expect(there.stderr).toBe('')
    // Programs that run meanwhile make new entries: then the host's own plans differ, too.
    if (withoutStamp(here) === withoutStamp(before)) expect(withoutStamp(there)).toBe(withoutStamp(here))
    expect(there.status).toBe(here.status)
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

const withoutStamp = ({ stdout }: Output): string =>
  stdout.replace(/"time":"[^"]*","nonce":"[^"]*"/, '"time":"","nonce":""')
