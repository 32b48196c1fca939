import { describe, expect, test } from 'vitest'
import type { Fd, Kernel } from '../../src/kernel/kernel.ts'
import { type MemoryMachine, openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import type { DesiredState, MapState } from '../../src/model/state.ts'
import { applyStack } from '../apply/runs.ts'
import { map, shape, stackOf } from '../apply/stack.ts'
import { beginning } from './worlds.ts'

/** The map of flows, its values a number, in the second version with a field behind it (or in front). */
function flows(version: 1 | 2, merge: MapState['merge']): MapState {
  const fields = version === 1 ? 'struct 8{n:u64@0}' : 'struct 16{n:u64@0,seen:u32@8}'
  return map('flows', {
    shape: shape({ valueSize: version * 8, maxEntries: 4096 }),
    layout: { key: 'u32', value: fields },
    onChange: 'migrate',
    ...(merge && { merge }),
  })
}

const scenarioOf = (merge: MapState['merge']) => ({
  name: `merge: ${merge}`,
  from: stackOf({ more: [flows(1, merge)] }),
  to: stackOf({ more: [flows(2, merge)] }),
})

/** What programs do to the map that the running ones use, at every operation of an apply. */
class Traffic {
  readonly #machine: MemoryMachine
  readonly #writer: Kernel
  readonly #act: typeof count
  /** What must be in the map in the end. */
  readonly truth = new Map<number, bigint>()
  #time = 0
  #first: number | undefined
  #busy = false

  constructor(machine: MemoryMachine, act: typeof count) {
    this.#machine = machine
    this.#writer = machine.open()
    this.#act = act
  }

  /** One packet for each program that runs. */
  readonly flow = (operation?: string, target?: string): void => {
    if (this.#busy || (operation !== undefined && this.#exempt(operation, target))) return
    this.#busy = true
    for (const id of this.#activeMaps()) {
      using fd = this.#writer.openById('map', id)
      this.#act(this, fd, this.#time++)
    }
    this.#busy = false
  }

  /**
   * Between the look at an entry and its update lies one system call: what programs write there and then is lost to
   * `keep-new`, and no kernel can tell. Counts are not.
   */
  #exempt(operation: string, target: string | undefined): boolean {
    return this.#act === change && target === 'flows' && (operation === 'update' || operation === 'remove')
  }

  /** True for the map that was there from the beginning. */
  isFirst(fd: Fd<'map'>): boolean {
    const { id } = this.#writer.describe(fd)
    this.#first ??= id
    return id === this.#first
  }

  read(fd: Fd<'map'>, key: number): bigint | undefined {
    const value = this.#writer.lookup(fd, u32(key))
    return value && new DataView(value.buffer, value.byteOffset).getBigUint64(0, true)
  }

  write(fd: Fd<'map'>, key: number, number: bigint): void {
    const info = this.#writer.describe(fd)
    const value = this.#writer.lookup(fd, u32(key)) ?? new Uint8Array(info.kind === 'map' ? info.shape.valueSize : 0)
    new DataView(value.buffer, value.byteOffset).setBigUint64(0, number, true)
    this.#writer.update(fd, u32(key), value)
  }

  remove(fd: Fd<'map'>, key: number): boolean {
    return this.#writer.remove(fd, u32(key))
  }

  /** Everything in the map that the running programs use. */
  contents(): Map<number, bigint> {
    const [id] = this.#activeMaps()
    using fd = this.#writer.openById('map', id ?? 0)
    return new Map(
      [...this.#writer.keys(fd)].map((key) => {
        const number = new DataView(key.buffer, key.byteOffset).getUint32(0, true)
        return [number, this.read(fd, number) ?? -1n]
      }),
    )
  }

  #activeMaps(): number[] {
    const { inspect } = this.#machine
    const programs = inspect
      .running()
      .flatMap((program) => [program, ...inspect.tailCalls(program).map((it) => it.callee)])
    const maps = programs.flatMap((id) => {
      using fd = this.#writer.openById('program', id)
      const info = this.#writer.describe(fd)
      return info.kind === 'program' && info.name === 'v4' ? info.mapIds : []
    })
    return [...new Set(maps)]
  }
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

