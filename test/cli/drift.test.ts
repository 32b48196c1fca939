import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { openKernel } from '../../src/index.ts'
import { pinForeignArray } from '../support/bpftool.ts'
import { canTestLinux, openTestHost, run } from '../support/linux.ts'
import { fakeTerminal } from './support/fake-terminal.ts'

const object = resolve('examples/tail-calls/tail-calls.bpf.o')

describe('drift of a kernel in memory', () => {
  const memory = ['--kernel', 'memory'] as const
  const directory = mkdtempSync(join(tmpdir(), 'pinfold-drift-'))
  afterAll(() => rmSync(directory, { recursive: true }))
  const printedBy = async (...words: string[]): Promise<string> => {
    const { terminal, printed } = fakeTerminal()
    return `${await main(words, terminal)}: ${printed()}`
  }

  test('is for a stack that is there, or for one of a manifest', async () => {
    expect(await printedBy('plan', '--drift-only', 'edge', ...memory)).toContain(
      '1: ! error C111: cannot look for drift of edge',
    )
    const file = join(directory, 'edge.yaml')
    writeFileSync(file, 'version: 1\nname: edge\n')
    expect(await printedBy('plan', '--drift-only', '-f', file, ...memory)).toContain('No drift: nothing was applied.\n')
    const json = await printedBy('plan', '--drift-only', '--json', '-f', file, ...memory)
    expect(JSON.parse(json.slice(3))).toMatchObject({ type: 'drift', stack: 'edge', drift: [], exitCode: 0 })
  })

  test('has nothing to do with what a manifest wants, and a plan is not made without one', async () => {
    expect(await printedBy('plan', '--drift-only', '--steps', 'edge', ...memory)).toContain('1: ! error C170: ')
    expect(await printedBy('plan', 'edge', ...memory)).toContain('1: ! error C170: cannot plan edge')
  })
})

