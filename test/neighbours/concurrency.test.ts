import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Lab } from '../crash/linux/lab.ts'
import { answersOf, type Version } from '../crash/linux/versions.ts'
import { noSandbox } from '../examples/sandbox.ts'
import { pinForeignArray } from '../support/bpftool.ts'
import { run } from '../support/linux.ts'

/*
 * Two at once: an apply is stopped at one of its system calls, and somebody else does something. One of them wins, the other
 * stops cleanly, and nothing is half.
 */

const v1: Version = { history: 1 }
const v2: Version = { history: 1, defines: { ENTRY: 2, CALLEE0: 2 } }
const v3: Version = { history: 1, defines: { ENTRY: 3, CALLEE1: 3 } }

describe.skipIf(noSandbox() !== undefined)('while an apply is under way', () => {
  let lab: Lab
  const live = (...path: readonly string[]): string => join(lab.bpffs, 'echo', 'live', ...path)
  const isWhole = async (version: Version): Promise<void> => {
    const { pins, arrays } = await lab.look()
    const maps = pins.filter(({ kind }) => kind === 'map').map(({ id }) => id)
    for (const { id } of arrays) expect(maps).toContain(id)
    expect(await lab.answers()).toEqual(answersOf(version))
  }
  beforeAll(async () => {
    lab = await Lab.open()
    await lab.run({ command: 'apply', version: v1 })
  })
  afterEach(() => lab.run({ command: 'apply', version: v1 }))
  afterAll(() => lab[Symbol.dispose]())

  const places = ['before:^BTF_LOAD', 'after:^LINK_UPDATE', 'after:^renameat2', 'after:^unlink .*/links/']
  test.each(places)(
    'stopped %s: another apply, a rollback and a destroy are told to wait (5); it finishes',
    async (at) => {
      const paused = await lab.pause({ command: 'apply', version: v2 }, at)
      const answers = await lab.answers()
      expect([answersOf(v1), answersOf(v2)]).toContainEqual(answers)
      for (const act of [
        { command: 'apply', version: v3 },
        { command: 'rollback' },
        { command: 'destroy', version: v3 },
      ] as const) {
        const { code, output } = await lab.spawn(act)
        expect({ code, output }).toMatchObject({
          code: 5,
          output: expect.stringContaining('error P302: cannot lock echo'),
        })
      }
      expect(await lab.answers()).toEqual(answers)
      expect((await paused.resume()).code).toBe(0)
      await isWhole(v2)
    },
  )

  test.each([
    ['SIGINT', 'after:^BTF_LOAD', 1],
    ['SIGTERM', 'after:^LINK_UPDATE', 6],
    ['SIGHUP', 'after:^BTF_LOAD', 1],
    ['SIGHUP', 'after:^LINK_UPDATE', 6],
  ] as const)('%s %s takes it back in order', async (signal, at, code) => {
    const paused = await lab.pause({ command: 'apply', version: v2 }, at)
    expect(await paused.resume(signal)).toMatchObject({ code, output: expect.stringContaining('error P306') })
    await isWhole(v1)
    expect((await lab.plan(v1)).code).toBe(0)
  })

  test('under nohup the end of its terminal is nothing to it', async () => {
    const paused = await lab.pause({ command: 'apply', version: v2 }, 'after:^BTF_LOAD', 'nohup')
    expect((await paused.resume('SIGHUP')).code).toBe(0)
    await isWhole(v2)
  })

  test('a link that a foreign tool detaches is not switched: exit code 5, and the next apply attaches it again', async () => {
    const paused = await lab.pause({ command: 'apply', version: v2 }, 'before:^LINK_UPDATE')
    run('bpftool', 'link', 'detach', 'pinned', live('links', 'xdp'))
    const { code, output } = await paused.resume()
    expect({ code, output }).toMatchObject({ code: 5, output: expect.stringContaining('undone') })
    await lab.run({ command: 'apply', version: v2 })
    await isWhole(v2)
  })

  test('a pin that a foreign tool removes from the live tree is nothing that the new one needs', async () => {
    const paused = await lab.pause({ command: 'apply', version: v2 }, 'before:^LINK_UPDATE')
    run('rm', live('links', 'xdp'), live('programs', 'entry'))
    expect((await paused.resume()).code).toBe(0)
    await isWhole(v2)
    // The former generation has lost a pin: there is no way back to it, and so it goes.
    await lab.run({ command: 'apply', version: v2 })
    expect((await lab.plan(v2)).code).toBe(0)
  })

  test('a pin that a foreign tool puts where a new one belongs: nothing is changed, and it is left alone', async () => {
    const paused = await lab.pause({ command: 'apply', version: v2 }, 'after:^BTF_LOAD')
    const taken = join(lab.bpffs, 'echo/next/programs/entry')
    pinForeignArray(taken, 'theirs')
    const { code, output } = await paused.resume()
    expect({ code, output }).toMatchObject({ code: 7, output: expect.stringContaining('the path is taken') })
    await isWhole(v1)
    expect(run('bpftool', 'map', 'show', 'pinned', taken)).toContain('theirs')
    run('rm', taken)
    await lab.run({ command: 'apply', version: v2 })
    await isWhole(v2)
  })

  test('a staging tree that a foreign tool removes: nothing is changed', async () => {
    const paused = await lab.pause({ command: 'apply', version: v2 }, 'after:^BTF_LOAD')
    run('rm', '-r', join(lab.bpffs, 'echo/next'))
    expect((await paused.resume()).code).toBe(1)
    await isWhole(v1)
    expect((await lab.plan(v1)).code).toBe(0)
  })
})
