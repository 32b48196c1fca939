import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { canTestLinux, openTestHost, run } from '../support/linux.ts'
import { pinfold } from './support/pinfold.ts'

const object = resolve('examples/tail-calls/tail-calls.bpf.o')

describe.skipIf(!canTestLinux)('what stays, by bpftool', () => {
  const host = openTestHost()
  const at = (path: string): string => join(host.bpffs, path)
  afterAll(() => host[Symbol.dispose]())
  afterEach(async () => {
    await pinfold('destroy', 'edge', '--purge', '--auto-approve', '--bpffs', host.bpffs)
  })

  const key4 = ['4', '0', '99', '0']
  const count = ['key', ...key4, 'value', '9', ...Array<string>(15).fill('0')]
  const show = (kind: string, path: string): Record<string, unknown> =>
    JSON.parse(run('bpftool', '-j', kind, 'show', 'pinned', at(path)))
  const pins = (): string[] =>
    run('find', host.bpffs, '-type', 'f', '-printf', '%P\n')
      .split('\n')
      .filter((it) => it.startsWith('edge/'))
      .sort()

  test('a map that is kept stays with its entries, and the next apply takes it over', async () => {
    const options = manifest({ flows: '{ onDestroy: keep }' })
    await pinfold('apply', '--auto-approve', ...options)
    run('bpftool', 'map', 'update', 'pinned', at('edge/live/maps/flows'), ...count)
    const { id } = show('map', 'edge/live/maps/flows')
    const destroyed = await pinfold('destroy', '--auto-approve', ...options)
    expect(destroyed.code).toBe(0)
    // The kernel itself may have sent a packet meanwhile.
    expect(destroyed.printed).toMatch(/^ {2}= map {6}flows {8}kept, [1-9]\d* entr(y|ies): onDestroy: keep$/m)
    expect(destroyed.printed).toContain('Destroyed edge, but for what is kept: ')
    expect(pins()).toEqual(['edge/live/maps/flows', 'edge/live/record'])
    expect(await pinfold('destroy', '--auto-approve', ...options)).toEqual({
      code: 0,
      printed: expect.stringContaining('Nothing to destroy: 1 object kept; --purge removes what is kept, too.\n'),
    })
    expect((await pinfold('plan', '--drift-only', ...options)).code).toBe(0)
    expect((await pinfold('apply', '--auto-approve', ...options)).printed).toMatch(/flows {8}kept, \d+ entr/)
    expect(show('map', 'edge/live/maps/flows')['id']).toBe(id)
    expect(run('bpftool', 'map', 'lookup', 'pinned', at('edge/live/maps/flows'), 'key', ...key4)).toContain(
      '"packets": 9',
    )
    expect((await pinfold('plan', ...options)).code).toBe(0)
  })

  test('a link that is kept runs on with its program, the array it calls through and what is in it; --purge removes all', async () => {
    const options = manifest({}, 'onDestroy: keep')
    await pinfold('apply', '--auto-approve', ...options)
    const { id, prog_id } = show('link', 'edge/live/links/uplink')
    const { code, printed } = await pinfold('destroy', '--auto-approve', ...options)
    expect({ code, printed }).toEqual({
      code: 0,
      printed: expect.stringContaining('  = program  parse_ipv4   kept: map.handlers needs it\n'),
    })
    expect(show('link', 'edge/live/links/uplink')).toMatchObject({ id, prog_id })
    expect(run('bpftool', 'map', 'dump', 'pinned', at('edge/live/maps/handlers'))).toContain('Found 2 elements')
    expect(await pinfold('destroy', '--purge', '--auto-approve', ...options)).toMatchObject({ code: 0 })
    expect(pins()).toEqual([])
  })

  test('that a destroy keeps something from now on is a change of the record alone', async () => {
    await pinfold('apply', '--auto-approve', ...manifest({}))
    const options = manifest({ flows: '{ onDestroy: keep }' })
    const { code, printed } = await pinfold('plan', ...options)
    expect({ code, printed }).toEqual({ code: 2, printed: expect.stringContaining('kept by a destroy from now on\n') })
    await pinfold('apply', '--auto-approve', ...options)
    expect((await pinfold('plan', ...options)).code).toBe(0)
    expect((await pinfold('plan', ...manifest({}))).printed).toContain('not kept by a destroy any more\n')
  })

  test('what is forgotten runs on outside of the stack; what others need is refused', async () => {
    const options = manifest({})
    const place = ['--stack', 'edge', '--bpffs', host.bpffs, '--auto-approve']
    await pinfold('apply', ...options, '--auto-approve')
    const { id } = show('link', 'edge/live/links/uplink')
    expect(await pinfold('forget', 'program.ingress', ...place)).toEqual({
      code: 1,
      printed: expect.stringContaining(
        'error P171 Needed by what stays: program.ingress cannot leave the stack alone: link.uplink, which stays, runs it.',
      ),
    })
    expect((await pinfold('forget', 'map.flow', ...place)).printed).toContain(
      'error P172: cannot forget anything of edge: it has no map.flow\n',
    )
    const { code, printed } = await pinfold('forget', 'link.uplink', '--to', at('theirs/uplink'), ...place)
    expect({ code, printed }).toEqual({
      code: 0,
      printed: expect.stringContaining(`   leaves the stack as it is, pinned at ${at('theirs/uplink')}\n`),
    })
    expect(show('link', 'theirs/uplink')).toMatchObject({ id })
    expect(pins()).not.toContain('edge/live/links/uplink')
    expect((await pinfold('plan', '--drift-only', 'edge', '--bpffs', host.bpffs)).code).toBe(0)
    expect(await pinfold('destroy', 'edge', '--bpffs', host.bpffs, '--auto-approve')).toMatchObject({ code: 7 })
    run('rm', at('theirs/uplink'))
    run('rmdir', at('theirs'))
  })

  function manifest(maps: Readonly<Record<string, string>>, link = ''): readonly string[] {
    const file = join(host.directory, 'keep.yaml')
    writeFileSync(
      file,
      `version: 1
name: edge
objects: { main: { file: ${object} } }
maps:
  handlers: { slots: { 0: parse_ipv4, 1: parse_ipv6 } }
${Object.entries(maps)
  .map(([name, policy]) => `  ${name}: ${policy}\n`)
  .join('')}programs: { ingress: {}, parse_ipv4: {}, parse_ipv6: {} }
links:
  uplink: { program: ingress, attach: { xdp: { interface: ${host.veth.name}, mode: generic } }${link && `, ${link}`} }
`,
    )
    return ['-f', file, '--bpffs', host.bpffs]
  }
})

describe('forget in memory', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pinfold-keep-'))
  afterAll(() => rmSync(directory, { recursive: true }))
  const memory = ['--kernel', 'memory', '--state', join(directory, 'kernel.json')]

  test('refuses what is no address, no path, or still declared', async () => {
    const file = join(directory, 'edge.yaml')
    writeFileSync(file, `version: 1\nname: edge\nobjects: { main: { file: ${object} } }\nprograms: { ingress: {} }\n`)
    const printed = async (...words: string[]): Promise<string> =>
      (await pinfold('forget', ...words, ...memory)).printed
    expect(await printed('flows', '--stack', 'edge')).toContain('error C171: cannot forget flows: it is no address\n')
    expect(await printed('map.flows', '--stack', 'edge', '--to', 'flows')).toContain('error C172: ')
    expect(await printed('program.ingress', '-f', file)).toContain('error C173: cannot forget program.ingress')
    expect(await printed('map.flows', '--stack', 'edge')).toContain('error C111: ')
  })
})
