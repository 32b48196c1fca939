import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { pinForeignArray } from '../support/bpftool.ts'
import { canTestLinux, openTestHost, run } from '../support/linux.ts'
import { pinfold } from './support/pinfold.ts'

describe.skipIf(!canTestLinux)('a stack that has lost its record, with a kept generation beside its live tree', () => {
  const host = openTestHost()
  afterAll(() => host[Symbol.dispose]())
  const place = ['--bpffs', host.bpffs]
  const at = (path: string): string => join(host.bpffs, path)
  const pins = (): string[] => run('find', host.bpffs, '-type', 'f', '-printf', '%P\n').trim().split('\n').sort()

  beforeEach(async () => {
    await pinfold('destroy', 'edge', '--adopt', '--auto-approve', ...place)
    for (const version of ['v1', 'v2'] as const)
      expect(await pinfold('apply', '--auto-approve', ...manifest(version))).toMatchObject({ code: 0 })
    run('rm', at('edge/live/record'))
  })

  test('is reported by doctor, with both ways out, and left to a person', async () => {
    const { code, printed } = await pinfold('doctor', '--repair', '--json', ...place)
    const [{ stacks, findings }] = printed
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect({ code, stacks }).toEqual({ code: 3, stacks: ['edge'] })
    expect(findings).toContainEqual({
      severity: 'error',
      code: 'P509',
      summary: 'Stack without its record',
      detail: `${at('edge/live')} holds 6 pins and no record, which would say whose they are: no apply and no destroy touches them.`,
      hint: "if they are the stack's own: pinfold apply -f MANIFEST --adopt goes on with them, pinfold destroy edge --adopt removes them",
      stack: 'edge',
    })
    expect(findings.filter((it: { repair?: unknown }) => it.repair)).toEqual([])
    expect(pins()).toContain('edge/gen-1/record')
  })

  test('is listed by show, and by the error for a name that does not exist', async () => {
    const { code, printed } = await pinfold('show', ...place)
    expect({ code, printed }).toEqual({
      code: 0,
      printed: expect.stringContaining(`edge · generation 0 · ${at('edge')} · no record (pinfold doctor)\n`),
    })
    expect(printed).toContain('no record says whose')
    expect(printed).not.toContain('not made by pinfold')
    expect((await pinfold('show', 'egde', ...place)).printed).toContain('hint: did you mean edge?\n')
  })

  test('is not destroyed by halves: exit code 1, nothing is removed; --adopt destroys it', async () => {
    const before = pins()
    expect(before.some((path) => path.startsWith('edge/gen-1/'))).toBe(true)
    expect(await pinfold('destroy', 'edge', '--auto-approve', ...place)).toEqual({
      code: 1,
      printed: expect.stringMatching(
        /error P107 .*edge\/live has no record.*\n.*hint: .*--adopt takes them for the stack's own; /,
      ),
    })
    expect(pins()).toEqual(before)
    expect(await pinfold('destroy', 'edge', '--adopt', '--auto-approve', ...place)).toMatchObject({ code: 0 })
    expect((await pinfold('show', ...place)).printed).toBe(`No stacks on ${host.bpffs}.\n`)
  })

  test('goes on with --adopt only: a record again, and the former generation is still there', async () => {
    expect(await pinfold('apply', '--auto-approve', ...manifest('v2'))).toMatchObject({ code: 1 })
    expect(await pinfold('apply', '--adopt', '--auto-approve', ...manifest('v2'))).toMatchObject({ code: 0 })
    expect(pins()).toEqual(expect.arrayContaining(['edge/live/record', 'edge/gen-1/record']))
    const { printed } = await pinfold('doctor', 'edge', ...place)
    expect(printed).not.toContain('P509')
  })

  test('goes on as a newer generation than those that are kept: a rollback leads to the latest', async () => {
    await pinfold('apply', '--adopt', '--auto-approve', ...manifest('v1'))
    await pinfold('apply', '--auto-approve', ...manifest('v2'))
    expect(pins()).toEqual(expect.arrayContaining(['edge/live/record', 'edge/gen-2/record']))
    expect(await pinfold('rollback', '--auto-approve', '--stack', 'edge', ...place)).toMatchObject({ code: 0 })
    expect(await pinfold('plan', ...manifest('v1'))).toMatchObject({ code: 0 })
  })

  test('directories of others are no stacks: without pins, or where others may write', async () => {
    await pinfold('destroy', 'edge', '--adopt', '--auto-approve', ...place)
    run('mkdir', '-p', at('empty/live/maps'), at('open/live/maps'))
    pinForeignArray(at('open/live/maps/theirs'), 'theirs')
    run('chmod', '0777', at('open'))
    expect((await pinfold('show', ...place)).printed).toBe(`No stacks on ${host.bpffs}.\n`)
    run('chmod', '0700', at('open'))
    expect((await pinfold('show', ...place)).printed).toContain('open · generation 0')
    run('rm', at('open/live/maps/theirs'))
  })

  function manifest(version: 'v1' | 'v2'): readonly string[] {
    const file = join(host.directory, 'lost.yaml')
    writeFileSync(
      file,
      `version: 1
name: edge
history: 1
objects: { main: { file: ${resolve(`examples/rolling-upgrade/${version}.bpf.o`)} } }
maps: { handlers: { slots: { 0: count_protocol } }, protocols: { onChange: replace } }
programs: { ingress: {}, count_protocol: {} }
links: { uplink: { program: ingress, attach: { xdp: { interface: ${host.veth.name}, mode: generic } } } }
`,
    )
    return ['-f', file, ...place]
  }
})
