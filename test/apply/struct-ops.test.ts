import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import type { DesiredState } from '../../src/model/state.ts'
import { readDesired } from '../../src/state/read-desired.ts'
import { openTestHost } from '../support/linux.ts'
import { canLinkStructs } from '../support/struct-links.ts'
import { applyStack, currentOf, destroyStack } from './runs.ts'

const object = resolve(import.meta.dirname, '../fixtures/struct-ops.bpf.o')

describe.skipIf(!canLinkStructs)('a congestion control', () => {
  const host = openTestHost()
  const kernel = openLinuxKernel()
  afterAll(() => {
    kernel.close()
    host[Symbol.dispose]()
  })

  const place = {
    get bpffs() {
      return host.bpffs
    },
  }

  function desired(avoid: string, link = 'linked'): DesiredState {
    const file = join(host.directory, 'congestion.yaml')
    writeFileSync(
      file,
      `version: 1
name: congestion
objects: { main: { file: ${object} } }
programs: { ssthresh: {}, undo_cwnd: {}, ${avoid}: { function: cong_avoid } }
links: { control: { attach: { structOps: { map: ${link} } } } }
`,
    )
    const world = { kernel, bpffs: host.bpffs, readFile: (path: string) => readFileSync(path) }
    return readDesired(loadManifest(file, { bpffs: host.bpffs }), world)
  }

  test('is attached, sees acknowledgements, is exchanged under its connections, and goes', async () => {
    const first = desired('avoid')
    expect((await applyStack(kernel, first, place)).outcome.result).toBe('done')
    const before = linkOf(first)
    expect(before).toMatchObject({ program: 'map.linked', target: { type: 'tcp_congestion_ops', name: 'pf_linked' } })
    expect(controls()).toContain('pf_linked')
    talk('pf_linked')
    const seen = acks(first)
    expect(seen).toBeGreaterThan(0)

    const second = desired('avoid_more')
    expect((await applyStack(kernel, second, place)).outcome.result).toBe('done')
    expect(linkOf(second)?.live?.id).toBe(before?.live?.id)
    talk('pf_linked')
    expect(acks(second)).toBeGreaterThan(seen)

    // Another name is another place: the new one is there before the old one goes.
    const other = desired('avoid_more', 'registered')
    expect((await applyStack(kernel, other, place)).outcome.result).toBe('done')
    expect(controls()).toContain('pf_plain')
    expect(controls()).not.toContain('pf_linked')

    expect((await destroyStack(kernel, other, place)).outcome.result).toBe('done')
    expect(controls()).not.toContain('pf_')
  })

  const linkOf = (wanted: DesiredState) => {
    const link = currentOf(kernel, wanted, place).resources.get('link.control')
    return link?.kind === 'link' ? link : undefined
  }

  function acks(wanted: DesiredState): number {
    const { live } = currentOf(kernel, wanted, place).resources.get('map.bss') ?? {}
    using map = kernel.openById('map', live?.id ?? 0)
    const value = kernel.lookup(map, new Uint8Array(4)) ?? new Uint8Array(8)
    return Number(new DataView(value.buffer, value.byteOffset).getBigUint64(0, true))
  }
})

const controls = (): string => readFileSync('/proc/sys/net/ipv4/tcp_available_congestion_control', 'latin1')

/** Sends some kilobytes over a connection of its own to itself. */
const talk = (control: string): unknown =>
  execFileSync('python3', [
    '-c',
    `
import socket, sys
server = socket.create_server(('127.0.0.1', 0))
client = socket.socket()
client.setsockopt(socket.IPPROTO_TCP, 13, b'${control}')
client.connect(server.getsockname())
peer, _ = server.accept()
for _ in range(20):
    client.sendall(b'x' * 4096)
    got = 0
    while got < 4096: got += len(peer.recv(65536))
`,
  ])