/** Counts on a few keys, and on new ones all the time. */
function count(traffic: Traffic, fd: Fd<'map'>, time: number): void {
  for (const key of [1 + (time % 5), 100 + Math.floor(time / 3)]) {
    traffic.write(fd, key, (traffic.read(fd, key) ?? 0n) + 1n)
    traffic.truth.set(key, (traffic.truth.get(key) ?? 0n) + 1n)
  }
}

/**
 * Sets and deletes here and there; a delete counts where there is something. The new programs make keys of their own: one that
 * the old ones made after the copy, and the new ones made and deleted before the merge, comes back.
 */
function change(traffic: Traffic, fd: Fd<'map'>, time: number): void {
  const [key, gone] = [scatter(time), scatter(time + 7919)]
  const set = traffic.isFirst(fd) || traffic.read(fd, key) !== undefined ? key : 1000 + time
  traffic.write(fd, set, BigInt(time + 1000))
  traffic.truth.set(set, BigInt(time + 1000))
  if (time % 2 === 0 && traffic.remove(fd, gone)) traffic.truth.delete(gone)
}

/** A number below 97 that looks like chance. */
const scatter = (time: number): number => ((time * 2654435761) >>> 7) % 97

/** Warm: the map is full of entries when the apply begins. */
async function start(scenario: { name: string; from: DesiredState }, act: typeof count, shift = 0) {
  const machine = openMemoryMachine(await beginning(scenario))
  const traffic = new Traffic(machine, act)
  for (let packet = 0; packet < 80 + shift; packet++) traffic.flow()
  machine.beforeCall(traffic.flow)
  return { machine, traffic }
}

/** Operations of a whole apply on a warm map. */
async function operations(scenario: Parameters<typeof start>[0] & { to: DesiredState }, act: typeof count) {
  const { machine, traffic } = await start(scenario, act)
  let calls = 0
  let busy = false
  machine.beforeCall((...operation) => {
    if (busy) return
    busy = true
    calls++
    traffic.flow(...operation)
    busy = false
  })
  await applyStack(machine.open(), scenario.to)
  return calls
}

describe.each([
  { merge: 'sum', act: count },
  { merge: 'keep-new', act: change },
] as const)('while programs write at every operation, merge: $merge', ({ merge, act }) => {
  const scenario = scenarioOf(merge)

  test('the new map ends up as if there had been only one', async () => {
    const { machine, traffic } = await start(scenario, act)
    const { outcome } = await applyStack(machine.open(), scenario.to)
    expect(outcome.result).toBe('done')
    expect(outcome.migrated?.['map.flows']?.copied).toBeGreaterThan(10)
    expect(outcome.migrated?.['map.flows']?.merged).toBeGreaterThan(3)
    traffic.flow()
    expect(traffic.contents()).toEqual(traffic.truth)
  })

  test('also when the apply is killed before any operation, and the next one, too', async () => {
    const calls = await operations(scenario, act)
    expect(calls).toBeGreaterThan(70)
    for (let first = 1; first <= calls; first++) {
      const { machine, traffic } = await start(scenario, act, first)
      for (const fatal of [first, 1 + ((first * 7) % 23)]) {
        const kernel = machine.open()
        let call = 0
        let busy = false
        machine.beforeCall((...operation) => {
          if (busy) return
          busy = true
          if (++call === fatal) kernel.kill()
          traffic.flow(...operation)
          busy = false
        })
        await applyStack(kernel, scenario.to).catch(() => undefined)
        kernel.kill()
      }
      machine.beforeCall(traffic.flow)
      const { outcome } = await applyStack(machine.open(), scenario.to)
      expect(outcome.result, `killed at ${first}`).toBe('done')
      expect(traffic.contents(), `killed at ${first}`).toEqual(traffic.truth)
    }
  })
})
