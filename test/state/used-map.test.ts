import { afterAll, describe, expect, test } from 'vitest'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import { isUsedMap, type PlanStamp, planUseOf, rememberedPlans, usePlan } from '../../src/kernel/used-map.ts'
import { openLinuxWorld, openMemoryWorld, type TestWorld } from '../contract/test-world.ts'
import { canTestLinux } from '../support/linux.ts'

const worlds = [
  { name: 'memory', open: openMemoryWorld, can: true },
  { name: 'Linux', open: openLinuxWorld, can: canTestLinux },
]

/** The plan of that number, made at that second. */
const stamp = (number: number, time = number): PlanStamp => ({
  nonce: number.toString(16).padStart(32, '0').replace(/^0/, 'f'),
  time: time * 1000,
})

for (const { name, open, can } of worlds) {
  describe.skipIf(!can)(`the record of used plans on ${name}`, () => {
    const world = can ? open() : ({} as TestWorld)
    afterAll(() => can && world.close())
    let count = 0
    const fresh = (): string => `${world.bpffs}/used${count++}`

    test('lets each plan be used once, whoever asks', () => {
      const path = fresh()
      const uses = [1, 2, 1, 2].map((number) => usePlan(world.open(), path, stamp(number)))
      expect(uses).toEqual(['unused', 'unused', 'used', 'used'])
      expect(world.kernel.openDescriptors()).toBe(0)
    })

    test('is only looked at to ask whether a plan was used', () => {
      const path = fresh()
      expect(planUseOf(world.kernel, path, stamp(1))).toBe('unused')
      expect(world.kernel.bpffs.stat(path)).toBeUndefined()
      usePlan(world.kernel, path, stamp(1))
      expect([1, 2].map((number) => planUseOf(world.kernel, path, stamp(number)))).toEqual(['used', 'unused'])
    })

    test('is told from other maps, and takes no place that is taken', () => {
      const path = fresh()
      usePlan(world.kernel, path, stamp(1))
      expect(isUsedMap(world.kernel.describePin(path))).toBe(true)
      const taken = fresh()
      using other = world.kernel.createMap({
        name: 'other',
        shape: { type: 'hash', keySize: 16, valueSize: 8, maxEntries: rememberedPlans + 1, flags: 1, mapExtra: 0 },
      })
      world.kernel.pin(other, taken)
      expect(isUsedMap(world.kernel.describePin(taken))).toBe(false)
      expect(() => usePlan(world.kernel, taken, stamp(1))).toThrow(expect.objectContaining({ errno: 'EEXIST' }))
    })

    test('forgets the older half when it is full, and takes all that old for used', () => {
      const path = fresh()
      for (let number = 1; number <= rememberedPlans + 2; number++)
        expect(usePlan(world.kernel, path, stamp(number))).toBe('unused')
      const half = rememberedPlans / 2
      expect(planUseOf(world.kernel, path, stamp(1))).toBe('forgotten')
      expect(planUseOf(world.kernel, path, stamp(half))).toBe('forgotten')
      expect(planUseOf(world.kernel, path, stamp(half + 1))).toBe('used')
      expect(usePlan(world.kernel, path, stamp(0xffff, half))).toBe('forgotten')
      expect(usePlan(world.kernel, path, stamp(0xffff, half + 1))).toBe('unused')
    })
  })
}

test('a plan that is as old as those that are forgotten for it is not used', () => {
  const world = openMemoryWorld()
  const path = `${world.bpffs}/used`
  for (let number = 0; number < rememberedPlans; number++) usePlan(world.kernel, path, stamp(number, 7))
  expect(usePlan(world.kernel, path, stamp(0xffff, 7))).toBe('forgotten')
})

test.each([0, 1])('of two at once one uses the plan, whoever is in between (%i plans used before)', (before) => {
  for (let between = 1; between <= 4; between++) {
    const machine = openMemoryMachine()
    for (let number = 1; number <= before; number++) usePlan(machine.open(), path, stamp(number))
    const uses: string[] = []
    let call = 0
    machine.beforeCall(() => {
      if (++call === between) uses.push(usePlan(machine.open(), path, stamp(7)))
    })
    uses.push(usePlan(machine.open(), path, stamp(7)))
    if (call >= between) expect(uses.sort(), `before operation ${between}`).toEqual(['unused', 'used'])
  }
})

test('killed before any operation, it never takes a used plan for unused', () => {
  const full = openMemoryMachine()
  for (let number = 1; number <= rememberedPlans; number++) usePlan(full.open(), path, stamp(number))
  const snapshot = full.snapshot()
  const last = stamp(rememberedPlans + 1)
  // What is done at the end is 512 times the same.
  for (let fatal = 1; ; fatal += fatal < 8 ? 1 : 37) {
    const machine = openMemoryMachine(snapshot)
    const kernel = machine.open()
    let call = 0
    machine.beforeCall(() => void (++call === fatal && kernel.kill()))
    const isDone = succeeds(() => usePlan(kernel, path, last))
    machine.beforeCall(undefined)
    const after = machine.open()
    for (let number = 1; number <= rememberedPlans; number += 100)
      expect(planUseOf(after, path, stamp(number)), `plan ${number}, killed at ${fatal}`).not.toBe('unused')
    if (isDone) break
    if (fatal % 5 === 0) expect(usePlan(after, path, last)).toBe('unused')
  }
})

const path = '/sys/fs/bpf/used'

function succeeds(act: () => unknown): boolean {
  try {
    act()
    return true
  } catch {
    return false
  }
}
