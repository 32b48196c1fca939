import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { pinfoldStamped as pinfold } from '../cli/support/pinfold.ts'
import { Lab } from '../crash/linux/lab.ts'
import { begin, clear } from '../crash/linux/matrix.ts'
import { aftermaths, changes } from '../crash/linux/scenarios.ts'
import type { Version } from '../crash/linux/versions.ts'
import { canTestLinux, run } from '../support/linux.ts'

describe.skipIf(!canTestLinux)('a plan from a snapshot is the plan made on the host, byte for byte', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await Lab.open()
  })
  afterAll(async () => {
    // The pins go with the bpffs, whatever a failed test left.
    using _lab = lab
    await clear(lab)
  })

  /** Compares what plans say of versions, to machines and to people; returns the latter. */
  async function same(versions: readonly Version[], ...options: readonly string[]): Promise<string> {
    const file = await snapshot(lab)
    let said = ''
    for (const version of versions) {
      for (const view of ['--json', '--steps']) {
        const plan = ['plan', view, '--diff', ...manifestOf(lab, version), ...options]
        const here = await pinfold(...plan, '--bpffs', lab.bpffs)
        expect(await pinfold(...plan, '--against', file), `plan ${view}`).toEqual(here)
        said += here.printed
      }
    }
    rmSync(file)
    return said
  }

  /** The same for what differs from what was last applied, and by whom. */
  async function sameDrift(): Promise<string> {
    const file = await snapshot(lab)
    const drift = async (...place: readonly string[]): Promise<unknown> => {
      const { code, printed } = await pinfold('plan', 'echo', '--drift-only', '--json', ...place)
      // This test's clock stands still, the kernel's does not.
      return { code, printed: printed.replace(/"loaded":"[^"]*"/g, '"loaded":""') }
    }
    const here = await drift('--bpffs', lab.bpffs)
    expect(await drift('--against', file)).toEqual(here)
    return JSON.stringify(here)
  }

  test.each([...changes, ...aftermaths])('$name', async (scenario) => {
    await begin(lab, scenario)
    const { act, from } = scenario
    expect(await same('version' in act ? [act.version] : from)).toContain('{"type":"plan"')
  })

  describe('and what others did meanwhile:', () => {
    const version: Version = { hooks: ['xdp', 'tcx'], history: 1 }
    const live = (path: string): string => join(lab.bpffs, 'echo/live', path)
    beforeEach(async () => {
      await clear(lab)
      await lab.run({ command: 'apply', version })
    })

    test('a slot emptied, a link detached, a pin removed', async () => {
      run('bpftool', 'map', 'delete', 'pinned', live('maps/calls'), 'key', '1', '0', '0', '0')
      run('bpftool', 'link', 'detach', 'pinned', live('links/tcx'))
      rmSync(live('programs/callee0'))
      expect(await same([version])).toMatch(/calls.*callee0/)
      await lab.run({ command: 'destroy', version })
    })

    test('how much a destroy loses', async () => {
      run('bpftool', 'map', 'update', 'pinned', live('maps/state'), 'key', ...'0000', 'value', ...'00000000')
      const file = await snapshot(lab)
      const here = await pinfold('plan', 'echo', '--destroy', '--json', '--bpffs', lab.bpffs)
      expect(await pinfold('plan', 'echo', '--destroy', '--json', '--against', file)).toEqual(here)
      expect(here.printed).toContain('"code":"P103"')
      rmSync(file)
    })

    test('a filter of tc, and a symbolic link', async () => {
      const filter = ['ingress', 'bpf', 'direct-action', 'pinned', live('programs/tc_entry')]
      run('ln', '-s', live('maps'), join(lab.bpffs, 'elsewhere'))
      run('tc', 'qdisc', 'add', 'dev', lab.host.veth.name, 'clsact')
      run('tc', 'filter', 'add', 'dev', lab.host.veth.name, ...filter)
      expect(await same([{ ...version, defines: { TC_CALLEE: 2 } }])).toContain('without a link')
      run('tc', 'qdisc', 'del', 'dev', lab.host.veth.name, 'clsact')
      rmSync(join(lab.bpffs, 'elsewhere'))
    })

    test("somebody else's pin in the tree, and who may have made it", async () => {
      run('bpftool', 'map', 'pin', 'pinned', live('maps/state'), live('maps/theirs'))
      expect(await same([version])).toContain('theirs')
      expect(await sameDrift()).toContain('theirs')
      rmSync(live('maps/theirs'))
    })

    test('a record lost: refused, adopted, told as drift', async () => {
      rmSync(live('record'))
      expect(await same([version])).toContain('P107')
      expect(await sameDrift()).toContain('unknown')
      await same([version], '--adopt')
      run('rm', '-rf', join(lab.bpffs, 'echo'))
    })
  })
})

const manifestOf = (lab: Lab, version: Version): readonly string[] =>
  lab.words({ command: 'apply', version }).slice(2, 4)

let taken = 0

async function snapshot(lab: Lab, ...options: readonly string[]): Promise<string> {
  const file = join(lab.host.directory, `host-${taken++}.json`)
  const { code, printed } = await pinfold('snapshot', '--bpffs', lab.bpffs, '--out', file, ...options)
  expect(code, printed).toBe(0)
  return file
}