describe.skipIf(!canTestLinux)('drift by bpftool', () => {
  const host = openTestHost()
  const at = (path: string): string => join(host.bpffs, 'edge', path)
  const theirs = (): string => join(host.bpffs, 'theirs')

  beforeAll(async () => {
    run('bpftool', 'prog', 'load', object, theirs(), 'type', 'xdp')
    expect(await pinfold('apply', '--auto-approve')).toMatchObject({ code: 0 })
    expect(await pinfold('plan', '--drift-only')).toMatchObject({ code: 0 })
  })

  // Each test leaves the stack as it was applied.
  afterAll(async () => {
    await pinfold('destroy', '--auto-approve')
    host[Symbol.dispose]()
  })

  const key4 = ['4', '0', '99', '0']
  const counter = (count: number): string[] => [String(count), ...Array<string>(15).fill('0')]
  const rows: readonly [string, () => unknown, readonly string[]][] = [
    [
      'a link whose pin is removed',
      () => run('rm', at('live/links/uplink')),
      ['  link.uplink   its pin was removed\n', /live\/links, of user 0, changed 20.+Z\n/.source],
    ],
    [
      'a program whose pin is removed',
      () => run('rm', at('live/programs/parse_ipv4')),
      ['  program.parse_ipv4   its pin was removed\n'],
    ],
    [
      'a program at whose pin another one is',
      () => {
        run('rm', at('live/programs/parse_ipv4'))
        run('bpftool', 'prog', 'pin', 'pinned', theirs(), at('live/programs/parse_ipv4'))
      },
      [
        '  program.parse_ipv4   something else is in its place: a program with the tag ',
        String.raw`program #\d+ \(ingress\), loaded 20.+Z by user 0\n`,
      ],
    ],
    [
      'a link that is detached',
      () => run('bpftool', 'link', 'detach', 'pinned', at('live/links/uplink')),
      ['  link.uplink   it is attached to nothing any more\n'],
    ],
    [
      'a link that is updated to another program',
      updateLink,
      [
        String.raw`  link.uplink   runs: program.ingress -> #\d+\n`,
        String.raw`program #\d+ \(ingress\), loaded 20.+Z by user 0\n`,
      ],
    ],
    [
      'a slot that is emptied',
      () => run('bpftool', 'map', 'delete', 'pinned', at('live/maps/handlers'), 'key', '0', '0', '0', '0'),
      ['  map.handlers   slot 0: program.parse_ipv4 -> nothing\n'],
    ],
    [
      'a slot that is overwritten',
      () =>
        run(
          'bpftool',
          'map',
          'update',
          'pinned',
          at('live/maps/handlers'),
          'key',
          '1',
          '0',
          '0',
          '0',
          'value',
          'pinned',
          theirs(),
        ),
      [
        String.raw`  map.handlers   slot 1: program.parse_ipv6 -> #\d+\n`,
        String.raw`program #\d+ \(ingress\), loaded 20.+Z by user 0\n`,
      ],
    ],
    [
      'a declared entry that is changed',
      () => run('bpftool', 'map', 'update', 'pinned', at('live/maps/flows'), 'key', ...key4, 'value', ...counter(9)),
      ['  map.flows   entry 04006300: 07000000000000000000000000000000 -> 09000000000000000000000000000000\n'],
    ],
    [
      'a declared entry that is deleted',
      () => run('bpftool', 'map', 'delete', 'pinned', at('live/maps/flows'), 'key', ...key4),
      ['  map.flows   entry 04006300: 07000000000000000000000000000000 -> nothing\n'],
    ],
    ['the mode of its directory', () => chmodSync(at(''), 0o755), ['  directory   mode: 0700 -> 0755\n']],
  ]
  test.each(rows)('%s is reported, and put back by the next apply', async (_, disturb, told) => {
    await disturb()
    const report = await pinfold('plan', '--drift-only')
    for (const line of told) expect(report.printed).toMatch(new RegExp(line))
    expect(report.printed).toContain('The next apply puts it back.\n')
    expect(report.code).toBe(3)
    expect(await pinfold('plan')).toMatchObject({ code: 3 })
    await expectRepaired()
  })

  test('a map that lost its pin, or has another in its place, gets it back with its entries', async () => {
    const id = idAt('live/maps/flows')
    const other = ['key', '5', '0', '0', '0']
    run('bpftool', 'map', 'update', 'pinned', at('live/maps/flows'), ...other, 'value', ...counter(3))
    run('rm', at('live/maps/flows'))
    expect((await pinfold('plan', '--drift-only')).printed).toContain('  map.flows   its pin was removed\n')
    expect(await pinfold('plan')).toMatchObject({ code: 3 })
    await expectRepaired()
    run('rm', at('live/maps/flows'))
    const shape = ['type', 'hash', 'key', '4', 'value', '16', 'entries', '1024', 'name', 'flows']
    run('bpftool', 'map', 'create', at('live/maps/flows'), ...shape)
    const { code, printed } = await pinfold('plan', '--drift-only')
    expect({ code, printed }).toEqual({
      code: 3,
      printed: expect.stringMatching(new RegExp(`  map.flows   something else is in its place: #\\d+, not #${id}\n`)),
    })
    await expectRepaired()
    expect(idAt('live/maps/flows')).toBe(id)
    expect(JSON.parse(run('bpftool', '-j', 'map', 'lookup', 'pinned', at('live/maps/flows'), ...other))).toMatchObject({
      value: ['0x03', ...Array<string>(15).fill('0x00')],
    })
  })

  test('who has a map open is told', async () => {
    run('bpftool', 'map', 'delete', 'pinned', at('live/maps/flows'), 'key', ...key4)
    const holder = spawn('python3', ['-c', open, at('live/maps/flows')], { stdio: ['pipe', 'pipe', 'inherit'] })
    await once(holder.stdout, 'data')
    const { printed } = await pinfold('plan', '--drift-only')
    expect(printed).toMatch(new RegExp(String.raw`map #\d+ \(flows\), open in python3 \(${holder.pid}\)\n`))
    holder.kill()
    await once(holder, 'exit')
    await expectRepaired()
  })

  test('a pin that pinfold did not make is reported until somebody removes it', async () => {
    pinForeignArray(at('live/maps/more'), 'more')
    const { code, printed } = await pinfold('plan', '--drift-only')
    expect(code).toBe(3)
    expect(printed).toMatch(/ {2}live\/maps\/more {3}not made by pinfold: map #\d+ \(more\)\n/)
    expect(printed).toContain('An apply does not touch that.\n')
    run('rm', at('live/maps/more'))
    expect(await pinfold('plan', '--drift-only')).toMatchObject({ code: 0 })
  })

  test('where the record is lost nothing is called changed', async () => {
    const kernel = await openKernel()
    kernel.bpffs.rename(at('live/record'), theirs().replace('theirs', 'record'))
    const { code, printed } = await pinfold('plan', '--drift-only')
    expect({ code, printed }).toEqual({
      code: 3,
      printed: expect.stringContaining('  live   the record is lost: what was changed, and whether, is not known\n'),
    })
    kernel.bpffs.rename(theirs().replace('theirs', 'record'), at('live/record'))
    kernel.close()
  })

  test('a directory that was renamed is found, by its old name and by its new one', async () => {
    renameSync(at(''), join(host.bpffs, 'other'))
    for (const words of [[], ['other']]) {
      const { code, printed } = await pinfold('plan', '--drift-only', ...words)
      expect({ code, printed }).toEqual({
        code: 3,
        printed: expect.stringContaining('the directory of edge is called other now'),
      })
    }
    renameSync(join(host.bpffs, 'other'), at(''))
    expect(await pinfold('plan', '--drift-only', 'edge')).toMatchObject({ code: 0 })
  })

  async function updateLink(): Promise<void> {
    const kernel = await openKernel()
    {
      using link = kernel.openPin(at('live/links/uplink'))
      using program = kernel.openPin(theirs())
      using expected = kernel.openPin(at('live/programs/ingress'))
      kernel.updateLink(link as never, { program: program as never, expected: expected as never })
    }
    kernel.close()
  }

  async function expectRepaired(): Promise<void> {
    expect(await pinfold('apply', '--auto-approve')).toMatchObject({ code: 0 })
    expect(await pinfold('plan')).toMatchObject({ code: 0 })
    expect((await pinfold('plan', '--drift-only')).printed).toContain('No drift: all is as pinfold last applied it.\n')
  }

  const idAt = (path: string): number => JSON.parse(run('bpftool', '-j', 'map', 'show', 'pinned', at(path))).id

  async function pinfold(command: string, ...words: string[]): Promise<{ code: number; printed: string }> {
    const { terminal, printed } = fakeTerminal()
    const named = words.some((word) => !word.startsWith('-'))
      ? []
      : ['-f', manifest(), '--var', `IFACE=${host.veth.name}`]
    const code = await main([command, ...words, ...named, '--bpffs', host.bpffs], terminal)
    return { code, printed: printed() }
  }

  function manifest(): string {
    const file = join(host.directory, 'drift.yaml')
    writeFileSync(
      file,
      `version: 1
name: edge
objects: { main: { file: ${object} } }
maps:
  handlers: { slots: { 0: parse_ipv4, 1: parse_ipv6 } }
  flows: { entries: [{ key: { family: 4, protocol: 99 }, value: { packets: 7, bytes: 0 } }] }
programs: { ingress: {}, parse_ipv4: {}, parse_ipv6: {} }
links:
  uplink: { program: ingress, attach: { xdp: { interface: "\${IFACE}", mode: generic } } }
`,
    )
    return file
  }
})

/** BPF_OBJ_GET of a path, kept open until the process is ended. */
const open = `
import ctypes, platform, sys, time
libc = ctypes.CDLL(None, use_errno=True)
number = {'x86_64': 321, 'aarch64': 280}[platform.machine()]
path = ctypes.create_string_buffer(sys.argv[1].encode())
attr = ctypes.create_string_buffer(ctypes.addressof(path).to_bytes(8, sys.byteorder) + bytes(112))
assert libc.syscall(number, 7, attr, 120) >= 0
print('open', flush=True)
time.sleep(60)
`
