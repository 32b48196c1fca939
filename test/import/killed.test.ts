import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noSandbox } from '../examples/sandbox.ts'
import { canBuild, ImportLab } from './lab.ts'

const hook = join(import.meta.dirname, '../crash/linux/kill-hook.mjs')

/** After each system call that changes something: directories, the record, the first and last pin, the publication. */
const calls = ['2', '5', '8', '14', 'rename'] as const

describe.skipIf(noSandbox() !== undefined || !canBuild)('an import that is killed on this kernel', () => {
  let lab: ImportLab
  beforeAll(async () => {
    lab = await ImportLab.open()
    lab.load('old')
  })
  afterAll(() => lab[Symbol.dispose]())

  test.each(calls)('after call %s: everything runs on, and the next import finishes', (call) => {
    const old = `${lab.bpffs}/old`
    const ids = (tree: string): readonly number[] =>
      ['uplink', 'watcher', 'connects'].map((name) => lab.id('link', `${tree}/links/${name}`))
    const links = ids(old)
    const before = lab.counts(`${old}/maps/counts`, 5).handled
    const words = ['import', old, ...lab.options(), '--auto-approve', '--bpffs', lab.bpffs].join(' ')
    const { status, stdout } = lab.sandbox.shell(
      `PINFOLD_TEST_KILL=after:${call} exec ${process.execPath} --import ${hook} dist/cli/pinfold.js ${words}`,
    )
    // Killed by a signal.
    expect(status, stdout).toBe(-1)
    lab.sandbox.sendPackets(10, lab.sandbox.address.ipv4)
    expect(lab.counts(`${old}/maps/counts`, 5)).toMatchObject({ handled: before + 10, missed: 0 })

    const again = lab.import('old')
    expect(again.status, again.stdout + again.stderr).toBe(0)
    expect(lab.plan()).toMatchObject({ status: 0 })
    expect([ids(old), ids(`${lab.bpffs}/edge/live`)]).toEqual([links, links])
    lab.sandbox.sendPackets(10, lab.sandbox.address.ipv4)
    expect(lab.counts(`${old}/maps/counts`, 5)).toMatchObject({ handled: before + 20, missed: 0 })
    // Only the second names go: what was there before the import is there still.
    lab.shell(`find ${lab.bpffs}/edge -type f -delete; find ${lab.bpffs}/edge -depth -type d -exec rmdir {} +`)
  })
})
