import { spawnSync } from 'node:child_process'
import { readFileSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openKernel } from '../../src/index.ts'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import { takeSnapshot } from '../../src/state/snapshot/take-snapshot.ts'
import { pinfold } from '../cli/support/pinfold.ts'
import { makeMap } from '../contract/test-world.ts'
import { Lab } from '../crash/linux/lab.ts'
import { clear } from '../crash/linux/matrix.ts'
import type { Version } from '../crash/linux/versions.ts'
import { canTestLinux } from '../support/linux.ts'

const sized = (STATE_ENTRIES: number): Version => ({
  hooks: ['xdp', 'tcx'],
  defines: { STATE_ENTRIES, CALLEE0: STATE_ENTRIES % 7 },
  maps: { state: { onChange: 'migrate', merge: 'sum' } },
})

describe.skipIf(!canTestLinux)('the snapshot of a host', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await Lab.open()
  })
  afterAll(async () => {
    // The pins go with the bpffs, whatever a failed test left.
    using _lab = lab
    await clear(lab)
  })

  test('lets an apply and a destroy be rehearsed, and neither the host nor the snapshot changes', async () => {
    await lab.run({ command: 'apply', version: sized(64) })
    const file = join(lab.host.directory, 'host.json')
    await pinfold('snapshot', '--bpffs', lab.bpffs, '--out', file)
    const before = [readFileSync(file, 'utf8'), await lab.look()]
    const copy = ['--kernel', 'memory', '--state', file]
    const upgrade = [...lab.words({ command: 'apply', version: sized(128) }), ...copy]
    const { code, printed } = await pinfold(...upgrade)
    expect(code, printed).toBe(0)
    expect(printed).toContain('Applied echo, generation 2')
    expect((await pinfold('show', 'echo', '--bpffs', lab.bpffs, ...copy)).printed).toContain('generation 1')
    expect((await pinfold('destroy', 'echo', '--auto-approve', '--bpffs', lab.bpffs, ...copy)).code).toBe(0)
    expect([readFileSync(file, 'utf8'), await lab.look()]).toEqual(before)
    await lab.run({ command: 'apply', version: sized(128) })
  })

  test('gives plans that can be applied on that host, once and only as long as they fit', async () => {
    await lab.run({ command: 'apply', version: sized(64) })
    const file = join(lab.host.directory, 'reviewed.json')
    await pinfold('snapshot', '--bpffs', lab.bpffs, '--out', file)
    const manifest = lab.words({ command: 'apply', version: sized(128) }).slice(2, 4)
    const plan = join(lab.host.directory, 'plan.json')
    expect((await pinfold('plan', ...manifest, '--against', file, '--out', plan)).code).toBe(2)
    const applied = await pinfold('apply', plan, '--auto-approve')
    expect(applied.code, applied.printed).toBe(0)
    expect((await pinfold('plan', ...manifest, '--bpffs', lab.bpffs)).code).toBe(0)
    expect((await pinfold('apply', plan, '--auto-approve')).code).toBe(5)
    const stale = join(lab.host.directory, 'stale.json')
    expect((await pinfold('plan', ...manifest, '--against', file, '--out', stale)).code).toBe(2)
    expect((await pinfold('apply', stale, '--auto-approve')).code).toBe(5)
  })

  test('has ten thousand pins in less than two megabytes, and each is there in the copy', async () => {
    const kernel = await openKernel()
    try {
      const root = join(lab.bpffs, 'many')
      kernel.bpffs.makeDirectory(root)
      using map = makeMap(kernel)
      for (let i = 0; i < 10_000; i++) kernel.pin(map, `${root}/pin_${i}`)
      const taken = await takeSnapshot(kernel, { bpffs: lab.bpffs, tool: 'test', time: '' })
      for (let i = 0; i < 10_000; i++) kernel.bpffs.unpin(`${root}/pin_${i}`)
      kernel.bpffs.removeDirectory(root)
      expect(JSON.stringify(taken.files[lab.bpffs]).length).toBeLessThan(2_000_000)
      const copy = openMemoryMachine(taken)
      expect([...copy.inspect.pins().keys()].filter((path) => path.startsWith(root))).toHaveLength(10_000)
    } finally {
      kernel.close()
    }
  })

  test('is taken without a system call that changes anything', () => {
    const calls = join(lab.host.directory, 'calls')
    const file = join(lab.host.directory, 'untouched.json')
    const words = ['snapshot', '--with-btf', '--bpffs', lab.bpffs, '--out', file]
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', resolve('test/crash/linux/kill-hook.mjs'), 'dist/cli/pinfold.js', ...words],
      { env: { ...process.env, PINFOLD_TEST_CALLS: calls, PINFOLD_TEST_SINCE: '0,0,0' }, encoding: 'utf8' },
    )
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    // The file itself is put in its place by a rename.
    const changing = readFileSync(calls, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.includes(file))
    expect(changing).toEqual([])
  })

  test('is not taken through a symbolic link, since paths in it would lead nowhere', async () => {
    const link = join(lab.host.directory, 'link')
    symlinkSync(lab.bpffs, link)
    const { code, printed } = await pinfold('snapshot', '--bpffs', link)
    expect({ code, printed }).toEqual({
      code: 1,
      printed: expect.stringContaining(`K113: cannot take a snapshot of ${link}`),
    })
  })

  test('leaves nothing open', async () => {
    const kernel = await openKernel()
    const open = kernel.openDescriptors()
    await takeSnapshot(kernel, { bpffs: lab.bpffs, tool: 'test', time: '' })
    expect(kernel.openDescriptors()).toBe(open)
    kernel.close()
  })
})
