import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noSandbox, Sandbox } from './sandbox.ts'

const manifest = ['-f', 'examples/tail-calls/pinfold.yaml']

interface Found {
  readonly code: string
  readonly severity: string
  readonly stack?: string
  readonly detail: string
  readonly repair?: { readonly kind: string; readonly slots?: object }
}

describe.skipIf(noSandbox())('pinfold doctor on Linux', () => {
  let sandbox: Sandbox
  let live: string

  beforeAll(async () => {
    sandbox = await Sandbox.create()
    live = `${sandbox.bpffs}/edge/live`
    expect(sandbox.pinfold('apply', '--auto-approve', ...manifest).status).toBe(0)
  })
  afterAll(() => sandbox[Symbol.dispose]())

  /** The last checkup's findings about the stack; its bpffs is always one of a mount namespace of its own. */
  function doctor(...words: string[]): { readonly status: number; readonly findings: readonly Found[] } {
    const { status, stdout, stderr } = sandbox.pinfold('doctor', '--json', ...words)
    const documents = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const checkup = documents.filter(({ type }) => type === 'checkup').at(-1)
    if (!checkup) throw new Error(`${stdout}${stderr}`)
    return { status, findings: checkup.findings.filter((it: Found) => it.code !== 'P506') }
  }

  const missed = (directory = live): number => Number(sandbox.dump(`${directory}/maps/stages`).map(packets)[3] ?? 0)

  /** Packets whose tail calls fell through, out of ten. */
  function missedOfTen(directory = live): number {
    const before = missed(directory)
    sandbox.sendPackets(10, sandbox.address.ipv4)
    return missed(directory) - before
  }

  test('a stack that is well has no finding but that its bpffs ends with the mount namespace', () => {
    const { stdout, status } = sandbox.pinfold('doctor', 'edge')
    expect(status).toBe(3)
    expect(stdout).toContain('warning P506 Pins that end with their mount namespace')
    expect(doctor('edge').findings).toEqual([])
    expect(missedOfTen()).toBe(0)
  })

  test('an array whose pin was removed: tail calls miss, doctor says why, --repair brings them back', () => {
    sandbox.run('rm', `${live}/maps/handlers`)
    sandbox.shell('sleep 0.3')
    expect(missedOfTen()).toBeGreaterThanOrEqual(10)
    const { status, findings } = doctor('edge')
    expect(status).toBe(3)
    expect(findings).toMatchObject([{ code: 'P501', severity: 'error', stack: 'edge', repair: { kind: 'rescue' } }])
    expect(doctor('edge', '--repair').findings).toEqual([])
    expect(missedOfTen()).toBe(0)
    expect(sandbox.pinfold('plan', ...manifest).status).toBe(0)
  })

  test('five times in a row, at once after the pin is gone: the deferred clear does not win', () => {
    for (let round = 0; round < 5; round++) {
      sandbox.run('rm', `${live}/maps/handlers`)
      const { status, findings } = doctor('edge', '--repair')
      expect({ round, findings, failed: status === 7 }).toEqual({ round, findings: [], failed: false })
    }
    sandbox.shell('sleep 0.3')
    expect(missedOfTen()).toBe(0)
  }, 120_000)

  test('a slot that somebody emptied is filled again', () => {
    sandbox.run('bpftool', 'map', 'delete', 'pinned', `${live}/maps/handlers`, 'key', '0', '0', '0', '0')
    expect(missedOfTen()).toBeGreaterThanOrEqual(10)
    expect(doctor('edge').findings).toMatchObject([{ code: 'P502', stack: 'edge' }])
    expect(doctor('edge', '--repair').findings).toEqual([])
    expect(missedOfTen()).toBe(0)
  })

  test('a link whose device is gone is severed: apply attaches it anew', async () => {
    using other = await Sandbox.create()
    other.pinfold('apply', '--auto-approve', ...manifest)
    other.run('ip', 'link', 'del', 'eth0')
    const { status, stdout } = other.pinfold('doctor', 'edge')
    expect(status).toBe(3)
    expect(stdout).toMatch(
      /edge · error P504 Severed link: Link #\d+ \(xdp\) at .+ is attached to nothing any more\.\n {2}hint: pinfold apply/,
    )
  })

  test('a stack that pinfold did not make: its lost array is found, and with a manifest rescued', async () => {
    using other = await Sandbox.create()
    const their = `${other.bpffs}/theirs`
    const object = 'examples/tail-calls/tail-calls.bpf.o'
    other.shell(`mkdir ${their} && bpftool prog loadall ${object} ${their} pinmaps ${their}`)
    const filled = other.shell(`
      set -e
      bpftool map update pinned ${their}/handlers key 0 0 0 0 value pinned ${their}/parse_ipv4
      bpftool map update pinned ${their}/handlers key 1 0 0 0 value pinned ${their}/parse_ipv6
      ip link set dev eth0 xdp pinned ${their}/ingress`)
    expect(filled.stderr).toBe('')
    const id = JSON.parse(other.run('bpftool', '-j', 'map', 'show', 'pinned', `${their}/handlers`).stdout).id as number
    other.run('rm', `${their}/handlers`)
    other.shell('sleep 0.3')
    const about = (output: string): Found | undefined =>
      JSON.parse(output.split('\n')[0] ?? '').findings.find((it: Found) =>
        it.detail.includes(`Array #${id} (handlers)`),
      )
    expect(about(other.pinfold('doctor', '--json').stdout)).toMatchObject({ code: 'P501' })
    expect(about(other.pinfold('doctor', '--json').stdout)?.repair).toBeUndefined()
    const { stdout } = other.pinfold('doctor', '--json', ...manifest, '--repair')
    expect(about(stdout)).toMatchObject({
      code: 'P501',
      repair: { kind: 'rescue', slots: { 0: expect.any(Number), 1: expect.any(Number) } },
    })
    const pin = `${other.bpffs}/rescued/handlers-${id}`
    expect(JSON.parse(other.run('bpftool', '-j', 'map', 'dump', 'pinned', pin).stdout).length).toBe(2)
    const before = other.dump(`${their}/stages`).map(packets)
    other.sendPackets(10, other.address.ipv4)
    const after = other.dump(`${their}/stages`).map(packets)
    expect((after[1] ?? 0) - (before[1] ?? 0)).toBeGreaterThanOrEqual(10)
    expect(after[3]).toBe(before[3])
  })
})

const packets = ({ value }: { readonly value: unknown }): number => (value as { readonly packets: number }).packets
