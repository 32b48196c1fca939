import { readFileSync, writeFileSync } from 'node:fs'
import { release, version } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { linuxMachine, versionCode } from '../../src/kernel/machine.ts'
import { canTestLinux, openTestHost, run } from '../support/linux.ts'
import { fakeTerminal } from './support/fake-terminal.ts'

const object = resolve('test/fixtures/externs.bpf.o')

describe.skipIf(!canTestLinux)('what an object leaves to the kernel', () => {
  const host = openTestHost()
  afterAll(() => host[Symbol.dispose]())

  const pinfold = async (command: string, text: string): Promise<{ code: number; printed: string }> => {
    const file = join(host.directory, 'pinfold.yaml')
    writeFileSync(file, text)
    const { terminal, printed } = fakeTerminal()
    const approved = command === 'apply' || command === 'destroy' ? ['--auto-approve'] : []
    const code = await main([command, '-f', file, '--bpffs', host.bpffs, ...approved], terminal)
    return { code, printed: printed() }
  }

  test('is found: configuration, symbols and functions, and a second plan finds nothing to do', async () => {
    expect(await pinfold('apply', everything)).toMatchObject({ code: 0 })
    expect(await pinfold('plan', everything)).toMatchObject({ code: 0 })
    const [{ formatted }] = dump(`${host.bpffs}/externs/live/maps/kconfig`)
    const config = Object.assign({}, ...formatted.value['.kconfig'])
    const text = linuxMachine().config() ?? ''
    expect(config).toMatchObject({
      LINUX_KERNEL_VERSION: versionCode(release(), version()),
      LINUX_HAS_BPF_COOKIE: true,
      CONFIG_HZ: Number(/^CONFIG_HZ=(\d+)$/m.exec(text)?.[1]),
      CONFIG_BPF_SYSCALL: 'TRI_YES',
      CONFIG_BPF: 'y'.charCodeAt(0),
      CONFIG_NOT_THERE: 0,
    })
    // The address that the code has, as the running program has stored it.
    const address = /^([0-9a-f]+) \w _stext$/m.exec(readFileSync('/proc/kallsyms', 'latin1'))?.[1]
    await expect.poll(() => seen()['symbol'], { timeout: 5000 }).toBe(Number.parseInt(address ?? '', 16))
    expect(seen()).toMatchObject({
      no_symbol: 0,
      no_variable: 0,
      version: config.LINUX_KERNEL_VERSION,
      hz: config.CONFIG_HZ,
    })
    expect(await pinfold('destroy', everything)).toMatchObject({ code: 0 })

    function seen(): Record<string, number> {
      const [{ formatted }] = dump(`${host.bpffs}/externs/live/maps/bss`)
      return formatted.value['.bss'][0].seen
    }
  })

  test('is planned elsewhere as here where the snapshot has the types and symbols of the kernel, and else not at all', async () => {
    const file = join(host.directory, 'pinfold.yaml')
    const [full, plain] = [join(host.directory, 'full.json'), join(host.directory, 'plain.json')]
    const stamp = { time: '2026-01-01T00:00:00.000Z', chance: '0123456789abcdef' }
    const run = async (...words: readonly string[]): Promise<{ code: number; printed: string }> => {
      const { terminal, printed } = fakeTerminal({ stamp })
      return { code: await main(words, terminal), printed: printed() }
    }
    expect(await pinfold('apply', everything)).toMatchObject({ code: 0 })
    await run('snapshot', '--bpffs', host.bpffs, '--with-btf', '--out', full)
    const here = await run('plan', '--json', '-f', file, '--bpffs', host.bpffs)
    expect(await run('plan', '--json', '-f', file, '--against', full)).toEqual(here)
    expect(here.code).toBe(0)
    await run('snapshot', '--bpffs', host.bpffs, '--out', plain)
    const { code, printed } = await run('plan', '-f', file, '--against', plain)
    expect(code).toBe(1)
    expect(printed).toMatch(/error K11[12] /)
    expect(await pinfold('destroy', everything)).toMatchObject({ code: 0 })
  })

  test('configuration can be set in the manifest instead', async () => {
    const text = everything.replace(
      'externs.bpf.o }',
      'externs.bpf.o, globals: { CONFIG_HZ: 999, CONFIG_NOT_THERE: 5 } }',
    )
    expect(await pinfold('apply', text)).toMatchObject({ code: 0 })
    const [{ formatted }] = dump(`${host.bpffs}/externs/live/maps/kconfig`)
    expect(Object.assign({}, ...formatted.value['.kconfig'])).toMatchObject({ CONFIG_HZ: 999, CONFIG_NOT_THERE: 5 })
    expect(await pinfold('destroy', text)).toMatchObject({ code: 0 })
  })

  test('what the kernel does not have is told by name, before anything is made', async () => {
    const { code, printed } = await pinfold('apply', lacking)
    expect(code).toBe(1)
    expect(printed).toContain(
      `cannot load program.has_kfunc: it needs the kernel function bpf_some_kfunc, which Linux ${release()} does not have`,
    )
    expect(printed).toContain(`it needs the kernel symbol some_symbol, which Linux ${release()} does not have`)
    expect(printed).toContain(`it needs the kernel variable some_variable, which Linux ${release()} does not have`)
  })
})

const everything = `version: 1
name: externs
objects: { externs: { file: ${object} } }
programs: { configuration: {}, symbols: {}, functions: {} }
links:
  configuration: { program: configuration, attach: { rawTracepoint: sched_switch } }
  symbols: { program: symbols, attach: { rawTracepoint: sched_switch } }
`

const lacking = `version: 1
name: lacking
objects: { main: { file: ${resolve('test/fixtures/unsupported.bpf.o')} } }
programs: { has_kfunc: {}, has_ksyms: {} }
`

const dump = (pin: string) => JSON.parse(run('bpftool', '-j', 'map', 'dump', 'pinned', pin))
