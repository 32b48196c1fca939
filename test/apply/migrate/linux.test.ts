import { spawn } from 'node:child_process'
import { afterAll, describe, expect, test } from 'vitest'
import type { Fd, Kernel } from '../../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../../src/kernel/linux-kernel.ts'
import { mapAddress } from '../../../src/model/address.ts'
import type { MapShape } from '../../../src/model/map-spec.ts'
import type { DesiredState, MapState, Resource } from '../../../src/model/state.ts'
import { canTestLinux, openTestHost } from '../../support/linux.ts'
import { applyStack, destroyStack } from '../runs.ts'
import { link, map, program, shape } from '../stack.ts'
import { keys, trafficProgram } from './traffic-programs.ts'

describe.skipIf(!canTestLinux)('on Linux, while packets count, make and delete entries', () => {
  const host = openTestHost()
  const kernel = openLinuxKernel()
  const place = {
    get bpffs() {
      return host.bpffs
    },
  }
  afterAll(() => {
    kernel.close()
    host[Symbol.dispose]()
  })

  /** Version 2 has a field more in each value; an entry of it is made by the migration only. */
  const desired = (version: 1 | 2, truths: readonly MapState[]): DesiredState => {
    const valueSize = version * 8
    const value = version === 1 ? 'struct 8{n:u64@0}' : 'struct 16{n:u64@0,more:u64@8}'
    const migrated = (name: string, merge: MapState['merge'], change: Partial<MapShape>) =>
      map(name, {
        shape: shape({ valueSize, ...change }),
        layout: { key: 'u32', value },
        onChange: 'migrate',
        ...(merge && { merge }),
      })
    const resources: Resource[] = [
      migrated('counts', 'sum', { maxEntries: 2 * keys.counts }),
      migrated('cpu', 'sum', { type: 'percpu_array', maxEntries: keys.cpu }),
      migrated('churn', 'keep-new', { maxEntries: 2 * keys.churn }),
      // Copied last, so that there is a while in which the others are written to.
      migrated('large', 'keep-new', { maxEntries: 200_000 }),
      ...truths,
      program('traffic', { code: trafficProgram(valueSize, version === 1) }),
      link('uplink', {
        program: 'program.traffic',
        target: { kind: 'xdp', interface: host.veth.name, ifindex: host.veth.ifindex, mode: 'native' },
      }),
    ]
    return {
      stack: 'migrating',
      generation: 0,
      resources: new Map(resources.map((resource) => [resource.address, resource])),
      digest: () => 'd'.repeat(64),
      btf: new Map(),
    }
  }

  /** Maps that no migration touches, pinned by somebody else. */
  const makeTruths = (): MapState[] => {
    const shapes = {
      truth: shape({ maxEntries: 2 * keys.counts }),
      cpu_truth: shape({ type: 'percpu_array', maxEntries: keys.cpu }),
      there: shape({ type: 'array', maxEntries: keys.churn }),
    }
    return Object.entries(shapes).map(([name, of]) => {
      using fd = kernel.createMap({ name, shape: of })
      const foreignPath = `${host.bpffs}/${name}`
      kernel.pin(fd, foreignPath)
      const { id } = kernel.describe(fd)
      return map(name, {
        address: mapAddress(name),
        owner: 'foreign',
        foreignPath,
        shape: of,
        live: { id: id as never, pins: [] },
      })
    })
  }

  test('no count is lost, and nothing that was deleted comes back', async () => {
    const truths = makeTruths()
    expect((await applyStack(kernel, desired(1, truths), place)).outcome.result).toBe('done')
    fill(kernel, host.bpffs)
    using flood = startFlood(host.veth.peer.namespace, host.veth.address)
    await new Promise((resolve) => setTimeout(resolve, 300))
    const { outcome } = await applyStack(kernel, desired(2, truths), place)
    expect(outcome.result).toBe('done')
    // Otherwise this proves nothing: they wrote while it went on.
    const { migrated = {} } = outcome
    for (const name of ['counts', 'cpu', 'churn']) expect(migrated[mapAddress(name)]?.merged, name).toBeGreaterThan(0)
    await quiet(flood, kernel, host.bpffs)
    const mapAt = (path: string) => open(kernel, host.bpffs, path)
    const live = (name: string) => mapAt(`migrating/live/maps/${name}`)
    expect(numbersIn(kernel, live('counts'))).toEqual(numbersIn(kernel, mapAt('truth')))
    expect(numbersIn(kernel, live('cpu'), 16)).toEqual(numbersIn(kernel, mapAt('cpu_truth'), 8))
    const there = [...numbersIn(kernel, mapAt('there'))].filter(([, is]) => is === 1n)
    expect(keysIn(kernel, live('churn'))).toEqual(there.map(([key]) => key))
    await destroyStack(kernel, desired(2, truths), place)
    for (const { name } of truths) kernel.bpffs.unpin(`${host.bpffs}/${name}`)
  })
})

/** As many packets as one process sends and gets answered. */
function startFlood(namespace: string, address: string) {
  const ping = spawn('ip', ['netns', 'exec', namespace, 'ping', '-f', '-q', address], { stdio: 'ignore' })
  return {
    stop: (): Promise<void> => new Promise((resolve) => ping.once('exit', () => resolve()).kill('SIGINT')),
    [Symbol.dispose]: () => void ping.kill('SIGKILL'),
  }
}

/** Makes the large map large. */
function fill(kernel: Kernel, bpffs: string): void {
  using map = open(kernel, bpffs, 'migrating/live/maps/large')
  const count = 150_000
  const keys = new Uint8Array(Uint32Array.from({ length: count }, (_, key) => key).buffer)
  kernel.writeEntries(map, { keys, values: new Uint8Array(count * 8), count })
}

/** Stops the packets and waits until the last one is counted. */
async function quiet(flood: ReturnType<typeof startFlood>, kernel: Kernel, bpffs: string): Promise<void> {
  await flood.stop()
  for (let last = -1n; ; ) {
    const map = open(kernel, bpffs, 'truth')
    const sum = [...numbersIn(kernel, map).values()].reduce<bigint>((a, b) => a + BigInt(b), 0n)
    if (sum === last) return
    last = sum
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const open = (kernel: Kernel, bpffs: string, path: string) => kernel.openPin(`${bpffs}/${path}`) as Fd<'map'>

/** The first number of each value, by key; of per-CPU values the numbers of all CPUs, `stride` bytes apart. */
function numbersIn(kernel: Kernel, map: Fd<'map'>, stride?: number): Map<number, bigint | string> {
  using _ = map
  return new Map(
    keysOf(kernel, map).map(([number, key]) => {
      const value = kernel.lookup(map, key) ?? new Uint8Array(8)
      const view = new DataView(value.buffer, value.byteOffset, value.length)
      const all = Array.from({ length: stride ? value.length / stride : 1 }, (_, cpu) =>
        view.getBigUint64(cpu * (stride ?? 0), true),
      )
      return [number, stride ? all.join(' ') : (all[0] ?? 0n)]
    }),
  )
}

function keysIn(kernel: Kernel, map: Fd<'map'>): number[] {
  using _ = map
  return keysOf(kernel, map).map(([number]) => number)
}

const keysOf = (kernel: Kernel, map: Fd<'map'>): [number, Uint8Array][] =>
  [...kernel.keys(map)]
    .map((key): [number, Uint8Array] => [new DataView(key.buffer, key.byteOffset).getUint32(0, true), key])
    .sort(([a], [b]) => a - b)
