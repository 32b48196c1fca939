import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { noSandbox } from '../examples/sandbox.ts'

interface Row {
  readonly name: string
  readonly upgrades: number
  readonly sent: number
  readonly received: number
  readonly hooks: Readonly<Record<'xdp' | 'tcx', Counters>>
}

interface Counters {
  readonly entered: number
  readonly missed: number
  readonly mixed: number
  readonly finishedA: number
  readonly finishedB: number
}

const hasCompiler = spawnSync('gcc', ['--version']).status === 0

/** The benchmark without its search for the highest rate, and without the order whose failure is a matter of chance. */
function measure(): readonly Row[] {
  const rows = 'pinfold,refill in place,attach before pin'
  const options = ['--rate', '2000', '--upgrades', '20', '--commands', '2', '--rows', rows, '--json']
  const command = [
    '--mount',
    '--net',
    '--propagation',
    'private',
    process.execPath,
    'bench/upgrade/run.mjs',
    ...options,
  ]
  const { stdout, stderr } = spawnSync('unshare', command, { encoding: 'utf8' })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

test.skipIf(noSandbox() !== undefined || !hasCompiler)(
  'upgrades under traffic miss no tail call, mix no versions and lose no packet; naive orders do',
  { timeout: 180_000 },
  () => {
    const [pinfold, refilled, late] = measure()
    expect(pinfold?.upgrades).toBe(20)
    expect(pinfold?.received).toBe(pinfold?.sent)
    for (const { entered, missed, mixed, finishedA, finishedB } of Object.values(pinfold?.hooks ?? {})) {
      expect({ entered, missed, mixed }).toEqual({ entered: pinfold?.sent, missed: 0, mixed: 0 })
      expect(finishedA).toBeGreaterThan(0)
      expect(finishedB).toBeGreaterThan(0)
    }
    expect((refilled?.hooks.xdp.mixed ?? 0) + (refilled?.hooks.tcx.mixed ?? 0)).toBeGreaterThan(0)
    expect(late?.hooks.xdp.missed).toBeGreaterThan(0)
    expect(late?.hooks.tcx.missed).toBeGreaterThan(0)
  },
)
