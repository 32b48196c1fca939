import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { noSandbox } from './sandbox.ts'

const hasTools = ['bpftool', 'ping'].every((tool) => spawnSync(tool, ['-V']).error === undefined)

describe.skipIf(noSandbox() !== undefined || !hasTools)('examples/rolling-upgrade, as its script plays it', () => {
  test('keeps the counters over the upgrade, gives the value its new field, and takes it back; no ping goes uncounted', {
    timeout: 180_000,
  }, () => {
    const { status, stdout, stderr } = spawnSync('examples/rolling-upgrade/play.sh', { encoding: 'utf8' })
    expect(status, stdout + stderr).toBe(0)
    const dumps = [...stdout.matchAll(/^\$ bpftool .*\/(\w+)\n([^$]*)/gm)].map(([, map, text]) => ({
      map,
      entries: JSON.parse(/^\[[\s\S]*?^\]/m.exec(text ?? '')?.[0] ?? '[]'),
    }))
    const [first, second, third] = dumps.filter(({ map }) => map === 'total').map(({ entries }) => entries[0].value)
    expect(second).toBeGreaterThan(first)
    expect(third).toBeGreaterThan(second)

    const protocols = dumps.filter(({ map }) => map === 'protocols').map(({ entries }) => entries[0].value)
    expect(protocols.map((value) => Object.keys(value))).toEqual([['packets'], ['packets', 'bytes'], ['packets']])
    const [before, upgraded] = protocols
    expect(upgraded.packets).toBeGreaterThan(before.packets)
    // Bytes are those of version 2 alone; a ping has 98 bytes on the wire.
    expect(upgraded.bytes).toBeGreaterThan(0)
    expect(upgraded.bytes).toBeLessThanOrEqual((upgraded.packets - before.packets) * 98)
    expect(stdout).toMatch(/map +protocols .* carried over/)
    expect(stdout).toMatch(/warning P402 /)
  })
})
