import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noSandbox, Sandbox, type Shown } from './sandbox.ts'

const manifest = ['-f', 'examples/tail-calls/pinfold.yaml']

describe.skipIf(noSandbox())('a tail-call stack whose applying process has exited', () => {
  let sandbox: Sandbox
  let live: string
  let shown: Shown

  beforeAll(async () => {
    sandbox = await Sandbox.create()
    expect(sandbox.pinfold('apply', '--auto-approve', ...manifest).status).toBe(0)
    live = `${sandbox.bpffs}/edge/live`
    shown = sandbox.show('edge')
  })
  afterAll(() => sandbox[Symbol.dispose]())

  test('counts every packet that is sent, each through its handler, and misses none', () => {
    const before = stages(sandbox, live)
    sandbox.sendPackets(120, sandbox.address.ipv4)
    sandbox.sendPackets(80, sandbox.address.ipv6)
    const after = stages(sandbox, live)

    expect(flows(sandbox, live)).toMatchObject({ '4/17': 120, '6/17': 80 })
    expect(after.ipv4 - before.ipv4).toBeGreaterThanOrEqual(120)
    expect(after.ipv6 - before.ipv6).toBeGreaterThanOrEqual(80)
    expect(after.missed).toBe(0)
  })

  test('would count missed tail calls: the array loses its slots when its pin goes', async () => {
    using other = await Sandbox.create()
    other.pinfold('apply', '--auto-approve', ...manifest)
    const directory = `${other.bpffs}/edge/live`
    other.run('rm', `${directory}/maps/handlers`)
    other.shell('sleep 0.3')
    other.sendPackets(10, other.address.ipv4)
    expect(flows(other, directory)['4/17']).toBeUndefined()
    expect(stages(other, directory).missed).toBeGreaterThanOrEqual(10)
  })

  test('bpftool prog show pinned agrees with pinfold show', () => {
    expect(shown.programs.map(({ name }) => name)).toEqual(['ingress', 'parse_ipv4', 'parse_ipv6'])
    for (const program of shown.programs) {
      const { id, type, name, tag, map_ids } = program
      expect(pinned(sandbox, 'prog', program)).toMatchObject({ id, type, name, tag, map_ids })
    }
  })

  test('bpftool map show and map dump pinned agree with pinfold show', () => {
    expect(shown.maps.map(({ name }) => name)).toEqual(['flows', 'handlers', 'stages'])
    for (const map of shown.maps) {
      const { id, type, name, bytes_key, bytes_value, max_entries } = map
      expect(pinned(sandbox, 'map', map)).toMatchObject({ id, type, name, bytes_key, bytes_value, max_entries })
    }
    const handlers = shown.maps.find(({ name }) => name === 'handlers')
    expect(handlers?.held_by).toEqual([`${live}/maps/handlers`])
    expect(handlers?.slots?.map(({ index, id }) => [index, id])).toEqual(dumpSlots(sandbox, `${live}/maps/handlers`))
  })

  test('bpftool link show pinned agrees with pinfold show', () => {
    expect(shown.links.map(({ pinned }) => pinned)).toEqual([[`${live}/links/uplink`]])
    for (const link of shown.links) {
      const { id, type, prog_id } = link
      expect(pinned(sandbox, 'link', link)).toMatchObject({ id, type, prog_id })
    }
  })
})

interface Stages {
  readonly ipv4: number
  readonly ipv6: number
  readonly missed: number
}

function stages(sandbox: Sandbox, live: string): Stages {
  const [, ipv4 = 0, ipv6 = 0, missed = 0] = sandbox.dump(`${live}/maps/stages`).map(({ value }) => packets(value))
  return { ipv4, ipv6, missed }
}

/** Packets by `family/protocol`. */
const flows = (sandbox: Sandbox, live: string): Readonly<Record<string, number>> =>
  Object.fromEntries(
    sandbox.dump(`${live}/maps/flows`).map(({ key, value }) => {
      const { family, protocol } = key as { family: number; protocol: number }
      return [`${family}/${protocol}`, packets(value)]
    }),
  )

const packets = (value: unknown): number => (value as { readonly packets: number }).packets

/** What bpftool says of an object by its first pin. */
function pinned(sandbox: Sandbox, kind: string, object: { readonly pinned: readonly string[] }): unknown {
  return JSON.parse(sandbox.run('bpftool', '-j', kind, 'show', 'pinned', object.pinned[0] ?? '').stdout)
}

/** Index and program id of each filled slot; bpftool prints both as bytes. */
function dumpSlots(sandbox: Sandbox, pin: string): readonly (readonly [number, number])[] {
  const number = (bytes: unknown): number =>
    (bytes as readonly string[]).reduce((sum, byte, at) => sum + Number(byte) * 2 ** (8 * at), 0)
  return sandbox.dump(pin).map(({ key, value }) => [number(key), number(value)] as const)
}
