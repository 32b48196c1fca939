import { describe, expect, test } from 'vitest'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import type { Snapshot } from '../../src/kernel/memory/snapshot.ts'
import { KernelError } from '../../src/model/errors.ts'
import { type Scenario, scenarios } from '../crash/scenarios.ts'
import { act, beginning, countCalls, expectFinished, expectHeld, ownView } from '../crash/worlds.ts'

const refused = (operation: string): KernelError =>
  new KernelError(`cannot ${operation}: the test says so`, { code: 'K999', command: operation, errno: 'EIO' })

describe.each(scenarios)('$name', (scenario) => {
  test('any operation that fails once leaves the old state or the new one, and no descriptor open', async () => {
    const results = await failEverywhere(scenario, await beginning(scenario))
    expect(results).not.toContain('stale')
    expect(results).toContain(scenario.to ? 'nothing-changed' : 'incomplete')
  })
})

test('the same where bpffs cannot exchange, before Linux 5.16: what was renamed is renamed back', async () => {
  const [scenario] = scenarios.filter(({ name }) => name === 'pins elsewhere that move on')
  if (!scenario) throw new Error('the scenario has another name')
  const results = await failEverywhere(scenario, await beginning(scenario, { withoutExchange: true }))
  expect(results).toContain('rolled-back')
  expect(results).not.toContain('stale')
})

/** Lets each operation of a run fail in turn; how the runs ended. */
async function failEverywhere(scenario: Scenario, snapshot: Snapshot): Promise<readonly string[]> {
  const calls = await countCalls(snapshot, scenario)
  const results = new Set<string>()
  for (let failing = 1; failing <= calls; failing++) {
    const machine = openMemoryMachine(snapshot)
    const kernel = machine.open()
    const old = ownView(machine)
    let call = 0
    let at = ''
    machine.beforeCall((operation, target) => {
      expectHeld(machine, scenario, `${at}, then before ${operation}`)
      if (++call !== failing) return
      at = `failed at ${failing}: ${operation} ${target}`
      throw refused(operation)
    })
    const ended = await act(kernel, scenario).catch(() => undefined)
    machine.beforeCall(undefined)
    expectHeld(machine, scenario, at)
    expect(kernel.openDescriptors(), at).toBe(0)
    const result = ended?.outcome.result ?? 'thrown'
    results.add(result)
    if (result === 'nothing-changed' || result === 'rolled-back' || result === 'thrown')
      expect(ownView(machine), at).toEqual(old)
    else if (result === 'done') expectFinished(machine, scenario, at)
    else expect([at, ended?.outcome], at).toMatchObject([at, { result: 'incomplete' }])
    await act(kernel, scenario)
    expectFinished(machine, scenario, `after ${at}`)
  }
  return [...results]
}
