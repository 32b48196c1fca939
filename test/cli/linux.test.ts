import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { lockStack, openKernel } from '../../src/index.ts'
import { pinForeignArray } from '../support/bpftool.ts'
import { canTestLinux, openTestHost, run } from '../support/linux.ts'
import { pinfold } from './support/pinfold.ts'

describe.skipIf(!canTestLinux)('on Linux', () => {
  const host = openTestHost()
  afterAll(() => host[Symbol.dispose]())

  test('the whole life of a stack: plan, apply, plan, show, destroy', async () => {
    const options = [...manifest(), '--bpffs', host.bpffs, '--var', `IFACE=${host.veth.name}`]
    expect(await pinfold('plan', ...options)).toMatchObject({ code: 2 })
    expect(await pinfold('apply', '--auto-approve', ...options)).toMatchObject({ code: 0 })
    const again = await pinfold('plan', ...options)
    expect(again.code).toBe(0)
    expect(again.printed).toContain('No changes. 7 objects as declared.\nTail calls: 1 array, held.\n')
    expect(await pinfold('destroy', '--auto-approve', ...options)).toMatchObject({ code: 0 })
    expect((await pinfold('show', '--bpffs', host.bpffs)).printed).toBe(`No stacks on ${host.bpffs}.\n`)
  })

  test('show --json and bpftool agree on ids, types, sizes, tags and who uses what', async () => {
    const place = ['--bpffs', host.bpffs]
    await pinfold('apply', '--auto-approve', ...manifest(), ...place, '--var', `IFACE=${host.veth.name}`)
    const [stack] = JSON.parse((await pinfold('show', '--json', ...place)).printed).stacks
    for (const map of stack.maps) {
      const { id, type, bytes_key, bytes_value, max_entries } = bpftool('map', 'show', 'pinned', map.pinned[0])
      expect({ id, type, bytes_key, bytes_value, max_entries }).toEqual(
        pick(map, 'id', 'type', 'bytes_key', 'bytes_value', 'max_entries'),
      )
    }
    for (const program of stack.programs) {
      const { id, type, tag, map_ids } = bpftool('prog', 'show', 'pinned', program.pinned[0])
      expect({ id, type, tag, map_ids }).toEqual(pick(program, 'id', 'type', 'tag', 'map_ids'))
    }
    for (const link of stack.links) {
      const { id, type, prog_id } = bpftool('link', 'show', 'pinned', link.pinned[0])
      expect({ id, type, prog_id }).toEqual(pick(link, 'id', 'type', 'prog_id'))
    }
    expect([stack.maps.length, stack.programs.length, stack.links.length]).toEqual([3, 3, 1])
    await pinfold('destroy', 'edge', '--auto-approve', ...place)
  })

  test('an interface that does not exist is told with its position, and no directory is made', async () => {
    const { code, printed } = await pinfold(
      'apply',
      '--auto-approve',
      ...manifest(),
      '--bpffs',
      host.bpffs,
      '--var',
      'IFACE=nope0',
    )
    expect(code).toBe(1)
    expect(printed).toMatch(/^! .*tail-calls\.yaml:\d+:\d+: error M232 No such interface: .*nope0.*\n! {3}hint: .+\n$/)
    expect((await pinfold('show', '--bpffs', host.bpffs)).printed).toBe(`No stacks on ${host.bpffs}.\n`)
  })

  test('a stack that somebody else applies is locked: exit code 5', async () => {
    const kernel = await openKernel()
    {
      using _lock = lockStack(kernel, `${host.bpffs}/edge`, { create: true })
      const options = [...manifest(), '--bpffs', host.bpffs, '--var', `IFACE=${host.veth.name}`]
      const { code, printed } = await pinfold('apply', '--auto-approve', ...options)
      expect({ code, printed }).toEqual({
        code: 5,
        printed: expect.stringMatching(/^! error P302: cannot lock edge: .+\n! {3}hint: .+\n$/),
      })
    }
    kernel.close()
  })

  test('where no bpffs is mounted the error says so; --mount-bpffs mounts one', async () => {
    const directory = join(host.directory, 'elsewhere')
    mkdirSync(directory)
    const { code, printed } = await pinfold('show', '--bpffs', directory)
    expect(code).toBe(1)
    expect(printed).toContain(`error P201: cannot use ${directory}: no bpffs is mounted there`)
    expect(printed).toContain('--mount-bpffs')
    expect(await pinfold('show', '--bpffs', directory, '--mount-bpffs')).toEqual({
      code: 0,
      printed: `No stacks on ${directory}.\n`,
    })
    run('umount', directory)
  })

  test('a pin that somebody removed is drift: exit code 3, and the next apply puts it back', async () => {
    const options = [...manifest(), '--bpffs', host.bpffs, '--var', `IFACE=${host.veth.name}`]
    await pinfold('apply', '--auto-approve', ...options)
    run('rm', join(host.bpffs, 'edge/live/links/uplink'))
    const { code, printed } = await pinfold('plan', ...options)
    expect({ code, printed }).toEqual({
      code: 3,
      printed: expect.stringContaining(
        `  + link     uplink       drift: somebody removed its pin: new: xdp ${host.veth.name}`,
      ),
    })
    expect(await pinfold('apply', '--auto-approve', ...options)).toMatchObject({ code: 0 })
    expect(await pinfold('plan', ...options)).toMatchObject({ code: 0 })
    await pinfold('destroy', 'edge', '--auto-approve', '--bpffs', host.bpffs)
  })

  test('a directory that is not there is no place for a stack, and a plan says so already', async () => {
    const { code, printed } = await pinfold('show', '--bpffs', join(host.bpffs, 'nowhere'))
    expect({ code, printed }).toEqual({
      code: 1,
      printed: expect.stringMatching(/^! error C104: .+ no such directory\n/),
    })
  })

  test('--mount-bpffs does not hide what is in a directory', async () => {
    const directory = join(host.directory, 'full')
    mkdirSync(join(directory, 'something'), { recursive: true })
    const { code, printed } = await pinfold('show', '--bpffs', directory, '--mount-bpffs')
    expect({ code, printed }).toEqual({ code: 1, printed: expect.stringMatching(/^! error C116: .+ is not empty\n/) })
    expect(readdirSync(directory)).toEqual(['something'])
  })

  test('a pin path that somebody else has taken is left alone', async () => {
    const place = ['--bpffs', host.bpffs]
    const options = [...manifest(), ...place, '--var', `IFACE=${host.veth.name}`]
    const taken = join(host.bpffs, 'edge')
    pinForeignArray(taken, 'theirs')
    const { code, printed } = await pinfold('apply', '--auto-approve', ...options)
    expect(code).toBe(1)
    expect(printed).toMatch(/^! error P202: cannot trust .*\/edge: .+\n! {3}hint: .+\n$/)
    expect(bpftool('map', 'show', 'pinned', taken)).toMatchObject({ name: 'theirs' })
    run('rm', taken)
  })

  /** The tail-call example for a device whose driver need not know XDP. */
  function manifest(): readonly string[] {
    const file = join(host.directory, 'tail-calls.yaml')
    writeFileSync(
      file,
      `version: 1
name: edge
objects:
  main: { file: ${resolve('examples/tail-calls/tail-calls.bpf.o')} }
maps:
  handlers: { slots: { 0: parse_ipv4, 1: parse_ipv6 } }
programs: { ingress: {}, parse_ipv4: {}, parse_ipv6: {} }
links:
  uplink: { program: ingress, attach: { xdp: { interface: "\${IFACE}", mode: generic } } }
`,
    )
    return ['-f', file]
  }
})

const bpftool = (...words: string[]): Record<string, unknown> => JSON.parse(run('bpftool', '-j', ...words))

const pick = (object: Record<string, unknown>, ...names: string[]): Record<string, unknown> =>
  Object.fromEntries(names.map((name) => [name, object[name]]))
